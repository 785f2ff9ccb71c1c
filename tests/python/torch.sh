# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# . torch.sh: sets python, a Python that has torch: $LSR_PYTHON, or the first on
# the way. Without one the test is skipped.
for python in "${LSR_PYTHON:-}" python3 /usr/bin/python3; do
  [ -n "$python" ] && "$python" -c "import torch" 2>/dev/null && break
  python=
done
[ -n "$python" ] || {
  echo "skipped: no Python with torch (Debian: python3-torch; or LSR_PYTHON=...)"
  exit 77
}
export PYTHONDONTWRITEBYTECODE=1
"$python" -c "import sys, torch; print('Python', sys.version.split()[0], 'torch', torch.__version__)"
