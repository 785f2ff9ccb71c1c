#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# finer_mesh.sh BIN SOURCE SCRATCH: refines on one mesh and compares on a finer
# one: there, too, the refined network is much better than the network, though
# not as good as at the nodes it was refined at, and the finite-element solution
# is that of the finer mesh.
. "$(dirname "$0")/checks.sh" "lsr refine" "$1" "$2" "$3"

refine() { # FOLDER OPTION...
  folder=$1
  shift
  "$bin/lsr" refine "$source/applications/examples/poisson/poisson.prm" --threads 1 \
    --set "Output/Folder=$folder" --set Output/VTU=false --set Output/Pictures=false \
    --set "Mesh/Global refinements=4" --set LSR/Directions=300 "$@" >"$folder.log" ||
    fail "refine $folder"
}

# The L2 error in the row of FIELD.
error() { # FOLDER FIELD
  awk -F, -v field="$2" '
    NR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i; next }
    $1 == field { print $(column["L2"]) }' "$1/comparison.csv"
}

refine same
refine finer --set "Output/Further refinements=1"
grep -q "1024 cells" finer.log || fail "the comparison is not on 1024 cells"

network=$(error finer network) refined=$(error finer refined) fem=$(error finer "finite elements")
holds "$refined < $network / 5" "better than the network between the nodes"
holds "$refined > $fem" "no better than finite elements on the finer mesh"
holds "$fem < $(error same "finite elements") / 10" "a finer mesh for the finite elements"
grep -q "^finite elements,.*,$" finer/comparison.csv ||
  fail "a residual of the finer mesh's finite elements on the coarser mesh"

finish
