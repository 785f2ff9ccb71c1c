#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# fit.sh BIN SOURCE SCRATCH: lsr fit and lsr evaluate with good data and with bad.
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh" "lsr fit" "$@"
model=$source/applications/examples/poisson/poisson.pt

# fit_data N_FIT N_TEST N_VALIDATION [GROUPS]: points of sin(4 pi x^2) sin(pi y),
# of which the shipped network knows 1.5 %.
fit_data() {
  awk -v n="$1" -v test="$2" -v validation="$3" -v groups="${4:-0}" '
    function random() { state = (1103515245 * state + 12345) % 2147483648; return state / 2147483648 }
    BEGIN {
      pi = atan2(0, -1); state = 1; OFMT = CONVFMT = "%.17g"
      for (i = 0; i < n + test + validation; ++i) {
        x = random(); y = random()
        part = i < n ? 0 : (i < n + test ? 1 : 2)
        print x "," y "," sin(4 * pi * x * x) * sin(pi * y) "," part (groups ? "," i % groups : "")
      }
    }'
}

fit_data 1500 500 0 >plenty.csv
fit_data 1500 500 300 >validated.csv
fit_data 1500 500 0 30 >grouped.csv

# ------------------------------------------------------------- good data

for subspace in structured rsvd nystrom parameters; do
  reports "$subspace" "$model" plenty.csv --subspace $subspace --directions 200 --precision mixed &&
    holds "$(value mse_test_refined) < 0.1 * $(value mse_test)" "$subspace"
  holds "$(value parameters) == 83073 && $(value rows) == 1500 && $(value chosen_rank) <= 200" "$subspace"
done

reports "validation" "$model" validated.csv --directions 200 &&
  holds "$(value mse_validation_refined) < 0.1 * $(value mse_validation)" "validation"
grep -q '"selected_by":"validation"' report.json || fail "validation is not used"
reports "groups" "$model" grouped.csv --group --directions 200
grep -q '"selected_by":"cross-validation"' report.json || fail "groups are not used"

# The predictions of the refined network, in both ways.
cut -d, -f1-2 plenty.csv >new.csv
reports "predictions" "$model" plenty.csv --directions 200 --output values.csv --profile profile.csv
reports "refined network" "$model" plenty.csv --directions 200 --output refined.pt
"$bin/lsr" evaluate refined.pt new.csv --output again.h5 2>err || fail "a refined network cannot be evaluated: $(cat err)"
"$bin/lsr" evaluate refined.pt new.csv --output again.csv 2>err || fail "a refined network cannot be evaluated: $(cat err)"
paste -d, values.csv again.csv | awk -F, '{ d = $3 - $6; if (d * d > 1e-24) bad = 1 } END { exit bad || NR != 2000 }' ||
  fail "the saved network predicts something else"
[ -s again.h5 ] || fail "no HDF5 predictions"
[ "$(wc -l <profile.csv)" -eq 202 ] || fail "the profile has not one line for each rank"

# -------------------------------------------------------------- bad input

refuses "MODEL is required" --
refuses "POINTS is required" -- "$model"
refuses "no_such.pt" -- no_such.pt plenty.csv
refuses "device abacus: auto, cpu or cuda expected" -- "$model" plenty.csv --device abacus
other=cuda
grep -q '"device":"cuda"' report.json && other=cpu
refuses "device $other" "built with a Kokkos" -- "$model" plenty.csv --device $other
refuses "no_such.csv" -- "$model" no_such.csv
refuses "plenty.csv" "not" -- plenty.csv plenty.csv
sed '7s/,.*//' plenty.csv >short_line.csv
refuses "short_line.csv, line 7" "4 columns expected" -- "$model" short_line.csv
sed '9s/^[^,]*/nan/' plenty.csv >nan.csv
refuses "nan.csv, line 9" "finite number" -- "$model" nan.csv
sed 's/0$/1/' plenty.csv >only_tests.csv
refuses "only_tests.csv" "nothing to fit" -- "$model" only_tests.csv
refuses "1 outputs, expected 2" -- "$model" plenty.csv --outputs 2
refuses "grouped.csv" "0 (fit), 1 (test)" -- "$model" grouped.csv
refuses "1501 directions for 1500 residual rows" -- "$model" plenty.csv --directions 1501
refuses "rank 300 exceeds" "200" -- "$model" plenty.csv --directions 200 --rank 300
refuses "--rank many" "whole number" -- "$model" plenty.csv --rank many
refuses "--tikhonov -1" -- "$model" plenty.csv --tikhonov=-1
refuses "--select best" "gcv" -- "$model" plenty.csv --select best
refuses "validation rows" "none" -- "$model" plenty.csv --select validation --directions 50
refuses "wonderful" "structured" -- "$model" plenty.csv --subspace wonderful
refuses "--precision float16" "mixed" -- "$model" plenty.csv --subspace rsvd --precision float16
refuses "plenty.csv" "folder" -- "$model" plenty.csv --output plenty.csv/refined.pt

program="lsr evaluate"
refuses "no_such.csv" -- refined.pt no_such.csv --output values2.csv
refuses "without a correction" -- "$model" new.csv --output values2.csv
refuses "--output FILE expected" -- refined.pt new.csv

# The command itself.
program=lsr
refuses "subcommand" --
refuses "refin" -- refin problem.prm
"$bin/lsr" --version >out 2>err || fail "no version"
for words in "dealii_lsr" "Kokkos" "LibTorch" "device"; do
  grep -q "$words" out || fail "the version lacks $words: $(cat out)"
done
finish
