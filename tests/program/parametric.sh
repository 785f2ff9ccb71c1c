#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# parametric.sh BIN SOURCE SCRATCH: refines the shipped parametric networks for
# some instances on a coarse mesh, and trains a small one. Bad tables are those
# of refusals.cc.
set -euo pipefail
export LC_ALL=C
bin=$(cd "$1" && pwd) source=$(cd "$2" && pwd) scratch=$3
rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch"
folder=$source/applications/examples/parametric

refine() { # PROBLEM SETTING...
  local settings=() setting
  for setting in "Mesh/Global refinements=4" "LSR/Directions=200" "Instances/Number=3" \
    "Output/Pictures=false" "Output/Folder=$PWD/out" "${@:2}"; do
    settings+=(--set "$setting")
  done
  "$bin/lsr" refine --threads 1 "$folder/$1.prm" "${settings[@]}"
}

fail() {
  echo "$1" >&2
  shift
  cat "$@" >&2
  exit 1
}

# number KEY: out of the summary.
number() { sed -En "s/^ *\"$1\": ([-+.e0-9]+),?$/\1/p" out/summary.json; }

# All errors fall by a factor, and three lines are written.
expect_refined() { # FACTOR PROBLEM SETTING...
  rm -rf out
  local factor=$1
  shift
  refine "$@" >log || fail "$*: not refined" log
  awk -F, -v factor="$factor" '
    NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; next }
    { ++n }
    !($at["refined_error"] * factor < $at["network_error"]) { bad = 1 }
    !($at["seconds"] > 0) || !($at["fem_seconds"] > 0) { bad = 1 }
    END { exit bad || n != 3 }' out/instances.csv || fail "$*: errors" out/instances.csv
  [ "$(number instances)" = 3 ] && [ "$(number worse)" = 0 ] || fail "$*: summary" out/summary.json
}
expect_refined 10 diffusion
[ "$(number reduced_matrices)" = 3 ] || fail "one reduced matrix for each coefficient" log
[ ! -e out/instances.png ] || fail "pictures that nobody wants"
expect_refined 10 nonlinear "Output/Pictures=true"
[ -s out/instances.png ] || fail "no picture" log
grep -q "^Results in .*: instances.csv summary.json instances.png$" log || fail "files" log
[ "$(number reduced_matrices)" -gt 5 ] || fail "a reduced matrix for each linearization" log
expect_refined 10 diffusion "Instances/Test functions=all" "Instances/Reference=0, 0, 0.5, 0.5"

# Only the sources differ.
cat >sources.csv <<END
s1,s2,a1,a2
0.4,0.4,0.5,0.5
0.5,0.4,0.5,0.5
0.6,0.6,0.5,0.5
END
expect_refined 10 diffusion "Instances/File=$PWD/sources.csv"
[ "$(number reduced_matrices)" = 1 ] || fail "one reduced matrix for one coefficient" log

# An exact solution is known, and nothing is solved.
expect_without_solving() {
  rm -rf out
  refine diffusion "Equation/Exact solution=x*(1-x)*y*(1-y)*exp(a1*x)" \
    "Equation/Right hand side=manufactured" "Instances/Finite elements=false" >log
  awk -F, 'NR > 1 && !($5 > 0 && $6 > 0 && $8 == "nan" && $10 == "nan") { bad = 1 }
    END { exit bad || NR != 4 }' out/instances.csv || fail "exact solution" out/instances.csv
  grep -q '"break_even": null' out/summary.json || fail "nothing to compare with" out/summary.json
}
expect_without_solving

# Training: a network appears that can be refined.
printf 'k,c,s\n0.2,3,0.4\n0.9,12,0.6\n' >training.csv
"$bin/lsr" train --threads 1 "$folder/nonlinear.prm" \
  --set "Mesh/Global refinements=3" --set "Instances/Training file=$PWD/training.csv" \
  --set "Network/File=$PWD/small.pt" --set "Training/Hidden layers=16, 16" \
  --set "Training/Epochs=2" >log
grep -q "Training on 578 points" log || fail "training" log
rm -rf out
refine nonlinear "Network/File=$PWD/small.pt" "Mesh/Global refinements=3" \
  "LSR/Directions=100" >log || fail "the trained network is not refined" log
