#!/usr/bin/env bash
# compare_histories.sh BIN SOURCE SCRATCH: draws small histories, and checks
# that missing and malformed ones are refused in one line and leave no picture.
set -euo pipefail
bin=$1 source=$2 scratch=$3
rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch"

mkdir -p good/{pinn,tsonn}/refined
cat >good/history.csv <<'CSV'
iteration,accepted,network_residual,refined_residual,network_error,refined_error,change,rank,linearizations,alignment_steps,alignment_reduction,alignment_seconds,refinement_seconds
0,1,7.5,0.002,0.98,7e-05,,302,1,0,,0,10
1,1,0.3,1e-07,0.036,9e-09,0.1,900,1,40,0.01,17,14
2,0,0.2,2e-07,0.02,2e-08,0.1,900,1,40,0.01,13,13
CSV
for method in pinn tsonn; do
  printf '%s\n' seconds,loss,error 2e-6,100,0.98 3,90,0.9 240,1,0.05 \
    >good/$method/history.csv
done
printf '%s\n' field,L2,H1,Linf,difference_to_fem,residual \
  network,0.05,0.2,0.1,0.05,1 refined,3e-9,2e-8,8e-9,3e-9,1e-7 \
  'finite elements,4e-10,9e-9,1e-9,0,2e-12' >good/pinn/refined/comparison.csv
# No exact solution is known.
printf '%s\n' field,L2,H1,Linf,difference_to_fem,residual \
  network,,,,0.05,1 refined,,,,3e-9,1e-7 >good/tsonn/refined/comparison.csv

compare() { # FOLDER
  "$source/applications/studies/baselines/compare-histories" "$1"
}

# NAME WORD...: the folder NAME has to be refused with a message of one line
# that contains the words.
refused() {
  local name=$1 word
  shift
  if compare "$name" >out 2>err; then
    echo "$name: not refused"
    exit 1
  fi
  [ "$(wc -l <err)" -eq 1 ] || { cat err; exit 1; }
  for word in "$@"; do
    grep -qF -e "$word" err || { echo "$name: no '$word' in"; cat err; exit 1; }
  done
  [ ! -e "$name/convergence.png" ] && [ ! -e "$name/convergence.png.partial" ]
}

spoiled() { # NAME: a copy of the good results
  cp -r good "$1"
}

spoiled missing
rm missing/tsonn/history.csv
refused missing missing/tsonn/history.csv "No such file"

spoiled no_star
rm no_star/pinn/refined/comparison.csv
refused no_star no_star/pinn/refined/comparison.csv "No such file"

spoiled column
sed -i 's/refined_error/error/' column/history.csv
refused column column/history.csv refined_error

spoiled word
sed -i 's/0.036/low/' word/history.csv
refused word word/history.csv network_error "'low'"

spoiled unknown
sed -i 's/3,90,0.9/3,90,/' unknown/pinn/history.csv
refused unknown unknown/pinn/history.csv error "''"

spoiled short
sed -i 's/3,90,0.9/3,90/' short/pinn/history.csv
refused short short/pinn/history.csv "3 columns"

spoiled untrained
sed -i '3,$d' untrained/pinn/history.csv
refused untrained untrained/pinn/history.csv "at least two"

spoiled empty
: >empty/history.csv
refused empty empty/history.csv

spoiled binary
printf '\377\0\1' >binary/pinn/history.csv
refused binary binary/pinn/history.csv

spoiled nobody
sed -i '/refined/d' nobody/pinn/refined/comparison.csv
refused nobody nobody/pinn/refined/comparison.csv "'refined'"

compare good >out 2>err
cmp err /dev/null
[ "$(cat out)" = good/convergence.png ]
[ "$(head -c 8 good/convergence.png | tail -c 7)" = "$(printf 'PNG\r\n\032\n')" ]
[ "$(wc -c <good/convergence.png)" -gt 10000 ]
[ ! -e good/convergence.png.partial ]
echo "good/convergence.png: $(wc -c <good/convergence.png) bytes"
