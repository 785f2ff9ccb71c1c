#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# case.sh BIN SOURCE SCRATCH: exported cases give the same refined network as
# their parameter files; what cannot be exported is among refusals.cc.
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh" "lsr refine" "$@"
export OMP_NUM_THREADS=1
prm=$source/applications/examples/poisson/poisson.prm
small=(--threads 1 --set "Mesh/Global refinements=3" --set LSR/Directions=150
  --set Output/VTU=false --set Output/Pictures=false)

# ------------------------------------------------------- the same network

# same NAME SETTING...: refined from the parameter file, and from NAME.h5.
same() {
  local name=$1 settings=() setting
  shift
  for setting in "$@"; do
    settings+=(--set "$setting")
  done
  "$bin/lsr" refine "$prm" "${small[@]}" "${settings[@]}" --set "Output/Folder=$name" >log 2>err ||
    { fail "$name: lsr refine"; cat err; return; }
  "$bin/lsr" refine "$prm" "${small[@]}" "${settings[@]}" --export-case "$name.h5" >log 2>err ||
    { fail "$name: not exported"; cat err; return; }
  reports "$name" "$name.h5" --threads 1 --output "$name.pt" --values "$name.csv" || return
  holds "$(value residual_refined) > 0 && $(value residual_refined) < 0.9 * $(value residual)" "$name"

  cut -d, -f1-2 "$name.csv" >nodes.csv
  "$bin/lsr" evaluate "$name/refined.pt" nodes.csv --threads 1 --output expected.csv 2>err &&
    "$bin/lsr" evaluate "$name.pt" nodes.csv --threads 1 --output found.csv 2>err ||
    { fail "$name: no predictions"; cat err; return; }
  paste -d, expected.csv found.csv | awk -F, -v name="$name" '
    function larger(a, b) { b = b < 0 ? -b : b; return a > b ? a : b }
    { size = larger(size, $3); difference = larger(difference, $3 - $6) }
    END {
      print name ": relative difference of the predictions " difference / size
      exit !(NR > 500 && size > 0.5 && difference <= 1e-9 * size)
    }' || fail "$name: another network"

  # Norms and ranks of both.
  awk -F, -v network="$(value residual)" -v refined="$(value residual_refined)" '
    function differ(a, b) { return (a - b) ^ 2 > 1e-8 ^ 2 * b ^ 2 }
    NR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; next }
    $1 == "network" { bad += differ($at["residual"], network) }
    $1 == "refined" { bad += differ($at["residual"], refined) }
    END { exit bad || NR < 3 }' "$name/comparison.csv" ||
    fail "$name: residuals $(value residual), $(value residual_refined) differ from $(cat "$name/comparison.csv")"
  grep -Eq "\"rank\": $(value rank),?$" "$name/report.json" || fail "$name: rank $(value rank)"
}

same dual
grep -q '"norm":"energy"' report.json || fail "no energy norm"
holds "$(value directions) == 150 && $(value parameters) == 83073 && $(value rows) == 1089" "dual"
# Dirichlet values are those of the constraints.
awk -F, '$1 == 0 && $3 != 0 { bad = 1 } END { exit bad }' dual.csv ||
  fail "the values do not obey the constraints"

same rsvd LSR/Subspace=rsvd LSR/Directions=100 LSR/Rank=80
holds "$(value rank) == 80" "the rank of the parameter file"
# Hanging nodes, and weighted rows of Dirichlet conditions.
same mass LSR/Norm=mass "Finite element/Strong Dirichlet conditions=false" \
  "Mesh/Adaptive refinements=1" "Mesh/Global refinements=2"
grep -q '"norm":"euclidean"' report.json || fail "no Euclidean norm"

# The command line goes before the file.
reports "options" dual.h5 --threads 1 --subspace parameters --directions 60 --seed 3 --rank 50 &&
  holds "$(value directions) == 60 && $(value rank) == 50" "options"
grep -q '"subspace":"parameters"' report.json || fail "the subspace of the command line"

# A nonlinear problem is linearized at the network.
"$bin/lsr" refine "$prm" "${small[@]}" --set LSR/Norm=mass --set Equation/Reaction=u^3 \
  --export-case nonlinear.h5 >log 2>err || { fail "nonlinear: not exported"; cat err; }
reports "nonlinear" nonlinear.h5 --threads 1 &&
  holds "$(value residual_refined) < 0.9 * $(value residual)" "nonlinear"

# ---------------------------------------------------------- two processes

if command -v mpirun >/dev/null; then
  mpirun=(mpirun -np 2)
  if mpirun --version 2>&1 | grep -q 'Open MPI\|OpenRTE'; then
    mpirun+=(--oversubscribe --allow-run-as-root --bind-to none)
  fi
  "${mpirun[@]}" "$bin/lsr" refine "$prm" "${small[@]}" --export-case refused.h5 >out 2>err &&
    fail "exported on two processes"
  grep -aqF "found 2 processes, expected one" err || fail "two processes: $(cat err)"
  [ ! -e refused.h5 ] || fail "a file of two processes"
fi

finish
