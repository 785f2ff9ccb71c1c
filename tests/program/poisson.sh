#!/usr/bin/env bash
# poisson.sh BIN SOURCE SCRATCH: refines the shipped network and checks what the
# README promises: at least 100 times more accurate, within 1e-5 of the
# finite-element solution, all files there.
set -euo pipefail
bin=$1 source=$2 scratch=$3
rm -rf "$scratch"
"$bin/lsr" refine "$source/applications/examples/poisson/poisson.prm" --set "Output/Folder=$scratch"
for file in report.json comparison.csv solution.vtu refined.pt; do
  [ -s "$scratch/$file" ] || { echo "missing: $file"; exit 1; }
done
awk -F, '
  NR == 1 { for (i = 1; i <= NF; ++i) column[$i] = i; next }
  { error[$1] = $(column["L2"]); distance[$1] = $(column["difference_to_fem"]) }
  END {
    print "L2 error: network", error["network"], "refined", error["refined"]
    print "distance of refined to finite elements:", distance["refined"]
    exit !(error["refined"] > 0 && error["refined"] * 100 <= error["network"] &&
           distance["refined"] > 0 && distance["refined"] <= 1e-5)
  }' "$scratch/comparison.csv"
