#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# operator.sh BIN SOURCE SCRATCH: what lsr-operator does with good input and with bad.
set -uo pipefail
bin=$(cd "$1" && pwd) source=$(cd "$2" && pwd)
rm -rf "$3"
mkdir -p "$3" && cd "$3" || exit 1
networks=$source/applications/data-driven-operators/networks
few=(--fit 40 --validation 10 --test 10)
export LC_ALL=C
failures=0

fail() {
  echo "FAILED $*"
  failures=$((failures + 1))
}

# The number under a key of the report (of the first of that name).
value() { sed -E "s/.*\"$1\":([-0-9.e+]+).*/\1/" report.json; }

# holds "AWK CONDITION" WHAT
holds() { awk "BEGIN { exit !($1) }" || fail "$2: $1"; }

# does WHAT ARGUMENTS...: lsr-operator leaves report.json.
does() {
  local what=$1
  shift
  "$bin/lsr-operator" "$@" "${few[@]}" >report.json 2>err || { fail "$what: exit status $?"; cat err; }
}

# The networks of the repository improve on functions that they have not seen.
for network in "$networks"/*.pt; do
  name=$(basename "$network" .pt)
  does "$name" refine "$network" "$name" --directions 60 --no-damping
  holds "$(value mean_factor) > 1" "$name"
  [ "$(wc -l <"$name-pairs.csv")" -eq 11 ] || fail "$name: not one line for each function"
done
[ "$(ls "$networks"/*.pt | wc -l)" -eq 6 ] || fail "not six networks"

# The data are those of lsr-fit.
does "training" train trained.pt --epochs 3
does "data" data data.h5
"$bin/lsr-fit" trained.pt data.h5 --group --directions 60 >report.json 2>err || fail "lsr-fit: $(cat err)"
holds "$(value rows) == 40 * 128" "lsr-fit"
holds "$(value relative_l2_test_refined) < $(value relative_l2_test)" "lsr-fit"

# refuses WORD ARGUMENTS...: one message with the word, exit status 1, nothing written.
refuses() {
  local word=$1 before
  shift
  before=$(ls)
  "$bin/lsr-operator" "$@" >out 2>err
  [ $? -eq 1 ] || fail "not refused: $*"
  [ ! -s out ] || fail "a report in spite of an error: $*"
  [ "$(grep -c 'lsr-operator: error: ' err)" -eq 1 ] || fail "no message: $*"
  grep -qF -e "$word" err || fail "the message lacks '$word': $* ($(cat err))"
  [ "$before" = "$(ls)" ] || fail "something is left behind: $*"
}
touch out err

refuses "subcommand"
refuses "OUTPUT is required" train
refuses "sigmoid" train new.pt --activation sigmoid "${few[@]}"
refuses "wavelet" train new.pt --network wavelet "${few[@]}"
refuses "rough" train new.pt --field rough
refuses "tau^2" data new.h5 --tau2 0
refuses "--fit" data new.h5 --fit 0
refuses "no_such.pt" refine no_such.pt new "${few[@]}"
refuses "2 inputs" refine "$source/applications/poisson/poisson.pt" new "${few[@]}"
refuses "wonderful" refine trained.pt new --subspace wonderful "${few[@]}"
refuses "6000 directions for 5120 rows" refine trained.pt new --directions 6000 "${few[@]}"
refuses "data.h5" refine trained.pt data.h5/new "${few[@]}"

[ $failures -eq 0 ] && echo "all passed"
