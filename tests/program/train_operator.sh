#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# train_operator.sh BIN SOURCE SCRATCH: what lsr-train-operator writes, and what
# it refuses.
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh" lsr-train-operator "$@"

# Few small steps: networks, and a history with a line for every report.
small=(--iterations 6 --functions 3 --points 8 --report-every 3)
for equation in antiderivative burgers; do
  "$bin/lsr-train-operator" $equation $equation "${small[@]}" >log || fail "$equation: exit status $?"
  [ "$(ls $equation | tr '\n' ' ')" = "branch.pt history.csv trunk.pt " ] || fail "$equation: wrong files"
  [ "$(cut -d, -f1 $equation/history.csv | tr '\n' ' ')" = "iteration 3 6 " ] || fail "$equation: wrong history"
  for file in branch trunk; do
    [ "$(wc -c <$equation/$file.pt)" -lt 1048576 ] || fail "$equation/$file.pt has more than 1 MB"
  done
done

# The same seed, the same losses and errors; another seed, others.
"$bin/lsr-train-operator" antiderivative again "${small[@]}" >log
"$bin/lsr-train-operator" antiderivative other "${small[@]}" --seed 1 >log
without_time() { cut -d, -f1,3,4 "$1/history.csv"; }
[ "$(without_time again)" = "$(without_time antiderivative)" ] || fail "the same seed makes another history"
[ "$(without_time other)" != "$(without_time antiderivative)" ] || fail "another seed makes the same history"

refuses "heat" -- heat bad
refuses "FOLDER" -- burgers
refuses "--iterations" -- burgers bad --iterations 0
refuses "--learning-rate" -- burgers bad --learning-rate fast
refuses "--functions" -- burgers bad --functions -1
"$bin/lsr-train-operator" advection bad --iterations 50 --functions 2 --points 4 --learning-rate 1e200 >out 2>err &&
  fail "steps that are too large are accepted"
grep -qF "not finite" err || fail "no word of a loss that is not finite: $(cat err)"
[ -z "$(find bad -type f)" ] || fail "too large steps leave a file behind"
touch file
refuses "file" -- burgers file/below "${small[@]}"

finish
