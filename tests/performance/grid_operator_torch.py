# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""A Fourier neural operator in PyTorch: write it, or time its Jacobian and its forward passes.

    grid_operator_torch.py make NETWORK    write it as TorchScript, in float64
    grid_operator_torch.py time DIRECTIONS THREADS    one line of JSON

Directions go through torch.func.jvp under vmap, in chunks; the best chunk counts.
"""
import json
from pathlib import Path
import sys
import time

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "applications" / "examples" / "darcy-fno"))
from train import Fno, save  # noqa: E402

POINTS, WIDTH, MODES, LAYERS = 128, 32, 12, 4


def network():
    """In float64, complex weights too, which double() leaves as they are."""
    torch.manual_seed(0)
    net = Fno(WIDTH, MODES, LAYERS, POINTS).eval().double()
    for module in net.spectral:
        for name, weight in list(module.named_parameters()):
            setattr(module, name, torch.nn.Parameter(weight.to(torch.complex128)))
    return net


def sample():
    return torch.rand(1, 1, POINTS, POINTS, dtype=torch.float64) + 0.5


def best_seconds(work, repetitions=3):
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def measure(n_directions, chunk):
    net = network()
    parameters, x = dict(net.named_parameters()), sample()

    def product(directions):
        call = lambda p: torch.func.functional_call(net, p, (x,))
        return torch.func.jvp(call, (parameters,), (directions,))[1]

    def products():
        for _ in range(0, n_directions, chunk):
            torch.func.vmap(product)(directions)

    def passes():
        batch = x.expand(chunk, -1, -1, -1).contiguous()
        for _ in range(0, n_directions, chunk):
            net(batch)

    directions = {name: torch.randn(chunk, *p.shape, dtype=p.dtype) for name, p in parameters.items()}
    with torch.no_grad():
        return {"jvp": best_seconds(products), "forward": best_seconds(passes)}


def main():
    if sys.argv[1] == "make":
        save(torch.jit.trace(network(), sample()), sys.argv[2])
        return
    n_directions, n_threads = map(int, sys.argv[2:4])
    torch.set_num_threads(n_threads)
    runs = {chunk: measure(n_directions, chunk) for chunk in (1, 4, 16)}
    print(json.dumps({"torch": torch.__version__,
                      "parameters": sum(p.numel() * (2 if p.is_complex() else 1) for p in network().parameters()),
                      **{key: {chunk: run[key] for chunk, run in runs.items()} for key in ("jvp", "forward")}}))


if __name__ == "__main__":
    main()
