#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

"""Make the files of this folder: python3 make.py FOLDER

Grid operators, and networks on the nodes of a mesh, as people write them in
PyTorch, untrained, each as NAME.pt (torch.jit.trace), NAME-script.pt
(torch.jit.script) and NAME.pt2 (torch.export), for one sample of the sizes in
SAMPLES. The files here were made by PyTorch 2.15.0.
"""

import io
import os
import sys
import zipfile

import torch
from torch import nn
import torch.nn.functional as F

# Sizes of the input without the leading 1.
SAMPLES = {"fno": (1, 12, 12), "fno1d": (16, 2), "unet": (2, 8, 8), "vit": (1, 8, 8),
           "graph": (9, 2), "cloud": (2, 9)}


class SpectralConv(nn.Module):
    """Li et al., 2021: some modes times complex weights."""

    def __init__(self, width, modes):
        super().__init__()
        self.modes = modes
        scale = 1 / width
        self.weights1 = nn.Parameter(scale * torch.rand(width, width, modes, modes, dtype=torch.cfloat))
        self.weights2 = nn.Parameter(scale * torch.rand(width, width, modes, modes, dtype=torch.cfloat))

    def forward(self, x):
        m = self.modes
        x_ft = torch.fft.rfft2(x)
        out_ft = torch.zeros(
            x.shape[0], x.shape[1], x.shape[2], x.shape[3] // 2 + 1, dtype=torch.cfloat
        )
        out_ft[:, :, :m, :m] = torch.einsum("bixy,ioxy->boxy", x_ft[:, :, :m, :m], self.weights1)
        out_ft[:, :, -m:, :m] = torch.einsum("bixy,ioxy->boxy", x_ft[:, :, -m:, :m], self.weights2)
        return torch.fft.irfft2(out_ft, s=(x.shape[2], x.shape[3]))


class Fno(nn.Module):
    """Two layers, with instance normalization."""

    def __init__(self, width=3, modes=2, n=12):
        super().__init__()
        line = torch.linspace(0, 1, n)
        self.register_buffer("grid", torch.stack(torch.meshgrid(line, line, indexing="ij")).unsqueeze(0))
        self.lift = nn.Conv2d(3, width, 1)
        self.spectral1 = SpectralConv(width, modes)
        self.spectral2 = SpectralConv(width, modes)
        self.local1 = nn.Conv2d(width, width, 1)
        self.local2 = nn.Conv2d(width, width, 1)
        self.norm = nn.InstanceNorm2d(width, affine=True)
        self.project = nn.Conv2d(width, 1, 1)

    def forward(self, a):
        x = self.lift(torch.cat([a, self.grid], dim=1))
        x = F.gelu(self.norm(self.spectral1(x)) + self.local1(x))
        x = F.gelu(self.spectral2(x) + self.local2(x))
        return self.project(x)


class Fno1d(nn.Module):
    """Channels last, padded against periodicity; real pairs for weights."""

    def __init__(self, width=4, modes=3):
        super().__init__()
        self.modes = modes
        self.lift = nn.Linear(2, width)
        self.weights = nn.Parameter(torch.rand(width, width, modes, 2) / width)
        self.local = nn.Conv1d(width, width, 1)
        self.norm = nn.LayerNorm(width)
        self.project = nn.Linear(width, 2)

    def forward(self, x):
        x = self.lift(x).permute(0, 2, 1)
        x = F.pad(x, [0, 4])
        x_ft = torch.fft.rfft(x)
        product = torch.einsum("bix,iox->box", x_ft[:, :, : self.modes],
                               torch.view_as_complex(self.weights))
        product = F.pad(product, [0, x_ft.size(2) - self.modes])
        x = F.silu(torch.fft.irfft(product, n=x.size(2)) + self.local(x))
        x = x[..., :-4].permute(0, 2, 1)
        return self.project(self.norm(x))


class Block(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, padding=1)
        self.norm = nn.GroupNorm(2, n_out)
        self.batch_norm = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1, padding_mode="replicate", groups=2)

    def forward(self, x):
        x = F.relu(self.norm(self.conv1(x)), inplace=True)
        return F.gelu(self.batch_norm(self.conv2(x)))


class UNet(nn.Module):
    """Two levels; bilinear upsampling, a transposed convolution, pooling."""

    def __init__(self, width=4):
        super().__init__()
        self.down1 = Block(2, width)
        self.down2 = Block(width, width)
        self.strided = nn.Conv2d(width, width, 3, stride=2, padding=1)
        self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        self.transposed = nn.ConvTranspose2d(width, width, 2, stride=2)
        self.block = Block(3 * width, width)
        self.output = nn.Conv2d(width, 2, 1)

    def forward(self, x):
        h1 = self.down1(x)
        h2 = self.down2(F.avg_pool2d(h1, 2))
        h3 = F.max_pool2d(self.strided(h2), 1)
        h2 = h2 + self.up(h3)
        h = torch.cat([h1, self.up(h2), self.transposed(h2)], dim=1)
        return self.output(self.block(h))


class ViT(nn.Module):
    """Patches, attention, and back."""

    def __init__(self, width=8, patch=2, n=8):
        super().__init__()
        self.embed = nn.Conv2d(1, width, patch, stride=patch)
        self.position = nn.Parameter(0.1 * torch.randn(1, (n // patch) ** 2, width))
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 16), nn.GELU(), nn.Linear(16, width))
        self.head = nn.Linear(width, patch * patch)

    def forward(self, x):
        x = self.embed(x)
        n = x.shape[-1]
        x = x.flatten(2).transpose(1, 2) + self.position
        h = self.qkv(self.norm1(x)).unflatten(-1, (3, 2, -1)).permute(2, 0, 3, 1, 4)
        h = F.scaled_dot_product_attention(h[0], h[1], h[2])
        x = x + self.output(h.transpose(1, 2).flatten(2))
        x = x + self.mlp(self.norm2(x))
        x = self.head(x).transpose(1, 2).unflatten(2, (n, n))
        return F.pixel_shuffle(x, 2)


def mesh(n=3):
    """Nodes of n x n, edges in both directions along both axes."""
    index = torch.arange(n * n).view(n, n)
    pairs = torch.cat([torch.stack([index[:-1].flatten(), index[1:].flatten()]),
                       torch.stack([index[:, :-1].flatten(), index[:, 1:].flatten()])], 1)
    points = torch.stack([index % n, index // n], -1).view(-1, 2) / (n - 1.0)
    return points, torch.cat([pairs, pairs.flip(0)], 1)


class Graph(nn.Module):
    """Messages along edges, added up in three ways; boundary values put in."""

    def __init__(self, width=4):
        super().__init__()
        points, edges = mesh()
        self.register_buffer("senders", edges[0])
        self.register_buffer("receivers", edges[1])
        self.register_buffer("offsets", (points[edges[0]] - points[edges[1]]).unsqueeze(0))
        self.register_buffer("boundary", torch.tensor([0, 1, 2, 6, 7, 8]))
        self.register_buffer("opposite", torch.arange(8, -1, -1).view(1, 9, 1))
        self.node = nn.Linear(2, width)
        self.edge = nn.Linear(2, width)
        self.message = nn.Sequential(nn.Linear(3 * width, width), nn.SiLU(), nn.Linear(width, width))
        self.update = nn.Linear(2 * width, width)
        self.norm = nn.LayerNorm(width)
        self.value = nn.Parameter(torch.randn(1))
        self.project = nn.Linear(width, 1)

    def messages(self, h, e):
        return self.message(torch.cat([h[:, self.senders], h.index_select(1, self.receivers), e], -1))

    def forward(self, x):
        h = self.node(x)
        e = self.edge(self.offsets).expand(x.shape[0], -1, -1)
        sums = torch.zeros_like(h).index_add(1, self.receivers, self.messages(h, e))
        h = self.norm(h + self.update(torch.cat([h, sums], -1)))
        m = self.messages(h, e)
        places = self.receivers.view(1, -1, 1).expand_as(m)
        h = F.silu(h.scatter_add(1, places, m))
        h = h + 0.5 * torch.gather(h, 1, self.opposite.expand_as(h))
        sums = torch.zeros_like(h)
        sums.index_add_(1, self.receivers, self.messages(h, e))
        sums = torch.scatter(sums, 1, self.opposite[:, :3].expand_as(sums[:, :3]), 0.1 * h[:, :3])
        u = self.project(h + sums)
        u[:, self.boundary] = self.value
        return u


class Cloud(nn.Module):
    """Attention over points with a bias by their distances, channels first."""

    def __init__(self, width=6):
        super().__init__()
        points, _ = mesh()
        self.register_buffer("points", points.unsqueeze(0))
        self.register_buffer("distances", torch.cdist(points, points))
        self.rate = nn.Parameter(torch.tensor(1.0))
        self.embed = nn.Linear(4, width)
        self.qkv = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, 1)

    def forward(self, x):
        x = torch.cat([x.transpose(1, 2), self.points.expand(x.shape[0], -1, -1)], -1)
        h = torch.tanh(self.embed(x))
        q, k, v = self.qkv(h).chunk(3, -1)
        weights = torch.softmax(q @ k.transpose(1, 2) - self.rate * self.distances, -1)
        return self.output(h + weights @ v).transpose(1, 2)


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
    torch.set_num_threads(1)
    for name, module in (("fno", Fno), ("fno1d", Fno1d), ("unet", UNet), ("vit", ViT),
                         ("graph", Graph), ("cloud", Cloud)):
        torch.manual_seed(0)
        net = module().eval()
        x = torch.rand(1, *SAMPLES[name])
        path = os.path.join(folder, name)
        save(torch.jit.trace(net, x), path + ".pt")
        save(torch.jit.script(net), path + "-script.pt")
        program = torch.export.export(net, (x,))
        for node in program.graph.nodes:  # where its author's files are
            node.meta.pop("stack_trace", None)
        torch.export.save(program, path + ".pt2")


if __name__ == "__main__":
    main()
