#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# meshes.sh BIN SOURCE SCRATCH: lsr refine on meshes as people have them, in
# tests/program/meshes: results as good as on a mesh of deal.II's, or one
# message that says what to do.
. "$(dirname "$0")/checks.sh" "lsr refine" "$1" "$2" "$3"

cp "$source"/tests/program/meshes/* .

# good FILE CELLS [WORDS]: finite elements and the refined network are as good
# as they can be, on so many cells; the words are in what is printed.
good() {
  "$bin/lsr" refine mesh.prm --threads 1 --set "Mesh/Mesh file=$1" >"$1.log" 2>&1 ||
    { fail "$1: $(tail -3 "$1.log")"; return; }
  grep -q " $2 cells" "$1.log" || fail "$1: not $2 cells"
  local csv=results/mesh-case/comparison.csv
  holds "$(awk -F, '$1 == "finite elements" { print $2 }' $csv) < 5e-4" "$1: finite elements"
  holds "$(awk -F, '$1 == "refined" { r = $2 } $1 == "network" { n = $2 } END { print r "/" n }' $csv) < 0.5" \
    "$1: refined"
  [ $# -lt 3 ] || grep -qF -e "$3" "$1.log" || fail "$1: no word of $3"
}

good q22.msh 144
good Q.MSH 144
good triangles.msh 288
good mixed.msh 288 "divided into triangles"
good quad9.msh 144
good partial-ids.msh 144
! grep -q Natural partial-ids.msh.log || fail "a condition for all ids leaves none natural"

# Sides without a condition of their own, and blocks that do not share nodes.
"$bin/lsr" refine mesh.prm --set "Mesh/Mesh file=partial-ids.msh" \
  --set "Equation/Dirichlet conditions=1: 0" >out 2>&1 || fail "partial-ids.msh with one condition"
grep -q "Natural boundary.*: boundary ids 0" out || fail "no word on natural boundaries"
"$bin/lsr" refine mesh.prm --set "Mesh/Mesh file=q22-duplicate-nodes.msh" >out 2>&1 ||
  fail "q22-duplicate-nodes.msh"
grep -q "Warning: 7 nodes lie where another one does" out || fail "no warning of duplicate nodes"
sed -i 's/^subsection Mesh/&\n  set Merge nodes = true/' mesh.prm
good q22-duplicate-nodes.msh 144 "were merged"

refuses "xz.msh" "x-z plane" -- mesh.prm --set "Mesh/Mesh file=xz.msh"
refuses "degree is 3" "triangles" -- mesh.prm --set "Mesh/Mesh file=triangles.msh" \
  --set "Finite element/Finite element degree=3"

finish
