#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

"""Make the files of this folder: python3 make.py FOLDER [NAME...]

Each network is written as torch.export writes it in the version of PyTorch that
runs this script, as NAME-VERSION.pt2 (NAME-core-VERSION.pt2 after
run_decompositions(), NAME-static-VERSION.pt2 for a fixed batch size), and, by
PyTorch 2.15 only, as NAME.pt (TorchScript) and NAME.csv (inputs, and outputs of
the original in float64, one point a line).

The files here were made by PyTorch 2.15.0, and for the older layouts of
archives by 2.1.2, 2.3.1, 2.5.1 and 2.8.0. The weights are the same in all versions.
"""

import math
import os
import sys

import torch
from torch import nn
import torch.nn.functional as F

VERSION = ".".join(torch.__version__.split("+")[0].split(".")[:2])
NEWEST = "2.15"


class Mlp(nn.Module):
    """The members are made in another order than they are used."""

    def __init__(self):
        super().__init__()
        self.output = nn.Linear(7, 2)
        self.second = nn.Linear(7, 7)
        self.first = nn.Linear(2, 7)

    def forward(self, x):
        return self.output(torch.tanh(self.second(torch.tanh(self.first(x)))))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(8))
        self.input = nn.Linear(2, 8)
        self.blocks = nn.ModuleList([nn.Linear(8, 8) for _ in range(2)])
        self.norm = nn.LayerNorm(8)
        self.output = nn.Linear(8, 1, bias=False)

    def forward(self, x):
        h = self.input(x)
        for block in self.blocks:
            h = h + self.scale * F.gelu(block(h))
        return self.output(self.norm(h))


class Fourier(nn.Module):
    """Features from a buffer, a constant and a table of integers."""

    def __init__(self):
        super().__init__()
        self.register_buffer("frequencies", torch.arange(6.0).view(2, 3))
        self.register_buffer("order", torch.tensor([1, 0, 3, 2, 5, 4]))
        self.net = nn.Sequential(nn.Linear(6, 8), nn.SiLU(), nn.Linear(8, 1))

    def forward(self, x):
        phase = x @ self.frequencies * (0.5 * math.pi)
        features = torch.cat([torch.sin(phase), torch.cos(phase)], dim=-1)
        weight = torch.tensor([1.0, 0.5, 0.25, 1.0, 0.5, 0.25])
        return self.net((features * weight)[:, self.order]) * x[:, 0:1] * (1 - x[:, 0:1])


class Attention(nn.Module):
    """Every input is a token; attention in elementary operators."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(1, 8)
        self.position = nn.Parameter(torch.zeros(3, 8))
        self.q = nn.Linear(8, 8)
        self.k = nn.Linear(8, 8)
        self.v = nn.Linear(8, 8)
        self.output = nn.Linear(8, 1)

    def heads(self, h):
        return h.view(h.size(0), 3, 2, 4).transpose(1, 2)

    def mix(self, q, k, v):
        return torch.matmul(torch.softmax(torch.matmul(q, k.transpose(-2, -1)) / 2.0, -1), v)

    def forward(self, x):
        h = self.embed(x.unsqueeze(-1)) + self.position
        mixed = self.mix(self.heads(self.q(h)), self.heads(self.k(h)), self.heads(self.v(h)))
        h = h + mixed.transpose(1, 2).reshape(h.size(0), 3, 8)
        return self.output(h.mean(1))


class Sdpa(Attention):
    """The same by the operator that PyTorch 1.13 does not have."""

    def mix(self, q, k, v):
        return F.scaled_dot_product_attention(q, k, v)


class MultiHead(nn.Module):
    """Attention in which positions come first, then the batch, inside."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(1, 8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.output = nn.Linear(8, 1)

    def forward(self, x):
        h = self.embed(x.unsqueeze(-1))
        return self.output(self.attention(h, h, h, need_weights=False)[0].mean(1))


class Masks(nn.Module):
    """Attention with a mask of truth values, and with the causal one."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mask", torch.tensor([[True, False], [True, True]]))
        self.embed = nn.Linear(1, 4)
        self.output = nn.Linear(4, 1)

    def forward(self, x):
        h = self.embed(x.unsqueeze(-1))
        a = F.scaled_dot_product_attention(h, h, h, attn_mask=self.mask)
        b = F.scaled_dot_product_attention(h, h, h, is_causal=True, scale=0.3)
        return self.output((a + torch.tanh(b)).mean(1))


class DeepOnet(nn.Module):
    """Two inputs of different widths."""

    def __init__(self):
        super().__init__()
        self.branch = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 5))
        self.trunk = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 5))
        self.b = nn.Parameter(torch.zeros(1))

    def forward(self, u, y):
        return (self.branch(u) * torch.tanh(self.trunk(y))).sum(-1, keepdim=True) + self.b


class DeepOnetTuple(DeepOnet):
    """The same with the inputs as one tuple and a dictionary returned."""

    def forward(self, uy):
        u, y = uy
        return {"value": super().forward(u, y), "trunk": self.trunk(y)}


class ModifiedMlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.u = nn.Linear(2, 6)
        self.v = nn.Linear(2, 6)
        self.input = nn.Linear(2, 6)
        self.hidden = nn.Linear(6, 6)
        self.output = nn.Linear(6, 1)

    def forward(self, x):
        u, v = torch.tanh(self.u(x)), torch.tanh(self.v(x))
        h = torch.tanh(self.input(x))
        h = h * u + (1 - h) * v
        h = torch.tanh(self.hidden(h))
        h = h * u + (1 - h) * v
        return self.output(h)


class Convolution(nn.Module):
    """The inputs become an image of 4 x 4."""

    def __init__(self):
        super().__init__()
        self.lift = nn.Linear(3, 16)
        self.conv = nn.Conv2d(1, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)
        self.output = nn.Linear(12, 2)

    def forward(self, x):
        h = self.lift(x).view(x.size(0), 1, 4, 4)
        h = torch.tanh(self.norm(self.conv(h)))
        h = F.avg_pool2d(h, 2)
        return self.output(h.flatten(1))


class Gates(nn.Module):
    """Root mean square normalization, splits, stacks, comparisons, constants."""

    def __init__(self):
        super().__init__()
        self.norm = nn.RMSNorm(6, eps=1e-6) if hasattr(nn, "RMSNorm") else None
        self.input = nn.Linear(2, 12)
        self.output = nn.Linear(6, 1)

    def forward(self, x):
        a, b = self.input(x).chunk(2, dim=1)
        h = self.norm(a * torch.sigmoid(b))
        h = torch.where(h > 0, h, 0.1 * torch.expm1(h)).clamp(max=3.0)
        shift = torch.zeros(x.size(0), 6) + torch.arange(6) / 3
        return self.output(torch.stack([h, shift], 0).sum(0)) + torch.full((1,), 0.5)


# Name, module, widths of the inputs.
NETWORKS = {
    "mlp": (Mlp, [2]),
    "residual": (Residual, [2]),
    "fourier": (Fourier, [2]),
    "attention": (Attention, [3]),
    "sdpa": (Sdpa, [3]),
    "multi-head": (MultiHead, [3]),
    "masks": (Masks, [2]),
    "deeponet": (DeepOnet, [4, 2]),
    "deeponet-tuple": (DeepOnetTuple, [4, 2]),
    "modified-mlp": (ModifiedMlp, [2]),
    "convolution": (Convolution, [3]),
    "gates": (Gates, [2]),
}


def make(name):
    module, widths = NETWORKS[name][0](), NETWORKS[name][1]
    # Weights that do not depend on the version's random numbers.
    with torch.no_grad():
        n = 0
        for tensor in module.state_dict().values():
            if tensor.is_floating_point() and tensor.dim() > 0 and "frequencies" not in name:
                k = torch.arange(n, n + tensor.numel(), dtype=torch.float64)
                values = 0.6 * torch.sin(1.7 * k * k + 0.3 * k + 1)
                tensor.copy_(values.float().view(tensor.shape))
                n += tensor.numel()
        if name == "convolution":
            module.norm.running_var.abs_().add_(0.5).copy_(module.norm.running_var.float())
        if name == "fourier":
            module.frequencies.copy_(torch.arange(6.0).view(2, 3))
    return module.eval(), widths


def points(widths, n):
    k = torch.arange(float(n * sum(widths))).view(n, -1)
    return torch.split(torch.frac(0.618 * k * k + 0.37 * k), widths, dim=1)


def arguments(name, inputs):
    return (tuple(inputs),) if name.endswith("tuple") else tuple(inputs)


def export(module, args, name, dynamic):
    if not dynamic:
        return torch.export.export(module, args)
    if VERSION == "2.1":
        from torch.export import dynamic_dim
        tensors = args[0] if name.endswith("tuple") else args
        constraints = [dynamic_dim(tensors[0], 0)]
        constraints += [dynamic_dim(t, 0) == dynamic_dim(tensors[0], 0) for t in tensors[1:]]
        return torch.export.export(module, args, constraints=constraints)
    batch = torch.export.Dim("batch")
    shapes = tuple({0: batch} for _ in (args[0] if name.endswith("tuple") else args))
    return torch.export.export(
        module, args, dynamic_shapes=(shapes,) if name.endswith("tuple") else shapes
    )


def save(program, folder, name):
    for node in program.graph.nodes:  # where its author's files are
        node.meta.pop("stack_trace", None)
    path = os.path.join(folder, f"{name}-{VERSION}.pt2")
    torch.export.save(program, path)
    print(path, os.path.getsize(path))


def main():
    folder, names = sys.argv[1], sys.argv[2:]
    for name in names or NETWORKS:
        module, widths = make(name)
        args = arguments(name, points(widths, 5))
        program = export(module, args, name, dynamic=True)
        save(program, folder, name)
        if VERSION != NEWEST:
            continue
        if name in ("mlp", "attention", "multi-head", "gates"):
            save(export(module, args, name, dynamic=False), folder, name + "-static")
        if name in ("mlp", "residual", "attention", "multi-head", "masks", "fourier", "convolution"):
            save(program.run_decompositions(), folder, name + "-core")
        # TorchScript has no words for some, PyTorch 1.13 lacks operators of others.
        if name not in ("deeponet-tuple", "sdpa", "multi-head", "masks", "gates"):
            torch.jit.script(module).save(os.path.join(folder, name + ".pt"))
        # The original in float64.
        torch.set_default_dtype(torch.float64)
        x = [t.double() for t in points(widths, 9)]
        values = make(name)[0].double()(*arguments(name, x))
        torch.set_default_dtype(torch.float32)
        if isinstance(values, dict):
            values = list(values.values())
        table = torch.cat(x + (values if isinstance(values, list) else [values]), dim=1)
        with open(os.path.join(folder, name + ".csv"), "w") as file:
            for row in table.tolist():
                file.write(",".join(repr(v) for v in row) + "\n")


if __name__ == "__main__":
    main()
