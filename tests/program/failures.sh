#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# failures.sh BIN SOURCE SCRATCH: lsr refine as a process that fails, on one rank
# and on two, on a full disk, and killed: one message, exit status 1, and an
# output folder as it was before. The messages are those of refusals.cc.
set -u
bin=$(cd "$1" && pwd) || exit 1
small=$(cd "$2" && pwd)/tests/program/small.prm || exit 1
rm -rf "$3"
mkdir -p "$3" && cd "$3" || exit 1
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS:-1} LC_ALL=C
limit=120 # seconds for a program
results=(solution.vtu refined.pt comparison.csv report.json)

# ------------------------------------------------------------- checks

failures=0
fail() {
  echo "FAILED $name: $*"
  cut -c 1-160 err | head -n 6 | sed 's/^/    | /'
  failures=$((failures + 1))
}

# Names and checksums of everything in the inputs.
snapshot() { (cd inputs && find . -type f -exec cksum {} + | sort); }

# begin NAME: new inputs.
begin() {
  name=$1
  rm -rf inputs
  cp -r good inputs
  before=$(snapshot)
}

# Run a program in the inputs. Sets `status` and leaves `out` and `err`.
run() {
  (cd inputs && exec timeout -k 5 $limit "$@") >out 2>err </dev/null
  status=$?
}

# expect_failure WORD: what has to be true then.
expect_failure() {
  [ $status -eq 1 ] || fail "exit status $status"
  # Open MPI 5 now and then writes a zero byte in front of a line.
  tr -d '\000' <err | grep -a "^lsr refine: error: " | grep -aqF -e "$1" ||
    fail "no line has the whole message with '$1'"
  ! grep -qi -e 'stacktrace' -e 'frame #' -e 'terminate called' -e 'an error occurred in line' err ||
    fail "the message shows where in the code it comes from"
  [ "$before" = "$(snapshot)" ] || fail "files were changed or left behind"
}

# ------------------------------------------------------------- inputs

mkdir good
cp "$small" good/good.prm

# The good runs come first: if they fail, nothing else says anything.
begin "good input"
run "$bin/lsr" train good.prm --set "Training/Hidden layers=20, 20" --set "Training/Epochs=5"
[ $status -eq 0 ] && [ -s inputs/network.pt ] || fail "lsr train: exit status $status"
run "$bin/lsr" refine good.prm
[ $status -eq 0 ] || fail "lsr refine: exit status $status"
for file in "${results[@]}"; do
  [ -s "inputs/results/$file" ] || fail "no $file"
done
! ls inputs/results | grep -q partial || fail "temporary files are left"
[ $failures -eq 0 ] || exit 1

cp inputs/network.pt good/
head -c $(($(wc -c <good/network.pt) / 2)) good/network.pt >good/truncated.pt
echo "This is a file, not a folder." >good/a_file
# Results of an earlier run, which a run that fails has to leave alone.
mkdir good/results
for file in "${results[@]}"; do
  echo "an earlier result" >"good/results/$file"
done

# ---------------------------------------------------- one process and two

begin "truncated network"
run "$bin/lsr" refine good.prm --set "Network/File=truncated.pt"
expect_failure "truncated.pt: not a complete zip archive"

mpirun=(mpirun -np 2)
if mpirun --version 2>&1 | grep -q 'Open MPI\|OpenRTE'; then
  mpirun+=(--oversubscribe --allow-run-as-root --bind-to none)
fi
begin "two processes, truncated network"
run "${mpirun[@]}" "$bin/lsr" refine good.prm --set "Network/File=truncated.pt"
expect_failure "truncated.pt: not a complete zip archive"
begin "two processes, output folder under a file"
run "${mpirun[@]}" "$bin/lsr" refine good.prm --set "Output/Folder=a_file/results"
expect_failure "'a_file/results'"

begin "another network on the second process"
cp -r inputs other
(cd other && "$bin/lsr" train good.prm --set "Training/Hidden layers=20, 20" \
  --set "Training/Epochs=6" >/dev/null)
# Not with mpirun's colon: that of Open MPI 5.0.7 crashes.
run "${mpirun[@]}" sh -c '[ "${OMPI_COMM_WORLD_RANK:-$PMI_RANK}" = 0 ] || cd "$0"; exec "$@"' \
  "$PWD/other" "$bin/lsr" refine good.prm
expect_failure "network.pt: process 1 has found another content than process 0"

# ------------------------------------------------------------ no memory

# Where the loader itself has too little, it says so.
for kib in 500000 600000 700000 900000 1100000 1200000 1300000; do
  [ -z "${ASAN_OPTIONS:-}" ] || break # its shadow alone is larger
  begin "$kib KiB of address space"
  run bash -c 'ulimit -v "$0" && exec "$@"' $kib "$bin/lsr" refine good.prm
  [ $status -ne 0 ] || break
  [ $status -eq 1 ] || [ $status -eq 127 ] || fail "exit status $status"
  [ "$(grep -c -e '^lsr.*: error: ' -e 'error while loading shared libraries' err)" -eq 1 ] ||
    fail "not one message"
  [ "$before" = "$(snapshot)" ] || fail "files were changed or left behind"
done

# ------------------------------------------------------------ full disk

# full_disk FILE BYTES SETTING...: no file may grow beyond BYTES once MPI has
# started, which FILE will do. To a program this is what a full disk is.
full_disk() {
  local file=$1 bytes=$2 pid attempt
  shift 2
  for attempt in 1 2 3 4 5; do
    begin "full disk, $file"
    : >out # the one before has the word, too
    (
      cd inputs || exit 1
      trap '' XFSZ
      exec timeout -k 5 $limit "$bin/lsr" refine good.prm "$@"
    ) >out 2>err </dev/null &
    pid=$!
    until grep -q "Loading" out || ! kill -0 $pid 2>/dev/null; do
      sleep 0.01
    done
    # The program is the child of timeout.
    prlimit --pid "$(pgrep -P $pid -x lsr)" --fsize="$bytes" 2>/dev/null
    wait $pid
    status=$?
    # Otherwise the limit may have come too late.
    [ $status -eq 0 ] || break
  done
  # The table is complete before the disk is full.
  cp good/results/comparison.csv inputs/results/
  expect_failure "$file"
}
if command -v prlimit >/dev/null && command -v pgrep >/dev/null; then
  full_disk solution.vtu 20480
  full_disk refined.pt 8192 --set "Output/VTU=false"
  full_disk report.json 4096 --set "Output/VTU=false" --set "Output/Refined network=false"
else
  echo "skipped full disk: prlimit or pgrep is missing"
fi

# ----------------------------------------------------------- killed run

# Whether a file is an earlier result or a complete one.
is_whole() {
  case $1 in
    *.vtu) tail -n 2 "$1" | grep -q -e '</VTKFile>' -e 'an earlier result' ;;
    *.json) tail -n 1 "$1" | grep -q -e '^}' -e 'an earlier result' ;;
    *.csv) [ "$(wc -l <"$1")" -eq 4 ] || grep -q 'an earlier result' "$1" ;;
    *.pt) grep -q 'an earlier result' "$1" ||
      (
        cd .. && "$bin/lsr" refine good.prm --set "Network/File=results/$1" \
          --set "Output/Folder=check" --set "Output/VTU=false" >/dev/null 2>&1
      ) ;;
  esac
}

# stop SIGNAL FILE: a run that is writing it.
stop() {
  local pid
  begin "$1 in $2"
  (cd inputs && exec "$bin/lsr" refine good.prm --set "Mesh/Global refinements=6") >out 2>err </dev/null &
  pid=$!
  until compgen -G "inputs/results/$2*partial*" >/dev/null || ! kill -0 $pid 2>/dev/null; do
    :
  done
  kill -"$1" $pid 2>/dev/null
  wait $pid 2>/dev/null
}

# killed FILE: while it is being written. Another run has to succeed then.
killed() {
  local file
  stop KILL "$1"
  for file in "${results[@]}"; do
    (cd inputs/results && is_whole "$file") || fail "$file is not whole"
  done
  run "$bin/lsr" refine good.prm
  [ $status -eq 0 ] || fail "the next run has exit status $status"
  for file in "${results[@]}"; do
    ! grep -q 'an earlier result' "inputs/results/$file" || fail "the next run has not written $file"
  done
}
killed solution.vtu
killed refined.pt

# Terminated, it says so, and leaves no temporary file.
stop TERM solution.vtu
grep -q "terminated (SIGTERM)" err || fail "no message"
! compgen -G "inputs/results/*partial*" >/dev/null || fail "a temporary file is left"

[ $failures -eq 0 ] && echo "all passed"
