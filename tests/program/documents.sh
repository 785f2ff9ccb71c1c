#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# documents.sh BIN SOURCE SCRATCH: the manual page has every option and argument
# that --help shows, and completions offer all of them.
. "$(dirname "$0")/checks.sh" "lsr" "$1" "$2" "$3"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

for document in man bash zsh fish; do
  "$bin/lsr" --print $document >$document 2>err || fail "$document: $(cat err)"
  [ -s $document ] && [ ! -s err ] || fail "$document: nothing, or $(cat err)"
done
! "$bin/lsr" --print man >/dev/full 2>err || fail "a full device: exit status 0"
grep -q "lsr: error: --print: cannot write" err || fail "a full device: $(cat err)"
refuses "--print" "tcsh" -- --print tcsh

# help [SUBCOMMAND]: what --help shows, the options in the file options.
help() {
  "$bin/lsr" "$@" --help >help
  grep -oE '^ +-[^ ]*' help | tr -d ' ' | tr ',' '\n' >options
  sed -n '/^Positionals/,/^$/ s/^  \([A-Z]*\) .*/\1/p' help >arguments
}
help
sed -n '/^Subcommands:/,$ s/^  \([a-z]*\) .*/\1/p' help >subcommands
grep -q refine subcommands || fail "no subcommands in the help"

# The sections of the page, plain.
sed -e 's/\\f[BIR]//g' -e 's/\\-/-/g' -e 's/\\e/\\/g' man >plain
section() { awk -v head="$1" '/^\.S[HS] / { inside = ($0 == head) } inside' plain; }
n_options=0
# in_page SECTION: all of help is there, with the text of the description.
in_page() {
  section "$1" >section
  while read -r name; do
    grep -qE -e "(^|, )$name( |,|\$)" section || fail "the manual page lacks $name in $1"
    n_options=$((n_options + 1))
  done < <(cat options arguments)
  # The long words of its descriptions.
  sed -n 's/^  //p' help | grep -oE '[a-z-]{9,}' | while read -r word; do
    grep -qF -e "$word" plain || echo "$word"
  done >missing
  [ ! -s missing ] || fail "the manual page lacks words of $1: $(tr '\n' ' ' <missing)"
}
in_page ".SH OPTIONS"
while read -r subcommand; do
  help "$subcommand"
  in_page ".SS lsr $subcommand"
done <subcommands
[ $n_options -ge 50 ] || fail "only $n_options options were found in the help"
if command -v groff >/dev/null && [ -d /usr/share/groff ]; then
  groff -ww -man -Tascii man >/dev/null 2>err
  [ ! -s err ] || fail "groff: $(cat err)"
fi

# complete_with WORDS...: what bash offers for the last of them, in replies.
# shellcheck disable=SC1091,SC2034
complete_with() (
  . ./bash
  COMP_WORDS=(lsr "$@") COMP_CWORD=$#
  COMPREPLY=()
  _lsr
  printf '%s\n' "${COMPREPLY[@]}"
)
help
complete_with - >replies
cmp <(sort options) <(sort replies) || fail "bash completes other options of lsr"
complete_with "" | grep -qx fit || fail "bash completes no subcommands"
complete_with --print z | grep -qx zsh || fail "bash completes no values"
[ -z "$(complete_with fit network.pt da)" ] || fail "bash completes other things than files"
[ -z "$(complete_with fit --output r)" ] || fail "bash completes other things than files"
while read -r subcommand; do
  help "$subcommand"
  complete_with "$subcommand" - >replies
  cmp <(sort options) <(sort replies) || fail "bash completes other options of $subcommand"
  while read -r option; do
    grep -qE -e "^'?\s*'$option\[" zsh || fail "zsh lacks $option"
    [ "${option#--}" = "$option" ] || grep -q -e "from $subcommand' .*-l ${option#--} " fish ||
      fail "fish lacks $option of $subcommand"
  done <options
done <subcommands
if command -v zsh >/dev/null; then
  zsh -n zsh || fail "zsh: syntax"
fi
if command -v fish >/dev/null; then
  HOME=$PWD fish -c 'source fish; complete -C "lsr evaluate --pri"' >replies 2>err
  grep -q '^--print-parameters' replies || fail "fish completes nothing: $(cat err)"
fi

finish
