#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# Functions of the scripts that test programs. `. checks.sh PROGRAM BIN SOURCE
# SCRATCH`, with a PROGRAM like "lsr fit", enters a new folder SCRATCH and defines bin, source and the functions
# below.
set -uo pipefail
program=$1 bin=$(cd "$2" && pwd) source=$(cd "$3" && pwd)
rm -rf "$4"
mkdir -p "$4" && cd "$4" || exit 1
export LC_ALL=C
failures=0

fail() {
  echo "FAILED $*"
  failures=$((failures + 1))
}

# The number under a key of report.json (of the first of that name).
value() { sed -E "s/.*\"$1\":([-0-9.e+]+).*/\1/" report.json; }

# holds "AWK CONDITION" WHAT
holds() { awk "BEGIN { exit !($1) }" || fail "$2: $1"; }

# reports WHAT ARGUMENTS...: the program leaves report.json, of one line.
reports() {
  local what=$1
  shift
  "$bin"/$program "$@" >report.json 2>err || { fail "$what: exit status $?"; cat err; return 1; }
  [ "$(wc -l <report.json)" -eq 1 ] || fail "$what: the report is not one line"
}

# refuses WORDS... -- ARGUMENTS...: one message with the words, exit status 1,
# nothing written.
refuses() {
  local words=() word before
  touch out err
  while [ "$1" != -- ]; do
    words+=("$1")
    shift
  done
  shift
  before=$(ls -R)
  "$bin"/$program "$@" >out 2>err
  [ $? -eq 1 ] || fail "not refused: $*"
  # Progress is no report: that is a line of JSON, or a table.
  ! grep -q -e '^{' -e '^| ' out || fail "a report in spite of an error: $*"
  [ "$(grep -c "$program: error: " err)" -eq 1 ] || fail "no message: $*"
  for word in "${words[@]}"; do
    grep -qF -e "$word" err || fail "the message lacks '$word': $* ($(grep error err))"
  done
  [ "$before" = "$(ls -R)" ] || fail "something is left behind: $*"
}

finish() {
  [ $failures -eq 0 ] && echo "all passed"
}
