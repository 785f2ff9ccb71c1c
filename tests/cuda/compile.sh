#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# The sources for CUDA compile and link with nvcc, and run where there is a GPU.
# Exit status 77 if there is no nvcc.
set -euo pipefail
repository=$1 scratch=$2

nvcc=${CUDACXX:-$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)}
if [ ! -x "$nvcc" ]; then
  echo "skipped: no nvcc, which is in the CUDA toolkit"
  exit 77
fi

rm -rf "$scratch"
mkdir -p "$scratch"
"$nvcc" -std=c++17 --Werror all-warnings -Xcompiler -Wall,-Wextra,-Werror \
  -I"$repository/include" -I"$repository/source" \
  "$repository"/source/dense/cuda_*.cc "$repository/tests/cuda/cuda_solver.cc" \
  -lcusolver -o "$scratch/cuda_solver"
"$scratch/cuda_solver"
