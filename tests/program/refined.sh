#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# refined.sh BIN SOURCE SCRATCH: a refined network is a network like any other
# for every subcommand: it is refined again, fitted, iterated from, exported and
# evaluated; its file is pinned by its checksum.
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh" "lsr refine" "$@"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
prm=$source/applications/examples/poisson/poisson.prm

# refine FOLDER NETWORK OPTION...
refine() {
  local folder=$1 network=$2
  shift 2
  "$bin/lsr" refine "$prm" --threads 1 --set "Network/File=$network" --set "Output/Folder=$folder" \
    --set Output/VTU=false --set Output/Pictures=false --set "Mesh/Global refinements=3" \
    --set LSR/Directions=150 "$@" >"$folder.log" 2>err || { fail "$folder"; cat err; }
}

# entry FOLDER FIELD COLUMN of comparison.csv
entry() {
  awk -F, -v field="$2" -v name="$3" '
    NR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i; next }
    $1 == field { print $(column[name]) }' "$1/comparison.csv"
}

# same A B WHAT
same() { holds "($1 - $2) ^ 2 <= (1e-8 * $2) ^ 2 && $2 > 0" "$3"; }

network=$(realpath "$source/applications/examples/poisson/poisson.pt")
once=$PWD/once/refined.pt twice=$PWD/twice/refined.pt
refine once "$network"
refine again "$once"
refine twice "$once" --set LSR/Seed=7

# What was refined is the network now.
for folder in again twice; do
  for column in L2 residual; do
    same "$(entry $folder network $column)" "$(entry once refined $column)" "$folder: $column of the network"
  done
  holds "$(entry $folder refined residual) <= $(entry once refined residual)" "$folder: the residual"
done
# The same directions have nothing to add; others have.
holds "$(entry again refined residual) > 0.99 * $(entry once refined residual)" "the same directions"
holds "$(entry twice refined residual) < 0.9 * $(entry once refined residual)" "other directions"

# evaluate NETWORK: errors on the mesh.
evaluate() {
  "$bin/lsr" evaluate "$1" "$prm" --threads 1 --set "Mesh/Global refinements=3" \
    --output evaluated.vtu >out 2>err || { fail "evaluate $1"; cat err; }
}
evaluate "$twice"
error=$(awk '/L2 error, refined/ { print $NF }' out)
holds "($error - $(entry twice refined L2)) ^ 2 <= (1e-4 * $error) ^ 2 && $error > 0" "error of the twice refined network"
evaluate "$network"
grep -q "L2 error, network" out || fail "no error of the network"
! grep -q "L2 error, refined" out || fail "a refined network that there is not"

# Iterations from it, with a restart; the aligned network is there for others.
refine iterated "$once" --set Iterations/Number=2 --set "Iterations/Alignment steps=10"
refine iterated "$once" --set Iterations/Number=3 --set "Iterations/Alignment steps=10" --restart
same "$(awk -F, 'NR == 2 { print $3 }' iterated/history.csv)" "$(entry once refined residual)" "the start of the iterations"
[ "$(wc -l <iterated/history.csv)" -eq 4 ] || fail "not three iterations"
refine aligned "$PWD/iterated/aligned.pt"

# A case is exported with it.
refine exported "$once" --export-case "$PWD/once.h5" --set LSR/Seed=7
reports "case" once.h5 --threads 1 --output case.pt && {
  same "$(value residual)" "$(entry once refined residual)" "the residual of the case"
  same "$(value residual_refined)" "$(entry twice refined residual)" "the refined residual of the case"
}

# Data that it knows have no residual for it, and have one for the network.
awk 'BEGIN { for (i = 1; i < 30; ++i) for (j = 1; j < 30; ++j) print i / 30 "," j / 30 }' >points.csv
"$bin/lsr" evaluate "$once" points.csv --threads 1 --output values.csv 2>err || fail "not evaluated at points"
awk '{ print $0 "," (NR % 5 == 0) }' values.csv >known.csv # points to fit and to test
program="lsr fit"
reports "fit of itself" "$once" known.csv --threads 1 --directions 50 && {
  holds "$(value mse_fit) < 1e-24" "a fit of its own values"
}
reports "fit of the network" "$network" known.csv --threads 1 --directions 50 && {
  holds "$(value mse_fit) > 1e-8" "a fit of the network"
}
awk -F, '{ print $1 "," $2 "," $3 + 0.01 * $1 * $2 * (1 - $1) "," $4 }' known.csv >other.csv
reports "fit" "$once" other.csv --threads 1 --directions 150 --output fitted.pt
refined=$(value mse_fit_refined)
holds "$refined < 0.1 * $(value mse_fit)" "a fit of other values"
reports "fitted" fitted.pt other.csv --threads 1 --directions 50 && {
  same "$(value mse_fit)" "$refined" "the fitted network"
}

# Its checksum: in the report, and as a condition.
program="lsr refine"
sum=$(sha256sum "$once" | cut -d' ' -f1)
grep -q "\"network_sha256\": \"$sum\"" twice/report.json || fail "no checksum in the report"
refine pinned "$once" --set "Network/SHA-256=$sum"
refuses "poisson.pt" "$sum" "$(sha256sum "$network" | cut -d' ' -f1)" -- "$prm" --threads 1 \
  --set "Network/File=$network" --set "Output/Folder=once" --set "Network/SHA-256=$sum"

# PyTorch does not take it for the network.
if python3 -c "import torch" 2>/dev/null; then
  python3 -c "
import sys, torch
for load in torch.jit.load, torch.load:
    try:
        load(sys.argv[1])
    except RuntimeError:
        continue
    sys.exit(1)" "$once" || fail "PyTorch takes it for a network"
fi
finish
