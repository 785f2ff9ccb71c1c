#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# grid.sh BIN SOURCE SCRATCH: lsr refine with a network on a grid, the Fourier
# neural operator of the examples, on its own mesh and on another one.
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh" "lsr refine" "$@"
problem=$source/applications/examples/darcy-fno/darcy-fno.prm
small=("$problem" --threads 1 --set Instances/Number=1 --set LSR/Directions=120
  --set Output/Pictures=false --set Output/Folder=results)

# better FACTOR WHAT OPTIONS...: the refined field is so much closer to the
# finite-element solution.
better() {
  local factor=$1 what=$2
  shift 2
  "$bin/lsr" refine "${small[@]}" "$@" >out 2>&1 || { fail "$what: exit status $?"; cat out; return; }
  holds "$(awk -F, 'NR == 2 { print $2 " * '"$factor"' < " $1 }' results/instances.csv)" "$what"
}

better 2.5 "the mesh of the grid"
better 1.5 "another mesh" --set "Mesh/Global refinements=5" --set "Finite element/Finite element degree=3" \
  --set LSR/Directions=80

# ones SHAPE: 65 x 65 ones as numpy.save writes them.
ones() {
  printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "{'descr': '<f8', 'fortran_order': False, 'shape': $1, }"
  for ((i = 0; i < 65 * 65; ++i)); do printf '\x00\x00\x00\x00\x00\x00\xf0\x3f'; done
}
ones "(1, 65, 65)" >ones.npy
ones "(1, 325, 13)" >long.npy
for input in Inputs=1 "File=$PWD/ones.npy"; do
  "$bin/lsr" refine "${small[@]}" --set LSR/Directions=20 --set Network/Grid/Inputs= \
    --set "Network/Grid/$input" >out 2>&1 || { fail "$input: exit status $?"; cat out; }
  cut -d, -f1,2 results/instances.csv >"${input%%=*}.csv"
done
cmp Inputs.csv File.csv || fail "the same input by an expression and from a file"

refuses "long.npy: an array 1 x 325 x 13, expected 1 x 65 x 65" -- "${small[@]}" \
  --set Network/Grid/Inputs= --set "Network/Grid/File=$PWD/long.npy"
refuses "fails for a sample of sizes [1, 1, 65]" -- "${small[@]}" --set Network/Grid/Points=65
refuses "Network/Grid/Inputs and Network/Grid/File are empty" -- "${small[@]}" --set Network/Grid/Inputs=
refuses "Network/Grid/Placement has 3 entries, expected one for each of the 2 dimensions" -- "${small[@]}" \
  --set "Network/Grid/Placement=periodic, vertices, vertices"
refuses "fails for a sample of sizes [1, 1, 64, 64, 2]" -- "${small[@]}" --set "Network/Grid/Points=64, 64, 2"
finish
