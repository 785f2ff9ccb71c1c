#!/usr/bin/env bash
# baselines.sh BIN SOURCE SCRATCH: trains a small network on the strong form of
# a small problem for a few seconds with each method, and checks that the time
# is kept, that the error falls, and that the network can be refined. Iterative
# refinement on the strong form gets much further.
set -euo pipefail
bin=$1 source=$2 scratch=$3
rm -rf "$scratch"
mkdir -p "$scratch"
cat >"$scratch/small.prm" <<'PRM'
subsection Equation
  set Exact solution       = sin(pi*x) * sin(pi*y)
  set Advection            = u, 1
  set Right hand side      = manufactured
  set Dirichlet conditions = all: manufactured
end
subsection Mesh
  set Global refinements = 3
end
subsection Finite element
  set Finite element degree = 3
end
subsection Network
  set File =
end
subsection Training
  set Hidden layers = 16, 16
end
subsection LSR
  set Directions = 200
  set Dirichlet row weight = 10
end
subsection Output
  set VTU      = false
  set Pictures = false
end
PRM

for method in pinn tsonn; do
  "$bin/lsr-baseline" "$scratch/small.prm" --method $method --budget 4 \
    --threads 1 --steps 100 --set "Output/Folder=$scratch"
  awk -F, -v method=$method '
    NR == 2 { first = $3 }
    { seconds = $1; last = $3 }
    END {
      print method, "relative error", first, "and after", seconds, "s", last
      exit !(last > 0 && last < 0.5 * first && seconds >= 4 && seconds < 30)
    }' "$scratch/$method/history.csv"

  "$bin/lsr" refine "$scratch/small.prm" --threads 1 \
    --set "Network/File=$method/network.pt" \
    --set "Output/Folder=$scratch/$method/refined"
  [ -s "$scratch/$method/refined/report.json" ]
done

for points in nodes mesh; do
  "$bin/lsr-baseline" "$scratch/small.prm" --method lsr --budget 60 \
    --threads 1 --points $points --number-of-points 400 \
    --set Iterations/Number=3 --set "Output/Folder=$scratch/$points"
  awk -F, -v points=$points '
    NR == 2 { first = $3 }
    $4 == "refined" { ++n; last = $3; seconds = $1 }
    END {
      print n, "refinements at points of", points, "in", seconds, \
        "s: relative error", last
      exit !(n >= 1 && last > 0 && last < 1e-3 * first)
    }' "$scratch/$points/lsr/history.csv"
  [ -s "$scratch/$points/lsr/refined.pt" ]
done

# -------------------------------------------------------------- bad input

set +e
. "$(dirname "${BASH_SOURCE[0]}")/checks.sh" lsr-baseline "$bin" "$source" "$scratch/refused"
prm=../small.prm
refuses "missing.prm" "no such file" -- missing.prm --method pinn --budget 1
refuses "--method" "magic" -- $prm --method magic --budget 1
refuses "--budget" "required" -- $prm --method pinn
refuses "--budget" "-1" -- $prm --method pinn --budget=-1
refuses '"1 + u^2"' "Equation/Diffusion" "not constant" -- $prm --method pinn --budget 1 \
  --set "Equation/Diffusion=1 + u^2"
refuses "no Dirichlet condition" "boundary id 1" -- $prm --method tsonn --budget 1 \
  --set "Equation/Neumann conditions=1: manufactured"
refuses "relu" "second derivatives" -- $prm --method lsr --budget 1 --set Training/Activation=relu
refuses "--number-of-points" "0" -- $prm --method lsr --budget 1 --number-of-points 0
for method in pinn tsonn lsr; do
  refuses "not finite" -- $prm --method $method --budget 1 --set "Equation/Right hand side=log(x - 2)"
done
finish
