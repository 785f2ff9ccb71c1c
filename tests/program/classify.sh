#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# classify.sh BIN SOURCE SCRATCH: what lsr-classify does with digits, its own and
# those of files, and with bad input.
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh" lsr-classify "$@"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

small=(--images 600 --validation 100 --test-images 200)

# ---------------------------------------------------------- rendered digits

for activation in relu gelu; do
  reports $activation --threads 1 "${small[@]}" --linear-layers --subspace nystrom --directions 200 \
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
reports "again" --threads 1 "${small[@]}" --linear-layers --subspace nystrom --directions 200 --activation gelu --ranks ranks.csv
cmp -s ranks.csv first.csv || fail "the second time gives something else"

for subspace in parameters structured rsvd nystrom; do
  reports $subspace --threads 1 --images 60 --validation 10 --test-images 20 --subspace $subspace --directions 10
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
reports "MNIST files" --threads 1 "${files[@]}" --linear-layers --subspace nystrom --directions 200
holds "$(value accuracy) > 0.9" "MNIST files"
grep -q '"set":"mnist"' report.json || fail "the report does not name the folder"

# ---------------------------------------------------------------- bad input

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

finish
