#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# family.sh BIN SOURCE SCRATCH: one correction of the shipped parametric network
# for all parameters, on a coarse mesh. Bad settings are those of refusals.cc.
set -euo pipefail
export LC_ALL=C
bin=$(cd "$1" && pwd) source=$(cd "$2" && pwd) scratch=$3
rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch"
folder=$source/applications/examples

refine() { # FOLDER SETTING...
  local settings=() setting
  for setting in "Mesh/Global refinements=1" "Finite element/Finite element degree=4" \
    "LSR/Directions=700" "Instances/Number=20" "Instances/Family/Alignment steps=0" \
    "Output/Pictures=false" "Output/Folder=$PWD/$1" "${@:2}"; do
    settings+=(--set "$setting")
  done
  ${launcher:-} "$bin/lsr" refine --threads 1 "$folder/diffusion-family/diffusion-family.prm" \
    "${settings[@]}" >"$1.log" 2>&1 || fail "$1: not refined" "$1.log"
}

fail() {
  echo "$1" >&2
  shift
  cat "$@" >&2
  exit 1
}

# mean FOLDER COLUMN: over the instances.
mean() {
  awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == name) at = i; next }
    { sum += $at; ++n } END { printf "%.6e", sum / n }' "$1/instances.csv"
}

holds() { # AWK-CONDITION WHAT FOLDER
  awk "BEGIN { exit !($1) }" || fail "$2: $1" "$3/instances.csv" "$3.log"
}

head -n 161 "$folder/diffusion-family/family.csv" >family.csv
family=("Instances/Family/File=$PWD/family.csv" "Instances/Family/Held out=40")
refine once "${family[@]}"
holds "$(mean once refined_error) < 0.75 * $(mean once network_error)" "unseen instances" once
grep -q '"held_out": 40' once/summary.json || fail "summary" once/summary.json
grep -q "^Results in .*: refined.pt instances.csv summary.json$" once.log || fail "files" once.log

# The one file is the refined network, for every other use.
refine again "${family[@]}" "Network/File=$PWD/once/refined.pt" "Instances/Number=3" \
  "LSR/Directions=50"
cmp <(cut -d, -f1-4,6 once/instances.csv | sed -n 2,4p) \
  <(cut -d, -f1-5 again/instances.csv | sed -n 2,4p) ||
  fail "refined.pt is another network" once/instances.csv again/instances.csv

# First some instances, then the worst of the others; steps on the parameters.
refine greedy "${family[@]}" "Instances/Family/At first=30" "Instances/Family/At most=120" \
  "Instances/Family/Alignment steps=3" "Instances/Family/Alignment directions=200" \
  "Instances/Family/Alignment instances=20"
[ "$(grep -cE "^  (30|60|120) members: rank" greedy.log)" = 3 ] || fail "rounds" greedy.log
holds "$(mean greedy refined_error) < $(mean once network_error)" "aligned and refined" greedy
[ -s greedy/aligned.pt ] || fail "no plain network" greedy.log

# Processes share the instances.
if command -v mpirun >/dev/null; then
  launcher="mpirun -np 2"
  if mpirun --version 2>&1 | grep -q 'Open MPI\|OpenRTE'; then
    launcher+=" --oversubscribe --allow-run-as-root --bind-to none"
  fi
  refine two "${family[@]}"
  holds "($(mean two refined_error) / $(mean once refined_error) - 1)^2 < 1e-6" \
    "two processes" two
fi
