#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# package.sh SOURCE: the tests of plugin/python.
. "$(dirname "${BASH_SOURCE[0]}")/torch.sh"
cd "$1/plugin/python" || exit 1
PYTHONPATH=$PWD exec "$python" -W ignore::FutureWarning -W ignore::DeprecationWarning \
  -m unittest discover --start-directory tests
