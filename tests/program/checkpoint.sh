#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# checkpoint.sh BIN SOURCE SCRATCH: lsr refine, fit and evaluate make of a
# checkpoint with a layout what they make of the TorchScript of the same network.
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh" "lsr" "$@"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
cp "$source"/tests/network/checkpoints/{plain.pt,plain_checkpoint.pt,plain.safetensors,plain_flax.npz} .
cp "$source/applications/examples/poisson/poisson.prm" .

# ------------------------------------------------------------------- refine

cat >problem.prm <<'END'
include poisson.prm
subsection Network
  set File = plain_checkpoint.pt
  subsection Layout
    set Architecture = fully connected
    set Activation   = tanh
    set Output       = x*(1-x)*y*(1-y)*u
  end
end
END

refine() { # FOLDER FILE.prm OPTION...
  local folder=$1
  shift
  "$bin/lsr" refine "$@" --threads 1 --set "Output/Folder=$folder" --set Output/VTU=false \
    --set Output/Pictures=false --set "Mesh/Global refinements=2" --set LSR/Directions=40 \
    >"$folder.log" 2>&1 || { fail "refine $folder"; cat "$folder.log"; }
}

refine torchscript poisson.prm --set Network/File=plain.pt
for file in plain_checkpoint.pt plain.safetensors plain_flax.npz; do
  refine "$file.results" problem.prm --set "Network/File=$file" --set "Network/Layout/Output="
  cmp torchscript/comparison.csv "$file.results/comparison.csv" ||
    fail "$file is refined to something else"
done
refine boundary problem.prm
grep -q "layers" boundary.log || fail "no layers: $(cat boundary.log)"
program="lsr refine"
refuses "plain.safetensors" "linears.0.weight [9, 2]" "Network/Layout" -- \
  poisson.prm --set Network/File=plain.safetensors --set Output/Folder=torchscript
refuses "Activatio" -- problem.prm --set Network/Layout/Activatio=tanh

# ----------------------------------------------------------- fit, evaluate

awk 'BEGIN { srand(1); for (i = 0; i < 200; ++i) { x = rand(); y = rand()
  print x "," y "," x * y "," (i % 4 == 0) } }' >data.csv
cut -d, -f1-2 data.csv >points.csv
layout=(--layout "Architecture = fully connected" --layout Activation=tanh)
"$bin/lsr" fit plain.pt data.csv --directions 30 --threads 1 --output expected.csv >expected.json 2>err ||
  fail "fit of TorchScript: $(cat err)"
for file in plain_checkpoint.pt plain.safetensors plain_flax.npz; do
  "$bin/lsr" fit $file data.csv "${layout[@]}" --directions 30 --threads 1 --output predicted.csv \
    >report.json 2>err || fail "fit $file: $(cat err)"
  cmp expected.csv predicted.csv || fail "fit of $file predicts something else"
done
"$bin/lsr" evaluate plain.pt points.csv --threads 1 --output expected.csv 2>err ||
  fail "evaluate TorchScript: $(cat err)"
"$bin/lsr" evaluate plain.safetensors points.csv "${layout[@]}" --threads 1 --output values.csv 2>err ||
  fail "evaluate a checkpoint: $(cat err)"
cmp expected.csv values.csv || fail "a checkpoint has other values"
# What was refined needs no layout, and is evaluated with the same parameter file.
"$bin/lsr" evaluate boundary/refined.pt points.csv --threads 1 --output refined.csv 2>err ||
  fail "a refined checkpoint cannot be evaluated: $(cat err)"
"$bin/lsr" evaluate boundary/refined.pt problem.prm --threads 1 --output refined.vtu >out 2>err ||
  fail "a refined checkpoint cannot be evaluated on a mesh: $(cat err)"
program="lsr fit"
refuses "'Activations'" "Architecture" -- plain.safetensors data.csv --layout Activations=tanh
refuses "Name=value" -- plain.safetensors data.csv --layout tanh
refuses "expected no layout" -- plain.pt data.csv "${layout[@]}"
finish
