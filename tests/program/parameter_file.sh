#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# parameter_file.sh BIN SOURCE SCRATCH: names of files in a parameter file are
# relative to it, from wherever the program is started; a parameter file of
# release 0.1 gets a message with the new name; a refined network can be
# evaluated on a mesh.
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh" "lsr refine" "$@"
export OMP_NUM_THREADS=1

mkdir -p problem/parts/more elsewhere
cat >problem/square.inp <<END
4 1 0 0 0
1 0 0 0
2 1 0 0
3 1 1 0
4 0 1 0
1 0 quad 1 2 3 4
END
cat >problem/problem.prm <<END
include parts/equation.prm
subsection Mesh
  set Mesh file          = square.inp
  set Global refinements = 3
end
subsection Network
  set File = $(realpath --relative-to=problem "$source/applications/examples/poisson/poisson.pt")
end
subsection LSR
  set Directions = 60
end
subsection Output
  set Folder   = results
  set Pictures = false
end
END
echo "include more/exact.prm" >problem/parts/equation.prm
cat >problem/parts/more/exact.prm <<END
subsection Equation
  set Exact solution       = sin(4*pi*x^2) * sin(pi*y)
  set Right hand side      = manufactured
  set Dirichlet conditions = all: manufactured
end
END

(cd elsewhere && "$bin/lsr" refine ../problem/problem.prm >out 2>err) || fail "not refined: $(cat elsewhere/err)"
[ -s elsewhere/results/refined.pt ] || fail "no results where the program was started"

# The same error on the mesh as in the report.
(cd elsewhere && "$bin/lsr" evaluate results/refined.pt ../problem/problem.prm >out 2>err) ||
  fail "not evaluated: $(cat elsewhere/err)"
[ -s elsewhere/results/evaluated.vtu ] || fail "no field"
error=$(awk '/L2 error, refined/ { print $NF }' elsewhere/out)
reported=$(awk -F, '$1 == "refined" { print $2 }' elsewhere/results/comparison.csv)
holds "($error - $reported) ^ 2 <= (1e-4 * $reported) ^ 2 && $reported > 0" "error of the evaluated network"

# Lines are those of the file that they stand in.
echo "include missing.prm" >problem/includes.prm
refuses "problem/includes.prm, line 1" "problem/missing.prm" -- problem/includes.prm
printf 'subsection Equation\n  set Colour = red\nend\n' >problem/parts/more/colour.prm
printf '\n\ninclude parts/more/colour.prm\n' >problem/colour.prm
refuses "Line <2>" "problem/parts/more/colour.prm" "Colour" -- problem/colour.prm
echo "include itself.prm" >problem/itself.prm
refuses "problem/itself.prm" "includes itself" -- problem/itself.prm

# Release 0.1.
printf 'set Dimension = 2\nsubsection Refinement\nend\n' >problem/old.prm
refuses "problem/old.prm, line 2" "found section Refinement, expected LSR" -- problem/old.prm
refuses "'Refinement'" "LSR" -- problem/problem.prm --set Refinement/Rank=3
program="lsr evaluate" refuses "--output FILE expected" -- elsewhere/results/refined.pt problem/square.csv

finish
