#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# fit.sh BIN SOURCE SCRATCH: lsr fit and lsr evaluate with good data, and lsr
# without a subcommand; bad data are those of refusals.cc.
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh" "lsr fit" "$@"
model=$source/applications/examples/poisson/poisson.pt
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

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

# ------------------------------------------------------------- threads

# spins SETTING: how often a waiting thread of OpenMP looks before it sleeps, beside
# another program.
spins() {
  env -u GOMP_SPINCOUNT -u KMP_BLOCKTIME -u OMP_WAIT_POLICY -u OMP_NUM_THREADS "$@" \
    OMP_DISPLAY_ENV=verbose "$bin/lsr" --version 2>&1 |
    sed -n "s/.*GOMP_SPINCOUNT = '\(.*\)'/\1/p" | tail -n 1
}

timeout 60 sh -c 'while true; do :; done' &
busy=$!
[ "$(spins A=b)" = 1000 ] || fail "threads do not wait briefly: $(spins A=b)"
[ "$(spins OMP_WAIT_POLICY=passive)" = 0 ] || fail "OMP_WAIT_POLICY is not obeyed"
[ "$(spins GOMP_SPINCOUNT=7)" = 7 ] || fail "GOMP_SPINCOUNT is not obeyed"
[ "$(spins OMP_NUM_THREADS=1)" != 1000 ] || fail "a single thread waits for none"
kill $busy

# ------------------------------------------------------------- good data

for subspace in structured rsvd nystrom parameters; do
  reports "$subspace" "$model" --threads 1 plenty.csv --subspace $subspace --directions 200 --precision mixed &&
    holds "$(value mse_test_refined) < 0.1 * $(value mse_test)" "$subspace"
  holds "$(value parameters) == 83073 && $(value rows) == 1500 && $(value chosen_rank) <= 200" "$subspace"
done

reports "validation" "$model" --threads 1 validated.csv --directions 200 &&
  holds "$(value mse_validation_refined) < 0.1 * $(value mse_validation)" "validation"
grep -q '"selected_by":"validation"' report.json || fail "validation is not used"
reports "groups" "$model" --threads 1 grouped.csv --group --directions 200
grep -q '"selected_by":"cross-validation"' report.json || fail "groups are not used"

# The predictions of the refined network, in both ways.
cut -d, -f1-2 plenty.csv >new.csv
reports "predictions" "$model" --threads 1 plenty.csv --directions 200 --output values.csv --profile profile.csv
reports "refined network" "$model" --threads 1 plenty.csv --directions 200 --output refined.pt
"$bin/lsr" evaluate refined.pt new.csv --threads 1 --output again.csv 2>err || fail "a refined network cannot be evaluated: $(cat err)"
paste -d, values.csv again.csv | awk -F, '{ d = $3 - $6; if (d * d > 1e-24) bad = 1 } END { exit bad || NR != 2000 }' ||
  fail "the saved network predicts something else"
# What was written in another format has points that can be read again.
for file in again.h5 again.npz; do
  "$bin/lsr" evaluate refined.pt new.csv --threads 1 --output $file 2>err || fail "$file cannot be written: $(cat err)"
  "$bin/lsr" evaluate refined.pt $file --threads 1 --output twice.csv 2>err || fail "$file cannot be read: $(cat err)"
  cmp -s again.csv twice.csv || fail "$file has other points"
  grep -q "^$file: 2000 rows; columns points\[0\], points\[1\]; not used: targets; arrays points, targets$" err ||
    fail "$file is understood otherwise: $(cat err)"
done
"$bin/lsr" evaluate refined.pt new.csv --threads 1 --output again.npy 2>err || fail "again.npy cannot be written: $(cat err)"
"$bin/lsr" fit "$model" again.npy --threads 1 >out 2>err && fail "values are taken for sets"
grep -q "again.npy, row 1: 0 (fit), 1 (test) or 2 (validation) expected" err || fail "$(cat err)"

# Names of columns decide.
(echo "u;set;y;x" && awk -F, '{ print $3 ";" $4 ";" $2 ";" $1 }' plenty.csv) >named.csv
reports "names" "$model" --threads 1 named.csv --directions 200 --output named_values.csv
grep -q "^named.csv: 2000 rows; columns x, y | u | set; separator ';'; header in line 1$" err ||
  fail "named.csv is understood otherwise: $(cat err)"
cmp -s values.csv named_values.csv || fail "columns with names are something else"
[ "$(wc -l <profile.csv)" -eq 202 ] || fail "the profile has not one line for each rank"

# The command itself.
program=lsr
refuses "subcommand" --
refuses "refin" -- refin problem.prm
"$bin/lsr" --version >out 2>err || fail "no version"
for words in "dealii_lsr" "Kokkos" "LibTorch" "device"; do
  grep -q "$words" out || fail "the version lacks $words: $(cat out)"
done
finish
