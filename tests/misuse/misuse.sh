#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# misuse.sh SOURCE COMPILER...: the compiler refuses SOURCE with the sentences
# that stand there after "expect:", and says nothing else.
set -uo pipefail

source=$1
shift
output=$("$@" -fsyntax-only "$source" 2>&1) && {
  echo "misuse.sh: $source compiled, expected errors"
  exit 1
}
# Clang goes on after a static_assert, and then misses a base class.
errors=$(grep "error:" <<< "$output" | grep -v "can be marked 'override'")
echo "$errors"
failed=0
while read -r sentence; do
  if ! grep "lsr: " <<< "$errors" | grep -qF "$sentence"; then
    echo "misuse.sh: no error says \"$sentence\""
    failed=1
  fi
done < <(sed -n 's|^// expect: ||p' "$source")
expected=$(grep -c "^// expect: " "$source")
found=$(grep -c . <<< "$errors")
if [[ $found != "$expected" ]]; then
  echo "misuse.sh: $found errors, expected one for each of $expected mistakes"
  failed=1
fi
exit $failed
