#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

"""Make a network and the instances of this folder: python3 train.py FOLDER [NETWORK]

Networks for Darcy flow, -div(a grad u) = 1, u = 0 on the boundary of the unit
square, with a lognormal coefficient a: they take a on a grid of 65 x 65 points
and return u there. They are trained on 300 finite-element solutions. NETWORK is
fno (the file network.pt; Li et al., 2021), unet, transformer, or an FNO of the
packages neuraloperator and physicsnemo (PyPI's nvidia-physicsnemo). Needs torch,
numpy and scipy; takes some minutes on one thread.
"""

import io
import os
import sys
import zipfile

import numpy as np
import scipy.sparse
import scipy.sparse.linalg
import torch
from torch import nn

N = 65  # points of the grid in each direction
N_TRAINING = 300
N_UNSEEN = 20

# The modes of log a and their standard deviations, as darcy-fno.prm has them.
MODES = [(i, j) for i in range(5) for j in range(5) if 0 < i + j <= 4]


def log_coefficient(m, x, y):
    return sum(
        0.9 / (1 + 0.3 * (i * i + j * j)) * mk * np.cos(i * np.pi * x) * np.cos(j * np.pi * y)
        for mk, (i, j) in zip(m, MODES)
    )


def solve(m):
    """The finite-element solution: bilinear elements on the grid."""
    n = N - 1
    h = 1 / n
    index = np.arange(N * N).reshape(N, N)
    cells = np.stack([index[:-1, :-1], index[1:, :-1], index[:-1, 1:], index[1:, 1:]], -1)
    cells = cells.reshape(-1, 4)
    corner = np.stack(np.meshgrid(np.arange(n), np.arange(n), indexing="ij"), -1) * h
    corner = corner.reshape(-1, 2)
    g = 0.5 - 0.5 / np.sqrt(3)
    local = np.zeros((len(cells), 4, 4))
    for s in (g, 1 - g):
        for t in (g, 1 - g):
            a = np.exp(log_coefficient(m, corner[:, 0] + s * h, corner[:, 1] + t * h))
            gradients = np.array(
                [[-(1 - t), -(1 - s)], [1 - t, -s], [-t, 1 - s], [t, s]]
            )
            local += 0.25 * a[:, None, None] * (gradients @ gradients.T)
    rows = np.repeat(cells, 4, axis=1).ravel()
    columns = np.tile(cells, (1, 4)).ravel()
    matrix = scipy.sparse.csr_matrix((local.ravel(), (rows, columns)), (N * N, N * N))
    inside = index[1:-1, 1:-1].ravel()
    u = np.zeros(N * N)
    u[inside] = scipy.sparse.linalg.spsolve(
        matrix[inside][:, inside].tocsc(), np.full(len(inside), h * h)
    )
    return u.reshape(N, N)


class SpectralConv2d(nn.Module):
    def __init__(self, width, modes):
        super().__init__()
        self.modes = modes
        scale = 1 / (width * width)
        shape = (width, width, modes, modes)
        self.weights1 = nn.Parameter(scale * torch.rand(*shape, dtype=torch.cfloat))
        self.weights2 = nn.Parameter(scale * torch.rand(*shape, dtype=torch.cfloat))

    def forward(self, x):
        m = self.modes
        x_ft = torch.fft.rfft2(x)
        out_ft = torch.zeros(
            x.shape[0], x.shape[1], x.shape[2], x.shape[3] // 2 + 1,
            dtype=x_ft.dtype, device=x.device,
        )
        out_ft[:, :, :m, :m] = torch.einsum("bixy,ioxy->boxy", x_ft[:, :, :m, :m], self.weights1)
        out_ft[:, :, -m:, :m] = torch.einsum("bixy,ioxy->boxy", x_ft[:, :, -m:, :m], self.weights2)
        return torch.fft.irfft2(out_ft, s=(x.shape[2], x.shape[3]))


class Fno(nn.Module):
    """Takes a [1, 1, N, N], the first axis being x; returns u [1, 1, N, N]."""

    def __init__(self, width=16, modes=6, n_layers=3, n_points=N):
        super().__init__()
        line = torch.linspace(0, 1, n_points)
        grid = torch.stack(torch.meshgrid(line, line, indexing="ij"))
        self.register_buffer("grid", grid.unsqueeze(0))
        self.lift = nn.Conv2d(3, width, 1)
        self.spectral = nn.ModuleList([SpectralConv2d(width, modes) for _ in range(n_layers)])
        self.local = nn.ModuleList([nn.Conv2d(width, width, 1) for _ in range(n_layers)])
        self.first = nn.Conv2d(width, 64, 1)
        self.second = nn.Conv2d(64, 1, 1)

    def forward(self, a):
        x = torch.cat([torch.log(a), self.grid.expand(a.shape[0], -1, -1, -1)], 1)
        x = self.lift(x)
        for i, (spectral, local) in enumerate(zip(self.spectral, self.local)):
            x = spectral(x) + local(x)
            if i + 1 < len(self.spectral):
                x = nn.functional.gelu(x)
        return 0.1 * self.second(nn.functional.gelu(self.first(x)))


class Block(nn.Module):
    """Two convolutions and a shortcut."""

    def __init__(self, n_in, n_out):
        super().__init__()
        self.first = nn.Conv2d(n_in, n_out, 3, padding=1)
        self.norm = nn.GroupNorm(4, n_out)
        self.second = nn.Conv2d(n_out, n_out, 3, padding=1)
        self.shortcut = nn.Conv2d(n_in, n_out, 1)

    def forward(self, x):
        h = nn.functional.gelu(self.norm(self.first(x)))
        return nn.functional.gelu(self.second(h) + self.shortcut(x))


class UNet(nn.Module):
    """Levels of 65, 33, 17 and 9 points, whose grids are nested."""

    def __init__(self, widths=(12, 24, 36, 48), n_points=N):
        super().__init__()
        line = torch.linspace(0, 1, n_points)
        grid = torch.stack(torch.meshgrid(line, line, indexing="ij"))
        self.register_buffer("grid", grid.unsqueeze(0))
        pairs = list(zip(widths[:-1], widths[1:]))
        self.lift = nn.Conv2d(3, widths[0], 1)
        self.down = nn.ModuleList([Block(w, w) for w in widths])
        self.coarser = nn.ModuleList([nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairs])
        self.finer = nn.ModuleList([nn.ConvTranspose2d(b, a, 3, stride=2, padding=1) for a, b in pairs])
        self.up = nn.ModuleList([Block(2 * a, a) for a, _ in pairs])
        self.output = nn.Conv2d(widths[0], 1, 1)

    def forward(self, a):
        x = torch.cat([torch.log(a), self.grid.expand(a.shape[0], -1, -1, -1)], 1)
        x = self.down[0](self.lift(x))
        levels = [x]
        for coarser, down in zip(self.coarser, self.down[1:]):
            x = down(coarser(x))
            levels.append(x)
        for level, finer, up in zip(levels[-2::-1], self.finer[::-1], self.up[::-1]):
            x = up(torch.cat([level, finer(x)], 1))
        return 0.1 * self.output(x)


class Layer(nn.Module):
    """Attention between all patches, and a network for each."""

    def __init__(self, width, n_heads):
        super().__init__()
        self.n_heads = n_heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x):
        h = self.qkv(self.norm1(x)).unflatten(-1, (3, self.n_heads, -1))
        q, k, v = h.permute(2, 0, 3, 1, 4)
        weights = torch.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, -1)
        x = x + self.output((weights @ v).transpose(1, 2).flatten(2))
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    """Attention over 13 x 13 patches of 5 x 5 points, and a convolution that
    joins the patches."""

    def __init__(self, width=64, n_layers=4, n_heads=4, patch=5, n_fields=8, n_points=N):
        super().__init__()
        line = torch.linspace(0, 1, n_points)
        grid = torch.stack(torch.meshgrid(line, line, indexing="ij"))
        self.register_buffer("grid", grid.unsqueeze(0))
        self.n_patches = n_points // patch
        self.embed = nn.Conv2d(3, width, patch, stride=patch)
        self.position = nn.Parameter(0.02 * torch.randn(1, self.n_patches**2, width))
        self.layers = nn.Sequential(*[Layer(width, n_heads) for _ in range(n_layers)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.ConvTranspose2d(width, n_fields, patch, stride=patch)
        self.first = nn.Conv2d(n_fields + 3, 24, 3, padding=1)
        self.second = nn.Conv2d(24, 24, 3, padding=1)
        self.third = nn.Conv2d(24, 1, 1)

    def forward(self, a):
        inputs = torch.cat([torch.log(a), self.grid.expand(a.shape[0], -1, -1, -1)], 1)
        x = self.embed(inputs).flatten(2).transpose(1, 2) + self.position
        x = self.norm(self.layers(x))
        x = self.head(x.transpose(1, 2).unflatten(2, (self.n_patches, self.n_patches)))
        x = nn.functional.gelu(self.first(torch.cat([x, inputs], 1)))
        return 0.1 * self.third(nn.functional.gelu(self.second(x)))


class OfAPackage(nn.Module):
    """The operator of another package, for the logarithm of a."""

    def __init__(self, operator):
        super().__init__()
        self.operator = operator

    def forward(self, a):
        return 0.1 * self.operator(torch.log(a))


def neuraloperator():
    from neuralop.models import FNO

    return OfAPackage(FNO(n_modes=(12, 12), hidden_channels=16, in_channels=1, out_channels=1, n_layers=4))


def physicsnemo():
    from physicsnemo.models.fno import FNO

    return OfAPackage(FNO(in_channels=1, out_channels=1, dimension=2, latent_channels=16, num_fno_layers=4,
                          num_fno_modes=6, padding=9, decoder_layers=1, decoder_layer_size=32))


# Name, how to make it, file, and epochs and learning rate of the training.
NETWORKS = {
    "fno": (Fno, "network.pt", 60, 4e-3),
    "unet": (UNet, "unet.pt", 60, 2e-3),
    "transformer": (Transformer, "transformer.pt", 200, 1e-3),
    "neuraloperator": (neuraloperator, "neuraloperator.pt", 60, 4e-3),
    "physicsnemo": (physicsnemo, "physicsnemo.pt", 60, 4e-3),
}


def save(module, path):
    """TorchScript without the places of its source, which name folders of this machine."""
    file = io.BytesIO()
    torch.jit.save(module, file)
    with zipfile.ZipFile(file) as whole, zipfile.ZipFile(path, "w") as written:
        for entry in whole.infolist():
            if not entry.filename.endswith(".debug_pkl"):
                written.writestr(entry, whole.read(entry))


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else "."
    make_network, file, n_epochs, rate = NETWORKS[sys.argv[2] if len(sys.argv) > 2 else "fno"]
    torch.set_num_threads(1)
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    m = random.normal(size=(N_TRAINING + N_UNSEEN, len(MODES))).round(4)
    line = np.linspace(0, 1, N)
    x, y = np.meshgrid(line, line, indexing="ij")
    a = np.stack([np.exp(log_coefficient(mi, x, y)) for mi in m])
    u = np.stack([solve(mi) for mi in m])
    to_tensor = lambda array: torch.tensor(array, dtype=torch.float32).unsqueeze(1)
    a, u = to_tensor(a), to_tensor(u)

    def error(net, k):
        with torch.no_grad():
            difference = net(a[k]) - u[k]
        inside = (slice(None), slice(None), slice(1, -1), slice(1, -1))
        return (difference[inside].square().sum((1, 2, 3))
                / u[k][inside].square().sum((1, 2, 3))).sqrt()

    net = make_network()
    print(sum(p.numel() * (2 if p.is_complex() else 1) for p in net.parameters()), "parameters")
    n_epochs, batch = int(os.environ.get("EPOCHS", n_epochs)), 10
    optimizer = torch.optim.Adam(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate, total_steps=n_epochs * (N_TRAINING // batch))
    unseen = torch.arange(N_TRAINING, N_TRAINING + N_UNSEEN)
    for epoch in range(n_epochs):
        for k in torch.randperm(N_TRAINING).split(batch):
            optimizer.zero_grad()
            difference = net(a[k]) - u[k]
            loss = (difference.square().sum((1, 2, 3)) / u[k].square().sum((1, 2, 3))).sqrt().mean()
            loss.backward()
            optimizer.step()
            schedule.step()
        if epoch % 5 == 4:
            print(epoch + 1, "loss", loss.item(), "unseen", error(net, unseen).mean().item(), flush=True)

    net.eval()
    torch.save(net.state_dict(), os.path.join(folder, "state.pth"))
    save(torch.jit.trace(net, a[:1]), os.path.join(folder, file))
    np.savetxt(os.path.join(folder, "instances.csv"), m[N_TRAINING:], "%.4f", ",",
               header=",".join(f"m{k + 1}" for k in range(len(MODES))), comments="")


if __name__ == "__main__":
    main()
