#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# approximation.sh BIN SOURCE SCRATCH: what lsr-approximation does, small, and
# what it refuses.
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh" lsr-approximation "$@"
points=(--train-points 500 --test-points 100 --threads 1)

works() {
  "$bin/lsr-approximation" "$@" "${points[@]}" >out 2>err || { fail "$*: exit status $?"; cat err; }
}

# entry FILE LINE COLUMN, lines counted below the titles
entry() { awk -F, -v line="$2" -v name="$3" '
  NR == 1 { for (i = 1; i <= NF; ++i) if ($i == name) column = i }
  NR == line + 1 { print $column }' "$1"; }

# ------------------------------------------------------------------- training

works train results --width 20 --depth 2 --epochs 6 --checkpoints 0,4,6
[ "$(ls results | tr '\n' ' ')" = "epoch-0.pt epoch-4.pt epoch-6.pt history.csv " ] ||
  fail "train left $(ls results)"
[ "$(wc -l <results/history.csv)" -eq 8 ] || fail "the history has not one line for each epoch"
holds "$(entry results/history.csv 7 train) < 0.9 * $(entry results/history.csv 1 train)" "training"
works train again --width 20 --depth 2 --epochs 6 --checkpoints 6
cmp -s <(cut -d, -f1,3,4 results/history.csv) <(cut -d, -f1,3,4 again/history.csv) ||
  fail "training is not reproducible"

# ----------------------------------------------------------------- refinement

for subspace in structured rsvd; do
  works refine $subspace.csv results/epoch-0.pt results/epoch-6.pt \
    --subspace $subspace --directions 150 --maps maps
  for line in 1 2; do
    holds "$(entry $subspace.csv $line test_refined) < 0.01 * $(entry $subspace.csv $line test)" "$subspace"
    holds "$(entry $subspace.csv $line lattice_refined) < 0.05 * $(entry $subspace.csv $line lattice)" "$subspace"
  done
done
# Checkpoints are what training says of them.
holds "($(entry structured.csv 2 test) / $(entry results/history.csv 7 test) - 1)^2 < 1e-12" "checkpoint"
[ "$(wc -l <maps/epoch-6-errors.csv)" -eq 10001 ] || fail "a map has not one line for each point"
awk -F, 'NR > 1 { sum += $4 * $4 } END { print "mean\n" sum / 10000 }' maps/epoch-6-errors.csv >mean
holds "(($(entry mean 1 mean)) / $(entry rsvd.csv 2 lattice_refined) - 1)^2 < 1e-6" "map"

# -------------------------------------------------------------------- solvers

direct=$(entry rsvd.csv 2 train_refined)
for method in adam lbfgs cgls lsqr; do
  works linearized $method.csv results/epoch-6.pt --method $method --iterations 30
  [ "$(grep -c '"train":' out)" -eq 1 ] || fail "$method: no report"
  holds "$(tail -1 $method.csv | cut -d, -f3) < $(entry $method.csv 1 train)" "$method"
  holds "$(tail -1 $method.csv | cut -d, -f3) > $direct" "$method"
  holds "($(sed -E 's/.*"train":([-0-9.e+]+).*/\1/' out) / $(tail -1 $method.csv | cut -d, -f3) - 1)^2 < 1e-8" \
    "$method, what it reports"
done

# Along the correction: the linearized network gets to the refined error, the
# network does not.
works line line.csv results/epoch-6.pt --directions 150
last=$(($(wc -l <line.csv) - 1))
holds "$(entry line.csv $last alpha) == 1" "line"
holds "($(entry line.csv $last linearized) / $(entry structured.csv 2 train_refined) - 1)^2 < 1e-6" "line"
holds "$(entry line.csv $last nonlinear) > 10 * $(entry line.csv $last linearized)" "line"
holds "($(entry line.csv 1 nonlinear) / $(entry structured.csv 2 train) - 1)^2 < 1e-6" "line"

# ------------------------------------------------------------------ bad input

network=results/epoch-6.pt
refuses "subcommand is required" --
refuses "--width" -- train new --width 0
refuses "points to train on" -- train new --train-points 1
refuses "history.csv" -- train results/history.csv/new
refuses "no_such.pt" -- refine new/table.csv $network no_such.pt
refuses "history.csv" -- refine table.csv results/history.csv
refuses "wonderful" "structured" -- refine table.csv $network --subspace wonderful
refuses "501 directions" -- refine table.csv $network --directions 501 "${points[@]}"
refuses "newton" "lsqr" -- linearized table.csv $network --method newton
refuses "--rate" -- linearized table.csv $network --method adam --rate -1
refuses "no_such.pt" -- line table.csv no_such.pt

finish
