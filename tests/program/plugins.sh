#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# plugins.sh BIN SOURCE SCRATCH TEMPLATE REFUSED [STUDIES]: the equation of
# plugin/template, built in the folder TEMPLATE, is in the parameter template and
# brings an untrained network close to the finite-element solution; libraries
# that cannot be used, and those of tests/plugins in the folder REFUSED, get one
# line that says why. STUDIES is the folder of the studies' programs, if any.
. "$(dirname "$0")/checks.sh" "lsr refine" "$1" "$2" "$3"
template=$4 refused=$5
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

mkdir build
cp "$source/plugin/template/problem.prm" .
cp "$template/libnonlinear_elasticity.so" build
small=(--set "Mesh/Global refinements=2" --set "Training/Hidden layers=20, 20"
  --set "LSR/Directions=120" --set "Iterations/Number=2"
  --set "Output/Pictures=false")

# Name, description and section of the equation, and where it comes from.
"$bin/lsr" refine problem.prm --print-parameters >parameters 2>err || fail "parameters: $(cat err)"
for words in "set Name *= nonlinear elasticity" "neo-Hookean" "subsection Nonlinear elasticity" \
  "set Additional shared libraries *= build/libnonlinear_elasticity.so" "advection-diffusion-reaction"; do
  grep -q "$words" parameters || fail "the parameter template lacks '$words'"
done
! grep -q "set Diffusion" parameters || fail "the parameter template has those of another equation"

# Row and column of comparison.csv.
distance() { awk -F, -v row="$1" '$1 == row { print $5 }' results/comparison.csv; }
refines() {
  rm -rf results
  "$bin/lsr" refine "$2" "${small[@]}" "${@:3}" >out 2>err || fail "$1: $(cat err)"
  echo "$1: distance to finite elements: network $(distance network), refined $(distance refined)"
  holds "$(distance refined) > 0 && 10 * $(distance refined) <= $(distance network)" "$1"
}
refines "two dimensions" problem.prm
sed -e 's/\(Dimension *= \)2/\13/' -e 's/\(Displacements = 0: \)/\10, /' -e 's/\(Tractions *= 1: \)/\10, /' \
  problem.prm >problem-3d.prm
refines "three dimensions" problem-3d.prm --set "Mesh/Global refinements=1" \
  --set "Training/Hidden layers=30, 30" --set "LSR/Directions=240"
# From anywhere, and found as dlopen() finds libraries.
(cd / && "$bin/lsr" refine "$OLDPWD/problem.prm" --print-parameters >/dev/null) ||
  fail "not found relative to the parameter file"
LD_LIBRARY_PATH=$PWD/build "$bin/lsr" refine problem.prm --print-parameters \
  --set "Additional shared libraries=libnonlinear_elasticity.so" >/dev/null || fail "not found by the linker"
rm -r results

# A short training on the finite-element solution works for all components.
"$bin/lsr" train problem.prm "${small[@]}" --set Network/File=network.pt \
  --set Training/Epochs=20 >out 2>err || fail "training: $(cat err)"
[ -s network.pt ] || fail "no trained network"

library() { echo "Additional shared libraries=$1"; }
echo "This is no library." >text.so
refuses "there is no file '$PWD/build/absent.so'" -- problem.prm --set "$(library build/absent.so)"
refuses "there is no file '$PWD/libabsent.so'" "LD_LIBRARY_PATH" -- problem.prm --set "$(library libabsent.so)"
refuses "'$PWD/text.so' is not a shared library" -- problem.prm --set "$(library text.so)"
refuses "'$PWD/build' is not a shared library" -- problem.prm --set "$(library build)"
refuses "libmissing_symbol.so' uses 'defined_nowhere(double)'" "missing symbol" -- \
  problem.prm --set "$(library "$refused/libmissing_symbol.so")"
refuses "'equation of another version'" "libother_version.so" "dealii_lsr 99.9 and deal.II" "expected" -- \
  problem.prm --set "$(library "$refused/libother_version.so")"
refuses "'advection-diffusion-reaction'" "libtaken_name.so" "registered twice" -- \
  problem.prm --set "$(library "$refused/libtaken_name.so")"
refuses "'nonlinear elasticity'" "registered for 2 and 3 dimensions, but Dimension is 1" -- \
  problem.prm --set Dimension=1
refuses "Equation/Name is 'elasticity'" "'nonlinear elasticity'" "'advection-diffusion-reaction'" -- \
  problem.prm --set Equation/Name=elasticity
other="Equation/Name is 'nonlinear elasticity', expected 'advection-diffusion-reaction'"
if [ -n "${6:-}" ]; then
  bin=$6
  program=lsr-baseline refuses "$other" -- problem.prm --method lsr --budget 1
  program=lsr-refine-instances refuses "$other" -- problem.prm
fi
finish
