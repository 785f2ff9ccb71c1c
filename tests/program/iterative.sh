#!/usr/bin/env bash
# iterative.sh BIN SOURCE SCRATCH: iterates refinement and alignment from an
# untrained network, kills the run in the midst of it, restarts it, and checks
# that it ends where a run as a whole does. Reads all other parameter files for
# iterations, which take too long to run here.
set -euo pipefail
bin=$1 source=$2 scratch=$3
rm -rf "$scratch"

refine() { # FOLDER OPTION...
  folder=$1
  shift
  exec "$bin/lsr" refine "$source/applications/examples/poisson/iterative.prm" \
    --set "Output/Folder=$folder" \
    --set "Output/VTU=false" --set "Output/Pictures=false" \
    --set "Mesh/Global refinements=3" \
    --set "Finite element/Finite element degree=6" \
    --set "Training/Hidden layers=32, 32, 32" \
    --set "LSR/Directions=800" \
    --set "Iterations/Alignment steps=30" \
    --set "Iterations/Alignment directions=100" --threads 1 "$@"
}

lines() { # FILE
  if [ -f "$1" ]; then wc -l <"$1"; else echo 0; fi
}

# The error of the last refinement that was kept.
final_error() { # FOLDER
  awk -F, '
    NR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i; next }
    $(column["accepted"]) { last = $(column["refined_error"]) }
    END { print last }' "$1/history.csv"
}

# Many more iterations than there is time for until it is killed.
(refine "$scratch/killed" --set "Iterations/Number=100") &
run=$!
until [ "$(lines "$scratch/killed/history.csv")" -ge 3 ]; do
  kill -0 $run
  sleep 0.05
done
kill -KILL $run
wait $run || true
[ ! -f "$scratch/killed/report.json" ]

# One iteration more than it has come to, and at least four.
n=$(lines "$scratch/killed/history.csv")
n=$((n > 4 ? n : 4))
(refine "$scratch/killed" --restart --set "Iterations/Number=$n")
[ -s "$scratch/killed/report.json" ]
[ "$(lines "$scratch/killed/history.csv")" -eq $((n + 1)) ]
(refine "$scratch/whole" --set "Iterations/Number=$n")
[ "$(lines "$scratch/whole/history.csv")" -eq $((n + 1)) ]

# The same up to rounding, and worth the while.
first=$(awk -F, 'NR == 2 { print $6 }' "$scratch/whole/history.csv")
awk -v first="$first" -v whole="$(final_error "$scratch/whole")" \
  -v killed="$(final_error "$scratch/killed")" '
  BEGIN {
    print "error of the first refinement", first, "and of the last", whole,
          "or, with a restart,", killed
    difference = whole > killed ? whole - killed : killed - whole
    exit !(whole > 0 && whole < first / 2 && difference <= 0.01 * whole) }'

# On adaptive meshes hanging nodes share their points with others.
(refine "$scratch/adaptive" --set "Mesh/Adaptive refinements=2" \
  --set "Iterations/Number=2" --set "LSR/Directions=300" \
  --set "Output/Pictures=true")
[ -s "$scratch/adaptive/report.json" ]

# Refinement removes the long waves of the error.
awk -F, '
  NR == 1 { exit_code = $4 != "mean_wavenumber"; next }
  $2 == "network" { network = $4 }
  $2 == "refined" {
    print "mean wavenumber of the error", network, "and, refined,", $4
    exit_code = exit_code || !($4 > 1.5 * network)
  }
  END { exit exit_code || NR != 5 }' "$scratch/adaptive/error_spectra.csv"

for file in "$source"/applications/examples/*/iterative*.prm; do
  "$bin/lsr" refine "$file" --print-parameters >"$scratch/parameters"
  grep -q "Subspace *= structured" "$scratch/parameters"
  case $file in
    */burgers/* | */allen-cahn/*)
      grep -q "Petrov-Galerkin in time *= true" "$scratch/parameters" ;;
  esac
done
