#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""Make the checkpoints that tests/network/checkpoints.cc reads, and for each
network its TorchScript, from which it must not differ. Run in this folder with
PyTorch; the files that are committed were made by PyTorch 2.15.0.

safetensors files are written byte by byte, in the order that the package
chooses: by type, then by name."""

import argparse
import collections
import json
import struct

import numpy
import torch
from torch import nn


def sine_layers(*widths):
    layers = [nn.Linear(a, b) for a, b in zip(widths, widths[1:])]
    for layer in layers:
        for parameter in layer.parameters():
            # All numbers are numbers of bfloat16, too.
            parameter.data = parameter.data.bfloat16().float()
    return nn.ModuleList(layers)


class FullyConnected(nn.Module):
    """Names as DeepXDE's FNN has them."""

    def __init__(self, *widths, activation=torch.tanh):
        super().__init__()
        self.linears = sine_layers(*widths)
        self.activation = activation

    def forward(self, x):
        for linear in self.linears[:-1]:
            x = self.activation(linear(x))
        return self.linears[-1](x)


class Layer(nn.Module):
    def __init__(self, linear):
        super().__init__()
        self.linear = linear

    def forward(self, x):
        return self.linear(x)


class FinalLayer(nn.Module):
    """Names as PhysicsNeMo's FullyConnected has them."""

    def __init__(self, *widths):
        super().__init__()
        *hidden, final = sine_layers(*widths)
        self.layers = nn.ModuleList(Layer(h) for h in hidden)
        self.final_layer = Layer(final)

    def forward(self, x):
        for layer in self.layers:
            x = nn.functional.silu(layer(x))
        return self.final_layer(x)


class Scaled(nn.Module):
    """Normalizers and Fourier features in buffers, zero on the boundary."""

    def __init__(self):
        super().__init__()
        self.net = FullyConnected(8, 9, 9, 2)
        self.register_buffer("B", torch.randn(2, 4))
        self.register_buffer("x_mean", torch.tensor([0.4, 0.7]))
        self.register_buffer("x_std", torch.tensor([0.3, 0.2]))
        self.register_buffer("y_mean", torch.tensor([0.1, -0.2]))
        self.register_buffer("y_std", torch.tensor([2.0, 3.0]))

    def forward(self, x):
        z = 2 * torch.pi * ((x - self.x_mean) / self.x_std) @ self.B
        u = self.net(torch.cat([torch.sin(z), torch.cos(z)], 1))
        u = u * self.y_std + self.y_mean
        factor = x[:, :1] * (1 - x[:, :1]) * torch.sin(torch.pi * x[:, 1:])
        return factor * u + torch.exp(x[:, 1:])


class Periodic(nn.Module):
    """Periodic in x, with activations that differ; the second output is a
    square."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.third = sine_layers(3, 8, 7, 2)

    def forward(self, x):
        w = 2 * torch.pi * x[:, :1]
        h = torch.cat([torch.cos(w), torch.sin(w), x[:, 1:]], 1)
        h = torch.sin(3 * self.first(h))
        h = nn.functional.gelu(self.second(h), approximate="tanh")
        u = self.third(h)
        return torch.cat([u[:, :1] - x[:, 1:], u[:, 1:] ** 2], 1)


class Modified(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder_u, self.encoder_v = sine_layers(2, 8)[0], sine_layers(2, 8)[0]
        self.layers = sine_layers(2, 8, 8, 1)

    def forward(self, x):
        u, v = torch.tanh(self.encoder_u(x)), torch.tanh(self.encoder_v(x))
        h = x
        for layer in self.layers[:-1]:
            z = torch.tanh(layer(h))
            h = z * u + (1 - z) * v
        return self.layers[-1](h)


class DeepONet(nn.Module):
    """As DeepXDE's: an activation behind the trunk, too."""

    n_sensors = 5

    def __init__(self, branch, trunk, n_outputs=1):
        super().__init__()
        self.branch = FullyConnected(*branch)
        self.trunk = FullyConnected(*trunk)
        self.b = nn.ParameterList(
            nn.Parameter(torch.tensor(0.25 * (k + 1))) for k in range(n_outputs))

    def forward(self, x):
        branch = self.branch(x[:, :self.n_sensors])
        trunk = torch.tanh(self.trunk(x[:, self.n_sensors:]))
        n = len(self.b)
        length = max(branch.size(1), trunk.size(1)) // (
            n if branch.size(1) == trunk.size(1)
            else max(branch.size(1), trunk.size(1)) // min(branch.size(1), trunk.size(1)))
        columns = []
        for k in range(n):
            piece = slice(k * length, (k + 1) * length)
            b = branch[:, piece] if branch.size(1) > length else branch
            t = trunk[:, piece] if trunk.size(1) > length else trunk
            columns.append((b * t).sum(1, keepdim=True) + self.b[k])
        return torch.cat(columns, 1)


class Independent(nn.Module):
    """DeepXDE's with a DeepONet for each output."""

    def __init__(self):
        super().__init__()
        self.branch = nn.ModuleList(FullyConnected(5, 6, 4) for _ in range(2))
        self.trunk = nn.ModuleList(FullyConnected(2, 7, 4) for _ in range(2))
        self.b = nn.ParameterList(nn.Parameter(torch.tensor(0.5)) for _ in range(2))

    def forward(self, x):
        return torch.cat([
            (branch(x[:, :5]) * torch.tanh(trunk(x[:, 5:]))).sum(1, keepdim=True) + b
            for branch, trunk, b in zip(self.branch, self.trunk, self.b)], 1)


class PlainOperator(nn.Module):
    """PINA's DeepONet: numbers for names, nothing behind the trunk, a scale and
    a translation that are trained."""

    def __init__(self):
        super().__init__()
        self._scale = nn.Parameter(torch.tensor([1.5]))
        self._trasl = nn.Parameter(torch.tensor([0.75]))
        self.models = nn.ModuleList([FullyConnected(5, 6, 4), FullyConnected(2, 7, 4)])

    def forward(self, x):
        product = self.models[0](x[:, :5]) * self.models[1](x[:, 5:])
        return self._scale * product.sum(1, keepdim=True) + self._trasl


class Pod(nn.Module):
    """A basis at six points instead of a trunk."""

    def __init__(self):
        super().__init__()
        self.branch = FullyConnected(3, 7, 4)
        self.register_buffer("pod_basis", torch.randn(6, 4))

    def forward(self, x):
        return self.branch(x) @ self.pod_basis.T


class Pfnn(nn.Module):
    """DeepXDE's PFNN [2, 6, [5, 4], [3, 4], 2]."""

    def __init__(self):
        super().__init__()
        def parallel(*sizes):
            return nn.ModuleList(sine_layers(*size)[0] for size in sizes)
        self.layers = nn.ModuleList([
            sine_layers(2, 6)[0],
            parallel((6, 5), (6, 4)),
            parallel((5, 3), (4, 4)),
            parallel((3, 1), (4, 1))])

    def forward(self, x):
        x = torch.tanh(self.layers[0](x))
        y = [torch.tanh(f(x)) for f in self.layers[1]]
        y = [torch.tanh(f(z)) for f, z in zip(self.layers[2], y)]
        return torch.cat([f(z) for f, z in zip(self.layers[3], y)], 1)


def save_torchscript(name, model, n_inputs):
    model = model.double()
    torch.jit.trace(model, torch.rand(7, n_inputs, dtype=torch.float64),
                    check_trace=False).save(name + ".pt")
    model.float()


def write_safetensors(path, tensors, types=collections.defaultdict(lambda: "F32")):
    sizes = {"F64": 8, "F32": 4, "BF16": 2, "F16": 2}
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name in sorted(tensors, key=lambda n: (-sizes[types[n]], n)):
        tensor = tensors[name].detach().contiguous()
        if types[name] == "BF16":
            numbers = tensor.bfloat16().view(torch.int16).numpy().tobytes()
        else:
            numbers = tensor.numpy().astype(
                {"F64": "<f8", "F32": "<f4", "F16": "<f2"}[types[name]]).tobytes()
        header[name] = {"dtype": types[name], "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(numbers)]}
        data += numbers
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def make():
    torch.manual_seed(1)

    model = FullyConnected(2, 9, 8, 1)
    save_torchscript("plain", model, 2)
    state = model.state_dict()
    torch.save(state, "plain_state.pt")
    torch.save(state, "plain_legacy.pt", _use_new_zipfile_serialization=False)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.rand(3, 2)).sum().backward()
    optimizer.step()
    model.load_state_dict(torch.load("plain_state.pt", weights_only=True))
    torch.save({"epoch": 7,
                "args": argparse.Namespace(width=9),
                "model_state_dict": collections.OrderedDict(
                    ("module._orig_mod." + key, value)
                    for key, value in model.state_dict().items()),
                "optimizer_state_dict": optimizer.state_dict()},
               "plain_checkpoint.pt")
    torch.save({"params": {"linears": {
        str(i): {"weight": linear.weight, "bias": linear.bias}
        for i, linear in enumerate(model.linears)}}}, "plain_nested.pt")
    write_safetensors("plain.safetensors", model.state_dict())
    write_safetensors("plain_half.safetensors", model.state_dict(),
                      {key: "BF16" if "0" in key else "F64" for key in state})
    # Flax: kernels are [inputs, outputs].
    numpy.savez("plain_flax.npz", **{
        f"params/Dense_{i}/{name}": value
        for i, linear in enumerate(model.linears)
        for name, value in (("kernel", linear.weight.detach().numpy().T),
                            ("bias", linear.bias.detach().numpy()))})
    # Haiku, float64, compressed, kernels in Fortran's order.
    numpy.savez_compressed("plain_haiku.npz", **{
        f"mlp/~/linear_{i}/{name}": value
        for i, linear in enumerate(model.linears)
        for name, value in (
            ("w", numpy.asfortranarray(linear.weight.detach().double().numpy().T)),
            ("b", linear.bias.detach().double().numpy()))})
    # Equinox: tree paths.
    numpy.savez("plain_equinox.npz", **{
        f"layers/{i}/{name}": value.detach().numpy()
        for i, linear in enumerate(model.linears)
        for name, value in (("weight", linear.weight), ("bias", linear.bias))})
    numpy.savez("plain_list.npz", *[
        value for linear in model.linears
        for value in (linear.weight.detach().numpy().T, linear.bias.detach().numpy())])

    model = FinalLayer(2, 7, 6, 7, 3)
    save_torchscript("final_layer", model, 2)
    write_safetensors("final_layer.safetensors", model.state_dict())

    model = Scaled()
    save_torchscript("scaled", model, 2)
    torch.save({"state_dict": model.state_dict(), "global_step": 3}, "scaled_state.pt")

    model = Periodic()
    save_torchscript("periodic", model, 2)
    torch.save(model.state_dict(), "periodic_state.pt")

    model = Modified()
    save_torchscript("modified", model, 2)
    torch.save(model.state_dict(), "modified_state.pt")
    write_safetensors("modified.safetensors", model.state_dict())

    for name, arguments in (("deeponet", ((5, 6, 4), (2, 7, 4))),
                            ("split_both", ((5, 6, 4), (2, 7, 4), 2)),
                            ("split_branch", ((5, 6, 8), (2, 7, 4), 2)),
                            ("split_trunk", ((5, 6, 4), (2, 7, 8), 2))):
        model = DeepONet(*arguments)
        save_torchscript(name, model, 7)
        torch.save(model.state_dict(), name + "_state.pt")
        if name == "deeponet":
            write_safetensors("deeponet.safetensors", model.state_dict())
    for name, model in (("independent", Independent()), ("operator", PlainOperator())):
        save_torchscript(name, model, 7)
        torch.save(model.state_dict(), name + "_state.pt")

    model = Pod()
    save_torchscript("pod", model, 3)
    torch.save(model.state_dict(), "pod_state.pt")

    model = Pfnn()
    save_torchscript("pfnn", model, 2)
    torch.save(model.state_dict(), "pfnn_state.pt")

    torch.save(nn.Sequential(nn.Linear(2, 3)), "module.pt")


make()
