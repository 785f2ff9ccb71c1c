#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# guide.sh BIN SOURCE SCRATCH: the lines of the guide, from the model to the
# refined network in Python, which has to predict what lsr does.
. "$(dirname "${BASH_SOURCE[0]}")/torch.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../program/checks.sh" "lsr fit" "$@"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PATH=$bin:$PATH

# An environment that has torch, numpy and setuptools from outside only. Where
# it cannot be made, the package is used as it lies there.
cp -r "$source/plugin/python" package
install() {
  "$python" -m venv --system-site-packages venv &&
    venv/bin/python -c "import torch" &&
    venv/bin/pip install --quiet --no-index --no-build-isolation ./package
}
if install >install.log 2>&1; then
  python=$PWD/venv/bin/python
  [[ "$("$python" -c 'import dealii_lsr; print(dealii_lsr.__file__)')" = "$PWD"/venv/* ]] ||
    fail "the package is not in its environment"
else
  echo "not installed, used from its folder: $(tail -n 1 install.log)"
  export PYTHONPATH=$PWD/package
fi

# Its blocks, one file each: lines of the shell but for the installation.
"$python" - "$source/doc/guide.md" <<'EOF'
import re, sys
section = open(sys.argv[1]).read().split("### From Python, and back")[1].split("\n### ")[0]
for i, (language, text) in enumerate(re.findall(r"```(\w*)\n(.*?)```", section, re.S)):
    open(f"{i}.{language or 'sh'}", "w").write(text)
EOF
[ "$(cat 0.sh)" = "pip install ./plugin/python" ] || fail "the guide does not begin with the installation"
"$python" 1.python || fail "export"
bash 2.sh || fail "lsr fit"
"$python" 3.python >losses || fail "load_refined"
cat losses
holds "$(sed -n 2p losses) < 1e-3 * $(sed -n 1p losses)" "the refined network"

# The same predictions as those of lsr, also of other files of the model: they
# hold its parameters under its names.
cut -d, -f1-2 data.csv >points.csv
cat >compare.py <<'EOF'
import sys

import dealii_lsr, numpy, torch



def load_model():
    # A pickle of our own.
    arguments = {} if torch.__version__.startswith("1.") else {"weights_only": False}
    return torch.load("model.pt", **arguments)


refined = dealii_lsr.load_refined("refined.pt", load_model() if sys.argv[1:] else None)
table = numpy.load("predicted.npy")
with torch.no_grad():
    found = refined(torch.from_numpy(table[:, :2])).numpy()
# Rounding of the sum over all parameters, which cancel each other.
terms = float(refined.correction0.abs().sum())
difference = abs(found - table[:, 2:]).max()
print(f"difference {difference:.1e}, sum of |correction| {terms:.1e}")
assert difference < 1e-15 * max(terms, 10)
EOF
compare() {
  lsr evaluate refined.pt points.csv --output predicted.npy >/dev/null || fail "lsr evaluate"
  "$python" compare.py "$@" || fail "predictions"
}
compare

"$python" - <<'EOF' || fail "convert"
import dealii_lsr, torch

model = torch.nn.Sequential(torch.nn.Linear(2, 20), torch.nn.Tanh(), torch.nn.Linear(20, 1))
torch.save(model, "model.pt")
torch.save(model.state_dict(), "state.pt")
if dealii_lsr.exporting.HAS_PT2:
    dealii_lsr.export(model, torch.rand(8, 2), "network.pt2")
layout = dealii_lsr.convert(model, "network.npz")
open("layout", "w").write("\n".join(layout.options()))
EOF
mapfile -t layout <layout
for file in network.npz state.pt; do
  lsr fit $file data.csv --directions 40 --output refined.pt "${layout[@]}" >/dev/null || fail "lsr fit $file"
  compare with model
done
if [ -e network.pt2 ]; then
  lsr fit network.pt2 data.csv --directions 40 --output refined.pt >/dev/null || fail "lsr fit network.pt2"
  compare
  compare with model
fi
finish
