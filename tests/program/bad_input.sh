#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# What the programs with a parameter file do with bad input: one short message
# that names the culprit, exit status 1, and an output folder as it was before.
#
# bad_input.sh <folder of the programs> <source folder> <scratch folder>

set -u
if [ $# -ne 3 ]; then
  echo "usage: $0 <folder of the programs> <source folder> <scratch folder>" >&2
  exit 1
fi
bin=$(cd "$1" && pwd) || exit 1
source_folder=$(cd "$2" && pwd) || exit 1
rm -rf "$3"
mkdir -p "$3" || exit 1
scratch=$(cd "$3" && pwd)

export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
export OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS:-1}
export LC_ALL=C

n_at_a_time=2 # cases
limit=120     # seconds for a program

# ------------------------------------------------------------- checks

# Names, sizes and checksums of everything in the present folder.
snapshot()
{
  find . | sort
  find . -type f -exec cksum {} + | sort
}

# Why the message in file $2 of program $1 is not a good one; it has to contain
# the other arguments.
complaints_about_message()
{
  local program=$1 file=$2 word
  shift 2
  head -n 1 "$file" | grep -q "^$program: error: " ||
    echo "the message does not begin with '$program: error: ';"
  [ "$(wc -l < "$file")" -le 4 ] ||
    echo "the message has $(wc -l < "$file") lines;"
  ! grep -qi -e 'stacktrace' -e 'traceback' -e '^ *#[0-9]' -e 'frame #' \
    -e 'terminate called' -e 'an error occurred in line' "$file" ||
    echo "the message shows where in the code it comes from;"
  for word in "$@"; do
    grep -qF -e "$word" "$file" || echo "the message lacks '$word';"
  done
}

# Print the verdict on case $1, about which the other arguments complain, and
# what the program wrote to stderr.
verdict()
{
  local name=$1 complaints
  shift
  complaints=$(echo "$@" | tr -s '\n ' ' ' | sed 's/;* *$//')
  if [ -z "$complaints" ]; then
    echo "ok $name"
  else
    echo "FAILED $name: $complaints"
    [ ! -s err ] || cut -c 1-160 err | head -n 6 | sed 's/^/    | /'
  fi
}

# Run a program in its own copy of the inputs: PROGRAM ARGUMENTS... Sets
# `status` and leaves `out` and `err`.
run()
{
  local program=$1
  shift
  (cd inputs && timeout -k 5 $limit "$bin"/$program "$@") \
    > out 2> err < /dev/null
  status=$?
}

# A case: refuses PROGRAM WORDS... -- ARGUMENTS... The words have to be in the
# message.
refuses()
{
  local program=$1 words=() before after
  shift
  while [ "$1" != "--" ]; do
    words+=("$1")
    shift
  done
  shift

  before=$(cd inputs && snapshot)
  run "$program" "$@"
  after=$(cd inputs && snapshot)
  [ $status -eq 1 ] || echo "exit status $status;"
  complaints_about_message "$program" err "${words[@]}"
  [ "$before" = "$after" ] || echo "files were changed or left behind:" \
    "$(diff <(echo "$before") <(echo "$after") | grep '^[<>]' | head -n 4);"
}

# Start the case NAME, which is what the function FUNCTION ARGUMENTS... says,
# as soon as few enough others are running.
n_cases=0
start()
{
  local name=$1 folder
  shift
  n_cases=$((n_cases + 1))
  folder=$scratch/$(printf 'case-%03d' $n_cases)
  mkdir -p "$folder"
  cp -r "$scratch/inputs" "$folder/inputs"
  while [ "$(jobs -rp | wc -l)" -ge $n_at_a_time ]; do
    wait -n
  done
  (
    cd "$folder" || exit 1
    verdict "$name" "$("$@")" > verdict
  ) &
}

refine()
{
  local name=$1
  shift
  start "$name" refuses "lsr refine" "$@"
}

# ------------------------------------------------------------- inputs

mkdir "$scratch/inputs"
cd "$scratch/inputs" || exit 1
cat > good.prm <<'PRM'
set Dimension    = 2
set Problem name = small
subsection Equation
  set Exact solution       = sin(pi*x) * sin(pi*y)
  set Right hand side      = manufactured
  set Dirichlet conditions = all: manufactured
end
subsection Mesh
  set Grid generator           = hyper_cube
  set Grid generator arguments = 0 : 1 : true
  set Global refinements       = 4
end
subsection Finite element
  set Finite element degree = 2
end
subsection Network
  set File = network.pt
end
subsection LSR
  set Directions = 60
end
subsection Output
  set Folder   = results
  set Pictures = false
end
PRM

# PARAMETER_FILE TEXT: good.prm and something after it.
spoil()
{
  { cat good.prm; printf '%b' "$2"; } > "$1"
}
spoil unclosed.prm 'subsection Mesh\n  set Global refinements = 3\n'
spoil entry.prm 'subsection Mesh\n  set Colour = red\nend\n'
spoil section.prm 'subsection Paint\n  set Colour = red\nend\n'
spoil range.prm 'subsection Finite element\n  set Finite element degree = 99\nend\n'
spoil number.prm 'subsection Mesh\n  set Global refinements = many\nend\n'
spoil prose.prm 'Dear program,\n'

# The good run comes first: if it fails, nothing else says anything.
cd "$scratch" || exit 1
mkdir good
cp -r inputs good/inputs
(
  cd good || exit 1
  run "lsr train" good.prm --set "Training/Hidden layers=20, 20" \
    --set "Training/Epochs=5"
  [ $status -eq 0 ] || echo "lsr train: exit status $status;"
  [ -s inputs/network.pt ] || echo "lsr train: no network;"
) > good/complaints
(
  cd good || exit 1
  run "lsr refine" good.prm
  [ $status -eq 0 ] || echo "lsr refine: exit status $status;"
  for file in solution.vtu refined.pt comparison.csv report.json; do
    [ -s inputs/results/$file ] || echo "no $file;"
  done
  ! ls inputs/results | grep -q partial || echo "temporary files are left;"
) >> good/complaints
(cd good && verdict "good input" "$(cat complaints)") > good/verdict
if grep -q FAILED good/verdict; then
  cat good/verdict
  echo "0 passed, 1 failed"
  exit 1
fi

cd inputs || exit 1
cp ../good/inputs/network.pt network.pt
: > empty.pt
head -c $(($(wc -c < network.pt) / 2)) network.pt > truncated.pt
echo "This is not a network." > text.pt
echo "This is a file, not a folder." > a_file
# Results of an earlier run, which a run that fails has to leave alone.
mkdir results
for file in solution.vtu refined.pt comparison.csv report.json; do
  echo "an earlier result" > results/$file
done
cd "$scratch" || exit 1

# ------------------------------------------------------------- cases

refine "no arguments" "no parameter file" "--help" --
refine "unknown option" "--colour" -- --colour
refine "two parameter files" "entry.prm" -- good.prm entry.prm
refine "--set without a value" "--set" -- good.prm --set
refine "device that is none" "device abacus" "auto, cpu or cuda expected" -- good.prm --device abacus

refine "no such parameter file" "missing.prm" "no such file" -- missing.prm
refine "parameter file is a folder" "results" "not a regular file" -- results
refine "subsection without end" "unclosed.prm" "subsection" -- unclosed.prm
refine "unknown entry" "entry.prm" "Colour" -- entry.prm
refine "unknown section" "section.prm" "Paint" -- section.prm
refine "value out of range" "range.prm" "degree" "99" -- range.prm
refine "value is not a number" "number.prm" "refinements" "many" -- number.prm
refine "prose in the parameter file" "prose.prm" "Dear program" -- prose.prm

refine "--set, unknown name" "Mesh/Colour=red" \
  -- good.prm --set "Mesh/Colour=red"
refine "--set, unknown section" "Paint" \
  -- good.prm --set "Paint/Colour=red"
refine "--set, no equals sign" "Dimension" "Section/Name=value" \
  -- good.prm --set "Dimension"
refine "--set, out of range" "Finite element degree=99" \
  -- good.prm --set "Finite element/Finite element degree=99"
refine "--set, unknown dimension" "Dimension=7" \
  -- good.prm --set "Dimension=7"

refine "malformed expression" '"sin("' "Equation/Right hand side" \
  -- good.prm --set "Equation/Right hand side=sin("
refine "unknown variable" '"x + flux"' '"flux"' "Equation/Right hand side" \
  -- good.prm --set "Equation/Right hand side=x + flux"
refine "manufactured from nothing" "manufactured" "Equation/Exact solution" \
  -- good.prm --set "Equation/Exact solution="
refine "negative diffusion" "Equation/Diffusion" "-1" \
  -- good.prm --set "Equation/Diffusion=-1"
refine "unknown boundary" "boundary id 9" \
  -- good.prm --set "Equation/Dirichlet conditions=9: 0"

refine "shipped parameter file, no such network" "nowhere.pt" "no such file" \
  -- "$source_folder/applications/examples/poisson/poisson.prm" \
  --set "Network/File=nowhere.pt" --set "Output/Folder=results"
refine "no name of a network" "Network/File" \
  -- good.prm --set "Network/File="
refine "network is a folder" "results" "not a regular file" \
  -- good.prm --set "Network/File=results"
refine "empty network" "empty.pt" "empty" \
  -- good.prm --set "Network/File=empty.pt"
refine "truncated network" "truncated.pt" "TorchScript" \
  -- good.prm --set "Network/File=truncated.pt"
refine "network is a text" "text.pt" "TorchScript" \
  -- good.prm --set "Network/File=text.pt"
refine "network for another dimension" "network.pt" "3 coordinates" \
  -- good.prm --set "Dimension=3"
refine "network without time" "network.pt" "3 coordinates" \
  -- good.prm --set "Network/Time=1"
refine "time is not a number" "Network/Time" "1 o'clock" \
  -- good.prm --set "Network/Time=1 o'clock"
refine "scaling of too many inputs" "network.pt" "input shift" "3 entries" \
  -- good.prm --set "Network/Input shift=1, 2, 3"

refine "more directions than rows" "100 directions" "81" \
  -- good.prm --set "Mesh/Global refinements=2" \
  --set "LSR/Directions=100"
refine "more directions than parameters" "600 directions" "501" \
  -- good.prm --set "LSR/Directions=600"
refine "no directions" "LSR/Directions=0" \
  -- good.prm --set "LSR/Directions=0"
refine "rank above directions" "rank 61" "60" \
  -- good.prm --set "LSR/Rank=61"
for rank in 0 -1 abc 99999999999999999999; do
  refine "rank $rank" "LSR/Rank" "'$rank'" \
    -- good.prm --set "LSR/Rank=$rank"
done
refine "rsvd of more directions than parameters" "600" "501 parameters" \
  -- good.prm --set "LSR/Subspace=rsvd" \
  --set "LSR/Directions=600"
refine "rsvd of too few sample points" "60" "20 rows" \
  -- good.prm --set "LSR/Subspace=rsvd" \
  --set "LSR/Sample points=20"
refine "sample points for a residual subspace" "Sample points" \
  "Residual subspace" \
  -- good.prm --set "LSR/Subspace=rsvd" \
  --set "LSR/Residual subspace=true" \
  --set "LSR/Sample points=100"
refine "unknown subspace" "LSR/Subspace=magic" \
  -- good.prm --set "LSR/Subspace=magic"
refine "unknown norm" "LSR/Norm=sup" \
  -- good.prm --set "LSR/Norm=sup"
refine "dual norm with weak Dirichlet conditions" "dual norm" "Dirichlet" \
  -- good.prm --set "Finite element/Strong Dirichlet conditions=false"

refine "unknown grid generator" "hyper_colour" \
  -- good.prm --set "Mesh/Grid generator=hyper_colour"
refine "arguments of the grid generator" "hyper_cube" "red : blue" \
  -- good.prm --set "Mesh/Grid generator arguments=red : blue"
refine "no such mesh file" "missing.msh" \
  -- good.prm --set "Mesh/Mesh file=missing.msh"
refine "mesh file without a mesh" "a_file" \
  -- good.prm --set "Mesh/Mesh file=a_file"

refine "output folder is a file" "'a_file'" \
  -- good.prm --set "Output/Folder=a_file"
refine "output folder under a file" "'a_file/results'" \
  -- good.prm --set "Output/Folder=a_file/results"
refine "no name of an output folder" "output folder" "empty" \
  -- good.prm --set "Output/Folder="

start "lsr train, unknown activation" refuses "lsr train" \
  "Training/Activation=magic" -- good.prm --set "Training/Activation=magic"
start "lsr train, a layer without units" refuses "lsr train" \
  "unit" -- good.prm --set "Training/Hidden layers=20, 0"
start "lsr train, mesh coordinates" refuses "lsr train" \
  "Network/Mesh coordinates" "lsr refine" -- good.prm --set "Network/Mesh coordinates=true"
start "lsr train, network cannot be written" refuses "lsr train" \
  "'a_file/network.pt'" -- good.prm --set "Network/File=a_file/network.pt" \
  --set "Training/Hidden layers=20, 20" --set "Training/Epochs=1"

start "lsr-baseline, no such parameter file" refuses lsr-baseline \
  "missing.prm" "no such file" -- missing.prm --method pinn --budget 1
start "lsr-baseline, unknown method" refuses lsr-baseline \
  "--method" "magic" -- good.prm --method magic --budget 1
start "lsr-baseline, no budget" refuses lsr-baseline \
  "--budget" "required" -- good.prm --method pinn
start "lsr-baseline, negative budget" refuses lsr-baseline \
  "--budget" "-1" -- good.prm --method pinn --budget=-1
start "lsr-baseline, variable diffusion" refuses lsr-baseline \
  '"1 + u^2"' "Equation/Diffusion" "not constant" \
  -- good.prm --method pinn --budget 1 --set "Equation/Diffusion=1 + u^2"
start "lsr-baseline, a Neumann condition" refuses lsr-baseline \
  "no Dirichlet condition" "boundary id 1" \
  -- good.prm --method tsonn --budget 1 \
  --set "Equation/Neumann conditions=1: manufactured"
start "lsr-baseline, an activation without second derivatives" refuses \
  lsr-baseline "relu" "second derivatives" -- good.prm --method lsr --budget 1 \
  --set "Training/Activation=relu"
start "lsr-baseline, no points" refuses lsr-baseline \
  "--number-of-points" "0" -- good.prm --method lsr --budget 1 \
  --number-of-points 0
for method in pinn tsonn lsr; do
  start "lsr-baseline, the loss of $method is not finite" refuses lsr-baseline \
    "not finite" -- good.prm --method $method --budget 1 \
    --set "Training/Hidden layers=20, 20" \
    --set "Equation/Right hand side=log(x - 2)"
done

# --------------------------------------------------- two MPI processes

# WORD ARGUMENTS...: the message may come from both processes, and mpirun has
# its own words to add.
refuses_in_parallel()
{
  local word=$1 before after mpirun=(mpirun -np 2)
  shift
  if mpirun --version 2>&1 | grep -q 'Open MPI\|OpenRTE'; then
    mpirun+=(--oversubscribe --allow-run-as-root --bind-to none)
  fi
  before=$(cd inputs && snapshot)
  (cd inputs && timeout -k 5 $limit "${mpirun[@]}" "$bin/lsr" refine "$@") \
    > out 2> err < /dev/null
  status=$?
  after=$(cd inputs && snapshot)
  [ $status -ne 124 ] && [ $status -ne 137 ] ||
    echo "the processes did not end;"
  [ $status -ne 0 ] || echo "exit status 0;"
  # Open MPI 5 now and then writes a zero byte in front of a line.
  tr -d '\000' < err | grep -a "^lsr refine: error: " | grep -aqF -e "$word" ||
    echo "no line has the whole message with '$word';"
  [ "$before" = "$after" ] || echo "files were changed or left behind;"
}
start "two processes, truncated network" refuses_in_parallel \
  "truncated.pt: not a TorchScript model" \
  good.prm --set "Network/File=truncated.pt"
start "two processes, output folder under a file" refuses_in_parallel \
  "'a_file/results'" good.prm --set "Output/Folder=a_file/results"

# ------------------------------------------------------------ full disk

# FILE BYTES ARGUMENTS...: no file may grow beyond BYTES once MPI has started,
# which FILE will do. To a program this is what a full disk is: write() fails.
full_disk()
{
  local file=$1 bytes=$2 before after pid attempt
  shift 2
  for attempt in 1 2 3 4 5; do
    before=$(cd inputs && snapshot | grep -v '[ /]comparison.csv$')
    (
      cd inputs || exit 1
      trap '' XFSZ
      exec timeout -k 5 $limit "$bin/lsr" refine good.prm "$@"
    ) > out 2> err < /dev/null &
    pid=$!
    until grep -q "Loading" out || ! kill -0 $pid 2> /dev/null; do
      sleep 0.01
    done
    # The program is the child of timeout.
    prlimit --pid "$(pgrep -P $pid -x lsr)" \
      --fsize="$bytes" 2> /dev/null
    wait $pid
    status=$?
    # Otherwise the limit may have come too late.
    [ $status -eq 0 ] || break
  done
  after=$(cd inputs && snapshot | grep -v '[ /]comparison.csv$')
  [ $status -eq 1 ] || echo "exit status $status;"
  complaints_about_message "lsr refine" err "$file"
  [ "$before" = "$after" ] || echo "files were changed or left behind:" \
    "$(diff <(echo "$before") <(echo "$after") | grep '^[<>]' | head -n 4);"
}
if command -v prlimit > /dev/null && command -v pgrep > /dev/null; then
  start "full disk, solution.vtu" full_disk solution.vtu 20480
  start "full disk, refined.pt" full_disk refined.pt 8192 \
    --set "Output/VTU=false"
  start "full disk, report.json" full_disk report.json 4096 \
    --set "Output/VTU=false" --set "Output/Refined network=false"
else
  echo "skipped full disk: prlimit or pgrep is missing"
fi

# ----------------------------------------------------------- killed run

# Whether a file is an earlier result or a complete one.
is_whole()
{
  case $1 in
    *.vtu) tail -n 2 "$1" | grep -q -e '</VTKFile>' -e 'an earlier result' ;;
    *.json) tail -n 1 "$1" | grep -q -e '^}' -e 'an earlier result' ;;
    *.csv) [ "$(wc -l < "$1")" -eq 4 ] || grep -q 'an earlier result' "$1" ;;
    *.pt) grep -q 'an earlier result' "$1" ||
      (
        cd .. && "$bin/lsr" refine good.prm --set "Network/File=results/$1" \
          --set "Output/Folder=check" --set "Output/VTU=false" > /dev/null 2>&1
      ) ;;
  esac
}

# Kill the program when CONDITION... holds. Another run has to succeed then.
killed()
{
  local pid file
  (
    cd inputs || exit 1
    exec "$bin/lsr" refine good.prm --set "Mesh/Global refinements=6"
  ) > out 2> err < /dev/null &
  pid=$!
  until "$@" || ! kill -0 $pid 2> /dev/null; do
    :
  done
  kill -KILL $pid 2> /dev/null
  wait $pid 2> /dev/null
  for file in solution.vtu refined.pt comparison.csv report.json; do
    (cd inputs/results && is_whole $file) || echo "$file is not whole;"
  done
  run "lsr refine" good.prm
  [ $status -eq 0 ] || echo "the next run has exit status $status;"
  for file in solution.vtu refined.pt comparison.csv report.json; do
    ! grep -q 'an earlier result' inputs/results/$file ||
      echo "the next run has not written $file;"
  done
}
partial_file_exists() { compgen -G "inputs/results/$1*partial*" > /dev/null; }
start "killed in solution.vtu" killed partial_file_exists solution.vtu
start "killed in refined.pt" killed partial_file_exists refined.pt

# -------------------------------------------------------------- verdict

wait
cat "$scratch"/good/verdict "$scratch"/case-*/verdict
n_passed=$(cat "$scratch"/good/verdict "$scratch"/case-*/verdict |
  grep -c '^ok ')
n_failed=$((n_cases + 1 - n_passed))
echo "$n_passed passed, $n_failed failed"
[ $n_failed -eq 0 ]
