#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""One-shot refinement of a network on data with PyTorch alone, for comparison.

Follows Algorithm 1 of the paper to the letter and with nothing but what PyTorch offers for
every network: J V and J^T U by forward- and reverse-mode differentiation, vectorized over
columns; a randomized singular value decomposition; a dense least-squares problem.

    lsr_torch.py MODEL.pt POINTS.csv [--rank 1000] [--oversampling 10] [--dtype float64]
                 [--device cuda]

MODEL.pt    a TorchScript network: linear layers in the order of its parameters (weight, bias,
            weight, bias, ...) with tanh between them and one output
POINTS.csv  lines x_1,...,x_d,target,set; set 0 is fitted, set 1 tests, others are left out

Prints one line of JSON: mean squared errors before and after, and the seconds of each step.
"""
import argparse
import json
import time

import numpy as np
import torch

try:
    from torch.func import jvp, vjp, vmap
except ImportError:  # before PyTorch 2.0
    from functorch import jvp, vjp, vmap


class Network:
    """The values of a tanh network at some points as a function of its flat parameters."""

    def __init__(self, path, device, dtype):
        module = torch.jit.load(path, map_location=device)
        tensors = [p.detach().to(dtype) for p in module.parameters()]
        self.shapes = [t.shape for t in tensors]
        self.theta = torch.cat([t.flatten() for t in tensors])

    def values(self, theta, points):
        tensors, first = [], 0
        for shape in self.shapes:
            tensors.append(theta[first:first + shape.numel()].view(shape))
            first += shape.numel()
        hidden = points
        for weight, bias in zip(tensors[0:-2:2], tensors[1:-2:2]):
            hidden = torch.tanh(torch.addmm(bias, hidden, weight.T))
        return torch.addmm(tensors[-1], hidden, tensors[-2].T).squeeze(1)


class Jacobian:
    """Products with the Jacobian of the values at some points.

    A few rows and columns at a time, so that what the layers pass on stays in the cache.
    """

    def __init__(self, network, points, rows, columns):
        self.network, self.columns = network, columns
        self.blocks = torch.split(points, rows)

    def times_rows(self, vt):
        """J V, given V^T."""
        theta = self.network.theta
        result = torch.empty(sum(len(b) for b in self.blocks), len(vt), dtype=vt.dtype, device=vt.device)
        first = 0
        for block in self.blocks:
            push = vmap(lambda v: jvp(lambda t: self.network.values(t, block), (theta,), (v,))[1])
            for k in range(0, len(vt), self.columns):
                result[first:first + len(block), k:k + self.columns] = push(vt[k:k + self.columns]).T
            first += len(block)
        return result

    def transposed_times(self, u):
        """U^T J."""
        result = torch.zeros(u.shape[1], len(self.network.theta), dtype=u.dtype, device=u.device)
        first = 0
        for block in self.blocks:
            _, pull = vjp(lambda t: self.network.values(t, block), self.network.theta)
            pull_columns = vmap(lambda w: pull(w)[0])
            ut = u[first:first + len(block)].T.contiguous()
            for k in range(0, len(ut), self.columns):
                result[k:k + self.columns] += pull_columns(ut[k:k + self.columns])
            first += len(block)
        return result


class Stopwatch:
    """Seconds of the steps, each lasting from the one before."""

    def __init__(self, device):
        self.device = device
        self.start = self.last = time.perf_counter()
        self.seconds = {}

    def step(self, name):
        if self.device == "cuda":
            torch.cuda.synchronize()
        now = time.perf_counter()
        self.seconds[name], self.last = now - self.last, now
        self.seconds["total"] = now - self.start


def leading_right_singular_vectors(b, rank):
    """Rows of V^T in B = U S V^T for a wide B, by an LQ factorization of B first."""
    q, r = torch.linalg.qr(b.T)
    _, _, xt = torch.linalg.svd(r.T)
    return xt[:rank] @ q.T


def main():
    arguments = argparse.ArgumentParser(description=__doc__,
                                        formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("model")
    arguments.add_argument("points")
    arguments.add_argument("--rank", type=int, default=1000)
    arguments.add_argument("--oversampling", type=int, default=10)
    arguments.add_argument("--dtype", default="float64", choices=["float32", "float64"])
    arguments.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    arguments.add_argument("--chunk", type=int, default=16, help="columns at a time")
    arguments.add_argument("--rows", type=int, default=2000, help="rows at a time")
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--seed", type=int, default=0)
    given = arguments.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    torch.set_grad_enabled(False)
    dtype = getattr(torch, given.dtype)

    network = Network(given.model, given.device, dtype)
    table = torch.from_numpy(np.loadtxt(given.points, delimiter=",")).to(given.device, dtype)

    def points_and_residual(number):
        chosen = table[table[:, -1] == number]
        points, targets = chosen[:, :-2], chosen[:, -2]
        return points, network.values(network.theta, points) - targets

    points, residual = points_and_residual(0)
    test_points, test_residual = points_and_residual(1)
    jacobian = Jacobian(network, points, given.rows, given.chunk)

    watch = Stopwatch(given.device)
    n_columns = given.rank + given.oversampling
    sketch = jacobian.times_rows(torch.randn(n_columns, len(network.theta), dtype=dtype,
                                                device=given.device))
    watch.step("sketch")
    q, _ = torch.linalg.qr(sketch)
    b = jacobian.transposed_times(q)
    watch.step("project")
    vt = leading_right_singular_vectors(b, given.rank)
    watch.step("svd")
    reduced = jacobian.times_rows(vt)
    watch.step("reduce")
    q, r = torch.linalg.qr(reduced)
    y = torch.linalg.solve_triangular(r, -(q.T @ residual)[:, None], upper=True)
    correction = (y.T @ vt)[0]
    watch.step("solve")

    def refined(at, before):
        change = jvp(lambda t: network.values(t, at), (network.theta,), (correction,))[1]
        return before + change

    def mean_square(values):
        return values.square().mean().item()

    print(json.dumps({
        "torch": torch.__version__,
        "parameters": len(network.theta),
        "rows": len(points),
        "rank": given.rank,
        "mse_fit": mean_square(residual),
        "mse_fit_refined": mean_square(refined(points, residual)),
        "mse_test": mean_square(test_residual),
        "mse_test_refined": mean_square(refined(test_points, test_residual)),
        "seconds": {name: round(s, 3) for name, s in watch.seconds.items()},
    }))


if __name__ == "__main__":
    main()
