#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# further_away.sh BIN SOURCE SCRATCH: a smaller residual that leads away from the
# solution, and a fit that leads away from points that it does not know, are
# not passed over in silence.
. "$(dirname "$0")/checks.sh" "lsr refine" "$1" "$2" "$3"
model=$source/applications/examples/poisson/poisson.pt
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# Few directions in the Euclidean norm of assembled rows, and enough in the energy.
warning="warning: the refined field is further from the finite-element solution"
refine() { # NORM DIRECTIONS
  "$bin/lsr" refine "$source/applications/examples/poisson/poisson.prm" --set "Output/Folder=$1" \
    --set Output/Pictures=false --set "Mesh/Global refinements=3" --set LSR/Directions="$2" --set LSR/Norm="$1" >out 2>err ||
    fail "$1: $(cat err)"
}
refine l2 60
grep -q "$warning .*Expected more LSR/Directions, LSR/Norm = dual" out || fail "no warning: $(cat out)"
refine dual 300
! grep -q "$warning" out || fail "a warning: $(cat out)"

# 60 directions through 60 points, and what is between these.
awk 'BEGIN {
  pi = atan2(0, -1)
  for (i = 0; i < 120; ++i) {
    x = (i * 37 % 120) / 120; y = (i * 53 % 113) / 113
    print x "," y "," sin(4 * pi * x * x) * sin(pi * y) "," (i < 60 ? 0 : 1)
  }
}' >few.csv
program="lsr fit"
warning="warning: on the test rows the refined network has the larger error"
reports "every direction" "$model" few.csv --directions 60 --rank 60 --tikhonov 0
grep -q "$warning" err && holds "$(value mse_test_refined) > $(value mse_test)" "worse" || fail "no warning: $(cat err)"
reports "chosen directions" "$model" few.csv --directions 60
! grep -q "$warning" err && holds "$(value mse_test_refined) <= $(value mse_test)" "not worse" ||
  fail "a warning: $(cat err)"
finish
