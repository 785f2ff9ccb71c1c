#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# instances.sh BIN SOURCE SCRATCH: refines the shipped operator network on some
# random functions, by finite elements and in strong form, and checks that bad
# tables and networks are refused in one line.
set -euo pipefail
export LC_ALL=C
bin=$(cd "$1" && pwd) source=$(cd "$2" && pwd) scratch=$3
rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch"
folder=$source/applications/studies/physics-informed-operators

"$bin/lsr-random-functions" squared-exponential functions.csv --number 3 --seed 5
[ "$(wc -l <functions.csv)" -eq 4 ]
"$bin/lsr-random-functions" squared-exponential again.csv --number 3 --seed 5
cmp functions.csv again.csv

refine() { # SETTING...
  local settings=() setting
  for setting in "Instances/File=$PWD/functions.csv" "Output/Folder=$PWD/out" "$@"; do
    settings+=(--set "$setting")
  done
  "$bin/lsr-refine-instances" --threads 1 "$folder/antiderivative.prm" "${settings[@]}"
}

# Errors and losses of all instances fall by a factor.
expect_refined() { # RESIDUAL FACTOR
  refine "Study/Residual=$1" "Study/Collocation points=300" >"$1.log"
  awk -F, -v factor="$2" '
    NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; next }
    { ++n }
    $at["refined_error"] * factor > $at["network_error"] { bad = 1 }
    $at["refined_loss"] * factor * factor > $at["network_loss"] { bad = 1 }
    $at["fem_error"] > 1e-9 { bad = 1 }
    END { exit bad || n != 3 }' out/instances.csv ||
    { echo "$1: not refined" >&2; cat out/instances.csv >&2; exit 1; }
  [ "$(head -n 1 out/profile.csv)" = rank,loss,condition,coefficient_norm ]
}
expect_refined weak 10
expect_refined strong 10

# The program that is installed knows the weak residual, too.
rm -rf out
"$bin/lsr" refine --threads 1 "$folder/antiderivative.prm" --set "Instances/File=$PWD/functions.csv" \
  --set "Output/Folder=$PWD/out" >log
awk -F, 'NR > 1 && !($1 > 0 && $2 * 10 < $1) { bad = 1 } END { exit bad || NR != 4 }' out/instances.csv ||
  { echo "lsr refine: not refined" >&2; cat out/instances.csv >&2; exit 1; }
grep -q '"instances": 3' out/summary.json

# Nothing but one line, and no tables.
expect_refused() { # TEXT SETTING...
  rm -rf out
  local text=$1 status=0
  shift
  refine "$@" >log 2>errors || status=$?
  [ $status -ne 0 ] && grep -q -- "$text" errors && [ "$(wc -l <errors)" -eq 1 ] &&
    [ ! -e out/instances.csv ] ||
    { echo "expected '$text' for $*, found status $status:" >&2; cat errors >&2; exit 1; }
}
expect_refused "no such file" "Instances/File=$PWD/missing.csv"
printf 'input,other\nx,y\n' >other.csv
expect_refused "line 1: found 'other'" "Instances/File=$PWD/other.csv"
printf 'input\n' >empty.csv
expect_refused "no instances" "Instances/File=$PWD/empty.csv"
printf 'input\nx+\n' >malformed.csv
expect_refused "x+" "Instances/File=$PWD/malformed.csv"
expect_refused "has only 3" Instances/Number=4
expect_refused "branch.pt" Instances/Sensors=99
expect_refused "parameters, expected" "Training/Hidden layers=50, 50"
expect_refused "characteristics" Study/Reference=characteristics
