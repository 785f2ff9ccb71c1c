#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# train_operator.sh BIN SOURCE SCRATCH: what lsr-train-operator writes, and what
# it refuses.
set -uo pipefail
bin=$(cd "$1" && pwd)
rm -rf "$3"
mkdir -p "$3" && cd "$3" || exit 1
export LC_ALL=C
failures=0

fail() {
  echo "FAILED $*"
  failures=$((failures + 1))
}

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

# refuses WHAT WORD ARGUMENTS...: one line with the word, and no file.
refuses() {
  local what=$1 word=$2
  shift 2
  if "$bin/lsr-train-operator" "$@" >out 2>err; then fail "$what is accepted"; fi
  [ "$(wc -l <err)" -eq 1 ] || { fail "$what: the message is not one line"; cat err; }
  grep -qF -- "$word" err || { fail "$what: no '$word' in the message"; cat err; }
  [ -z "$(find . -path "./bad*" -type f)" ] || fail "$what leaves a file behind"
}

refuses "an unknown equation" "heat" heat bad
refuses "a missing folder" "FOLDER" burgers
refuses "no iterations" "--iterations" burgers bad --iterations 0
refuses "a learning rate that is no number" "--learning-rate" burgers bad --learning-rate fast
refuses "no functions" "--functions" burgers bad --functions -1
refuses "too large steps" "not finite" advection bad/never --iterations 50 --functions 2 --points 4 --learning-rate 1e200
touch file
refuses "a file in the place of the folder" "file" burgers file/below "${small[@]}"

[ $failures -eq 0 ] && echo "all as expected"
exit $failures
