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

refuses "fails for a sample of sizes [1, 1, 65]" -- "${small[@]}" --set Network/Grid/Points=65
refuses "Network/Grid/Inputs and Network/Grid/File are empty" -- "${small[@]}" --set Network/Grid/Inputs=
refuses "fails for a sample of sizes [1, 1, 64, 64, 2]" -- "${small[@]}" --set "Network/Grid/Points=64, 64, 2"
finish
