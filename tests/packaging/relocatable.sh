#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# relocatable.sh PREFIX BUILD SOURCE DEAL_II: nothing that is installed in PREFIX
# names a folder of the machine that built it, and another deal.II or Kokkos than
# that of the build is refused by its options, wherever it is. BUILD is the folder
# in which the package was installed and DEAL_II that with deal.II's CMake package.
set -uo pipefail
prefix=$1 build=$2 source=$3 dealii=$4
failures=0
fail() {
  echo "FAILED $*"
  failures=$((failures + 1))
}

package=$(dirname "$(find "$prefix" -name dealii_lsrConfig.cmake)")
[ -r "$package/dealii_lsrTargets.cmake" ] || fail "no CMake package in $prefix"

# Text files may name no folder of this build; the CMake files no folder at all,
# but for those relative to themselves.
for folder in "$build" "$source" "$prefix"; do
  found=$(grep -rlI -F "$folder" "$prefix") && fail "$folder is named in $found"
done
found=$(grep -nE '["; ]/[a-z]+|"[A-Z]:' "$package"/*.cmake | grep -v ':[0-9]*: *#') &&
  fail "paths in the CMake package: $found"
while read -r link; do
  [[ $(readlink "$link") != /* ]] || fail "$link is an absolute link"
done < <(find "$prefix" -type l)

# Another stack: what the package expects is changed, one at a time.
scratch=$build/relocatable
rm -rf "$scratch"
refuses() {
  local what=$1 change=$2
  shift 2
  mkdir -p "$scratch/$what/lib"
  cp -r "$prefix"/* "$scratch/$what"
  local config
  config=$(find "$scratch/$what" -name dealii_lsrConfig.cmake)
  sed -i -e "$change" "$config"
  ! cmp -s "$config" "$package/dealii_lsrConfig.cmake" || fail "$what: nothing changed"
  if cmake -G Ninja -S "$source/tests/downstream" -B "$scratch/$what/build" \
    -DCMAKE_BUILD_TYPE="$(sed -n 's/.*DEALII_LSR_BUILD_TYPE "\(.*\)".*/\1/p' "$config")" \
    "-DCMAKE_PREFIX_PATH=$scratch/$what" "-Ddeal.II_DIR=$dealii" >"$scratch/$what.log" 2>&1; then
    fail "$what: accepted"
  fi
  # CMake breaks the lines of messages.
  local message
  message=$(tr -s ' \n' ' ' <"$scratch/$what.log")
  for words in "built with another stack" "$@" "deal.II in '$dealii'"; do
    [[ $message == *"$words"* ]] || fail "$what: the message lacks '$words': $message"
  done
}
refuses version 's/;deal.II 9[^;]*;\|"deal.II 9[^;]*;/"deal.II 9.3.0;/' "expected deal.II 9.3.0; found deal.II"
refuses indices 's/\(DEAL_II_WITH_64BIT_INDICES\) OFF/\1 ON/' \
  "expected DEAL_II_WITH_64BIT_INDICES ON; found DEAL_II_WITH_64BIT_INDICES OFF"
refuses kokkos 's/\(Kokkos\) [0-9.]*\("\|;\)/\1 2.0\2/' "expected Kokkos 2.0; found Kokkos"

[ $failures -eq 0 ] && echo "all passed"
