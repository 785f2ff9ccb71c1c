#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# operator.sh BIN SOURCE SCRATCH: what lsr-operator does with good input and with bad.
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh" lsr-operator "$@"
networks=$source/applications/studies/data-driven-operators/networks
few=(--fit 30 --validation 10 --test 10)

# The networks of the repository become no worse on functions that they have not seen, and the best
# of them better.
for network in "$networks"/*.pt; do
  name=$(basename "$network" .pt)
  reports "$name" refine "$network" "$name" --directions 40 --no-damping "${few[@]}"
  case $name in
    *tanh_sin) holds "$(value mean_factor) > 1.02" "$name" ;;
    *) holds "$(value mean_factor) > 0.9" "$name" ;;
  esac
  [ "$(wc -l <"$name-pairs.csv")" -eq 11 ] || fail "$name: not one line for each function"
done
[ "$(ls "$networks"/*.pt | wc -l)" -eq 6 ] || fail "not six networks"

# The data are those of lsr fit.
reports "training" train trained.pt --epochs 3 "${few[@]}"
"$bin/lsr-operator" data data.h5 "${few[@]}" >out 2>err || fail "data: $(cat err)"
"$bin/lsr" fit trained.pt data.h5 --group --directions 60 >report.json 2>err || fail "lsr fit: $(cat err)"
holds "$(value rows) == 30 * 128" "lsr fit"
holds "$(value relative_l2_test_refined) < $(value relative_l2_test)" "lsr fit"

refuses "subcommand" --
refuses "OUTPUT is required" -- train
refuses "sigmoid" -- train new.pt --activation sigmoid "${few[@]}"
refuses "wavelet" -- train new.pt --network wavelet "${few[@]}"
refuses "rough" -- train new.pt --field rough
refuses "tau^2" -- data new.h5 --tau2 0
refuses "--fit" -- data new.h5 --fit 0
refuses "no_such.pt" -- refine no_such.pt new "${few[@]}"
refuses "129 coordinates" -- refine "$source/applications/examples/poisson/poisson.pt" new "${few[@]}"
refuses "wonderful" -- refine trained.pt new --subspace wonderful "${few[@]}"
refuses "6000 directions for 3840 rows" -- refine trained.pt new --directions 6000 "${few[@]}"
refuses "data.h5" -- refine trained.pt data.h5/new "${few[@]}"

finish
