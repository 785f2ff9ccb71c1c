#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

# tutorial.sh SOURCE EXAMPLES PREFIX OUTPUT STEP [RANKS]
# Builds and runs a tutorial program of deal.II with its refinement: every refined
# field is at least ten times closer to the finite-element solution than the network,
# or just closer where the network is within one per cent already.
set -euo pipefail
source_folder=$1 examples=$2 prefix=$3 output=$4 step=$5 ranks=${6:-1}

rm -rf "$output"
bash "$source_folder/applications/tutorials/run" "$step" --examples "$examples" \
  --prefix "$prefix" --output "$output" --ranks "$ranks" --times | tee "$output.log"
awk '$1 == "network:" { network = $2 }
     $1 == "refined:" {
       ++tables
       if (!($2 < (network < 0.01 ? network : network / 10))) { print "refined " $2 ", network " network; bad = 1 }
     }
     END { print tables + 0 " tables"; exit bad || tables == 0 }' "$output.log"

added=$(grep -c '^+[^+]' "$source_folder/applications/tutorials/$step/$step.patch")
echo "$added lines added"
limit=20
[[ $step != step-15 ]] || limit=15
[[ $added -le $limit ]]
