#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# classify.sh BIN SOURCE SCRATCH: what lsr-classify does with digits, its own and
# those of files, and with bad input.
set -uo pipefail
bin=$(cd "$1" && pwd)
rm -rf "$3"
mkdir -p "$3" && cd "$3" || exit 1
export LC_ALL=C OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
failures=0

fail() {
  echo "FAILED $*"
  failures=$((failures + 1))
}

# The number under a key of the report.
value() { sed -E "s/.*\"$1\":([-0-9.e+]+).*/\1/" report.json; }

# holds "AWK CONDITION" WHAT
holds() { awk "BEGIN { exit !($1) }" || fail "$2: $1"; }

# classifies WHAT ARGUMENTS...: lsr-classify leaves report.json.
classifies() {
  local what=$1
  shift
  "$bin/lsr-classify" --threads 1 "$@" >report.json 2>err || { fail "$what: exit status $?"; cat err; return 1; }
  [ "$(wc -l <report.json)" -eq 1 ] || fail "$what: the report is not one line"
}

small=(--images 600 --validation 100 --test-images 200)

# ---------------------------------------------------------- rendered digits

for activation in relu gelu; do
  classifies $activation "${small[@]}" --linear-layers --subspace landmark --directions 200 \
    --activation $activation --ranks ranks.csv --samples samples.csv
  holds "$(value accuracy_network) < 0.3 && $(value accuracy) > 0.5" $activation
  holds "$(value rows) == 5000 && $(value parameters) == 119530 && $(value chosen_rank) <= $(value numerical_rank)" $activation
done
grep -q '"set":"rendered digits"' report.json || fail "the report does not say which set"
# The loss on fitted rows falls with the rank; rank 0 is the network.
awk -F, 'NR == 2 { first = $4; ok = $1 == 0 } NR > 2 && $2 > last * (1 + 1e-12) { ok = 0 } { last = $2 }
  END { exit !(ok && NR > 10) }' ranks.csv || fail "the loss rises with the rank"
[ "$(wc -l <samples.csv)" -eq $((10 * 24 * 784 + 1)) ] || fail "the samples are not 240 images"

cp report.json first.json
cp ranks.csv first.csv
classifies "again" "${small[@]}" --linear-layers --subspace landmark --directions 200 --activation gelu --ranks ranks.csv
cmp -s ranks.csv first.csv || fail "the second time gives something else"

for subspace in parameters structured rsvd landmark; do
  classifies $subspace --images 60 --validation 10 --test-images 20 --subspace $subspace --directions 10
  holds "$(value loss) < 0.1 && $(value rank) == 10" $subspace
done

# ------------------------------------------------------------ files of MNIST

# Ten classes of images: a bright row for each digit, with noise.
write_mnist() {
  python3 - "$1" <<'PYTHON'
import os, random, struct, sys
random.seed(1)
os.makedirs(sys.argv[1])
for part, n in ("train", 300), ("t10k", 60):
    labels = bytes(i % 10 for i in range(n))
    pixels = bytes(random.randrange(60) + (180 if 2 * d < p // 28 < 2 * d + 4 else 0)
                   for d in labels for p in range(784))
    with open(f"{sys.argv[1]}/{part}-images-idx3-ubyte", "wb") as file:
        file.write(struct.pack(">IIII", 0x803, n, 28, 28) + pixels)
    with open(f"{sys.argv[1]}/{part}-labels-idx1-ubyte", "wb") as file:
        file.write(struct.pack(">II", 0x801, n) + labels)
PYTHON
}
write_mnist mnist
files=(--mnist mnist --images 300 --validation 50 --test-images 60)
classifies "MNIST files" "${files[@]}" --linear-layers --subspace landmark --directions 200
holds "$(value accuracy) > 0.9" "MNIST files"
grep -q '"set":"mnist"' report.json || fail "the report does not name the folder"

# ---------------------------------------------------------------- bad input

# refuses WORDS... -- ARGUMENTS...: one message with the words, exit status 1,
# nothing written.
refuses() {
  local words=() word before
  while [ "$1" != -- ]; do
    words+=("$1")
    shift
  done
  shift
  before=$(ls)
  "$bin/lsr-classify" --threads 1 "$@" >out 2>err
  [ $? -eq 1 ] || fail "not refused: $*"
  [ ! -s out ] || fail "a report in spite of an error: $*"
  [ "$(grep -c 'lsr-classify: error: ' err)" -eq 1 ] || fail "no message: $*"
  for word in "${words[@]}"; do
    grep -qF -e "$word" err || fail "the message lacks '$word': $* ($(grep error err))"
  done
  [ "$before" = "$(ls)" ] || fail "something is left behind: $*"
}
touch out err

refuses "no_such/train-images-idx3-ubyte" "No such file" -- --mnist no_such
cp -r mnist short
head -c 1000 mnist/t10k-images-idx3-ubyte >short/t10k-images-idx3-ubyte
refuses "short/t10k-images-idx3-ubyte" "truncated" -- --mnist short
cp -r mnist swapped
mv swapped/train-labels-idx1-ubyte swapped/train-images-idx3-ubyte
refuses "swapped/train-images-idx3-ubyte" "0x00000801" -- --mnist swapped
refuses "--images 10000" "300" -- --mnist mnist
refuses "--test-images 61" "60" -- --mnist mnist --images 300 --validation 50 --test-images 61
refuses "--validation 600" "600" -- --images 600 --validation 600
refuses "step" "gelu" -- "${small[@]}" --activation step
refuses "wonderful" "structured" -- "${small[@]}" --subspace wonderful
refuses "parameters" "120000" -- "${small[@]}" --subspace parameters --directions 120000
refuses "--directions" -- --directions 0
refuses "folder" -- "${small[@]}" --ranks mnist/t10k-images-idx3-ubyte/ranks.csv

[ $failures -eq 0 ] && echo "all passed"
