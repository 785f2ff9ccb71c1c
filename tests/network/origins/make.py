#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

"""make.py PACKAGE...: small networks made, trained and saved by the packages
themselves, in folders PACKAGE-VERSION beside this script.

A folder has the files as the package writes them, those of dealii_lsr.export()
and convert(), for each network NAME.npy with points and the values of the
origin there in float64 (inputs and outputs in the columns), and origin.json,
which lists the networks with their layouts and the versions of everything.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import json
import os
import platform
import shutil
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "plugin" / "python"))
warnings.simplefilter("ignore")
os.environ["DDE_BACKEND"] = "pytorch"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

N_POINTS = 60


def random(*shape: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random(shape)


def wave(x: np.ndarray) -> np.ndarray:
    """What the networks are trained on."""
    return np.sin(np.pi * x[:, :1]) * np.cos(2 * x[:, 1:2])


class Folder:
    """One folder of networks of one package."""

    def __init__(self, package: str, *others: str) -> None:
        version = importlib.metadata.version(package)
        self.path = HERE / f"{package}-{version}"
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir()
        self.networks: list[dict] = []
        self.versions = {"python": platform.python_version()}
        for name in (package, "numpy", *others):
            self.versions[name] = importlib.metadata.version(name)

    def add(
        self, name: str, file: str, inputs: int, outputs: int, layout: dict | None
    ) -> None:
        self.networks.append(
            {
                "file": file,
                "values": f"{name}.npy",
                "inputs": inputs,
                "outputs": outputs,
                "layout": dict(layout or {}),
            }
        )

    def values(self, name: str, points: np.ndarray, values: np.ndarray) -> None:
        values = np.asarray(values)
        assert values.dtype == np.float64
        table = np.column_stack([points, values.reshape(len(points), -1)])
        np.save(self.path / f"{name}.npy", table)

    def write(self) -> None:
        content = {"versions": self.versions, "networks": self.networks}
        (self.path / "origin.json").write_text(json.dumps(content, indent=1) + "\n")
        print(self.path.name, [n["file"] for n in self.networks])


def train(model, points: np.ndarray, values: np.ndarray, steps: int = 300) -> None:
    import torch

    x = torch.tensor(points, dtype=torch.float32)
    u = torch.tensor(values, dtype=torch.float32)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.mean((model(x) - u) ** 2).backward()
        optimizer.step()


def in_double(model, *inputs):
    """The values of the origin's own code with its weights in float64."""
    import copy

    import torch

    with torch.no_grad():
        return copy.deepcopy(model).double().eval()(*inputs).numpy()


def export_all(
    folder: Folder, name: str, model, example, inputs, outputs, pt2: bool = False
) -> None:
    import dealii_lsr

    for suffix in [".pt"] + ([".pt2"] if pt2 and dealii_lsr.exporting.HAS_PT2 else []):
        file = f"{name}-export{suffix}"
        print(dealii_lsr.export(model, example, folder.path / file))
        without_paths(folder.path / file)
        folder.add(name, file, inputs, outputs, None)


def without_paths(file: Path) -> None:
    """Leave out where on this machine the source of the model lies: in
    TorchScript, files of their own; in .pt2, an entry for each node."""
    with zipfile.ZipFile(file) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in contents.items():
            if name.endswith(".debug_pkl"):
                continue
            if name.endswith(".json") and b"stack_trace" in content:
                text = json.loads(content)
                for node in text["graph_module"]["graph"]["nodes"]:
                    node["metadata"].pop("stack_trace", None)
                    node["metadata"].pop("nn_module_stack", None)
                content = json.dumps(text).encode()
            archive.writestr(name, content)


def convert_to(folder: Folder, name: str, suffix: str, model, inputs, outputs, **more):
    import dealii_lsr

    file = f"{name}-convert{suffix}"
    layout = dealii_lsr.convert(model, folder.path / file, **more)
    folder.add(name, file, inputs, outputs, layout)
    return dict(layout)


# ---------------------------------------------------------------------- DeepXDE


def deepxde() -> None:
    import deepxde as dde
    import torch

    folder = Folder("deepxde", "torch")
    dde.config.set_random_seed(1)

    def saved(model, name, inputs, outputs, layout) -> None:
        path = model.save(str(folder.path / name))
        path = path or next(folder.path.glob(f"{name}-*.pt"))
        file = Path(path).name
        folder.add(name, file, inputs, outputs, layout)

    def trained(net, data, iterations=200):
        model = dde.Model(data, net)
        with contextlib.redirect_stdout(io.StringIO()):
            model.compile("adam", lr=1e-2)
            model.train(iterations=iterations, display_every=10**6)
        return model

    def supervised(net, values):
        x = random(100, 2).astype(np.float32)
        u = values(x).astype(np.float32)
        return trained(net, dde.data.DataSet(x, u, x, u))

    # Zero on two sides, by an output transform.
    points = random(N_POINTS, 2, seed=2)
    x = torch.tensor(points)
    net = dde.nn.FNN([2, 16, 16, 1], "tanh", "Glorot uniform")
    net.apply_output_transform(lambda x, u: x[:, :1] * (1 - x[:, :1]) * u)
    model = supervised(net, lambda x: x[:, :1] * (1 - x[:, :1]) * wave(x))
    layout = convert_to(folder, "fnn", ".npz", net, 2, 1, output="x*(1-x)*u")
    saved(model, "fnn", 2, 1, layout)
    export_all(folder, "fnn", net, x, 2, 1, pt2=True)
    folder.values("fnn", points, in_double(net, x))

    # Periodic in x, by a feature transform; another activation.
    net = dde.nn.FNN([3, 16, 16, 1], "silu", "Glorot uniform")
    net.apply_feature_transform(
        lambda x: torch.cat(
            [
                torch.cos(2 * np.pi * x[:, :1]),
                torch.sin(2 * np.pi * x[:, :1]),
                x[:, 1:],
            ],
            dim=1,
        )
    )
    model = supervised(net, lambda x: np.sin(2 * np.pi * x[:, :1]) * x[:, 1:])
    features = "cos(2*pi*x), sin(2*pi*x), y"
    layout = convert_to(folder, "periodic", ".npz", net, 2, 1, features=features)
    saved(model, "periodic", 2, 1, layout)
    export_all(folder, "periodic", net, x, 2, 1)
    folder.values("periodic", points, in_double(net, x))

    net = dde.nn.PFNN([2, [16, 16], [16, 16], 2], "tanh", "Glorot uniform")
    model = supervised(net, lambda x: np.hstack([wave(x), x[:, :1] ** 2]))
    layout = convert_to(folder, "pfnn", ".npz", net, 2, 2)
    saved(model, "pfnn", 2, 2, layout)
    export_all(folder, "pfnn", net, x, 2, 2)
    folder.values("pfnn", points, in_double(net, x))

    # u(f, x) = the integral of f from 0 to x, for f given at eight points.
    n_functions, n_locations = 6, 10
    functions = random(n_functions, 8, seed=3).astype(np.float32)
    locations = random(n_locations, 2, seed=4).astype(np.float32)
    products = (functions @ random(8, n_locations, seed=5)).astype(np.float32)
    rows = np.hstack(
        [
            np.repeat(functions, n_locations, axis=0),
            np.tile(locations, (n_functions, 1)),
        ]
    ).astype(np.float64)
    branch, trunk = torch.tensor(rows[:, :8]), torch.tensor(rows[:, 8:])
    activations = {"branch": "relu", "trunk": "tanh"}

    if hasattr(dde.nn.pytorch, "DeepONet"):
        net = dde.nn.DeepONet([8, 16, 12], [2, 16, 12], activations, "Glorot uniform")
        inputs = (rows[:, :8].astype(np.float32), rows[:, 8:].astype(np.float32))
        values = products.reshape(-1, 1)
        model = trained(net, dde.data.Triple(inputs, values, inputs, values))
        layout = convert_to(folder, "deeponet", ".npz", net, 10, 1)
        saved(model, "deeponet", 10, 1, layout)
        export_all(folder, "deeponet", net, ((branch, trunk),), 10, 1)
        folder.values("deeponet", rows, in_double(net, (branch, trunk)))

    net = dde.nn.DeepONetCartesianProd(
        [8, 16, 12], [2, 16, 12], activations, "Glorot uniform"
    )
    inputs = (functions, locations)
    model = trained(
        net, dde.data.TripleCartesianProd(inputs, products, inputs, products)
    )
    layout = convert_to(folder, "cartesian", ".npz", net, 10, 1)
    saved(model, "cartesian", 10, 1, layout)
    pair = (torch.tensor(functions).double(), torch.tensor(locations).double())
    export_all(folder, "cartesian", net, (pair,), 10, 1, pt2=True)
    folder.values("cartesian", rows, in_double(net, pair))
    folder.write()


# ------------------------------------------------------------------------- PINA


def pina() -> None:
    import torch
    from pina import Trainer
    from pina.model import FeedForward, ResidualFeedForward
    from pina.problem.zoo import SupervisedProblem
    from pina.solver import SupervisedSolver

    folder = Folder("pina-mathlab", "torch", "lightning")
    torch.manual_seed(1)
    points = random(N_POINTS, 2, seed=2)
    x = torch.tensor(points)
    inputs = torch.tensor(random(100, 2), dtype=torch.float32)
    outputs = torch.tensor(wave(inputs.numpy()), dtype=torch.float32)
    for name, kind in (
        ("feed-forward", FeedForward),
        ("residual", ResidualFeedForward),
    ):
        net = kind(2, 1, inner_size=16, n_layers=2)
        solver = SupervisedSolver(SupervisedProblem(inputs, outputs), net, use_lt=False)
        trainer = Trainer(
            solver,
            max_epochs=100,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
        )
        trainer.train()
        layout = convert_to(folder, name, ".safetensors", net, 2, 1)
        trainer.save_checkpoint(str(folder.path / f"{name}.ckpt"))
        prefix = next(k[: -len(list(net.state_dict())[0])] for k in solver.state_dict())
        layout["Prefix"] = prefix
        folder.add(name, f"{name}.ckpt", 2, 1, layout)
        export_all(folder, name, net, x, 2, 1, pt2=True)
        folder.values(name, points, in_double(net, x))
    folder.write()


# ------------------------------------------------------------------ PhysicsNeMo


def physicsnemo() -> None:
    import torch

    try:
        from physicsnemo.models.mlp import FullyConnected

        folder = Folder("nvidia-physicsnemo", "torch")
    except ImportError:
        from modulus.models.mlp import FullyConnected

        folder = Folder("nvidia-modulus", "torch")
    torch.manual_seed(1)
    net = FullyConnected(
        in_features=2, layer_size=16, out_features=1, num_layers=2, activation_fn="silu"
    )
    # Millimetres and degrees, normalized; the statistics are stored beside.
    points = random(N_POINTS, 2, seed=2) * [30.0, 500.0] + [5.0, 20.0]
    unit = random(100, 2)
    train(net, (unit - 0.5) / 0.25, wave(unit))
    stats = {
        "input_mean": [20.0, 270.0],
        "input_std": [7.5, 125.0],
        "output_mean": [300.0],
        "output_std": [12.0],
    }
    net.save(str(folder.path / "model.mdlus"))
    (folder.path / "stats.json").write_text(json.dumps(stats) + "\n")
    torch.save(net.state_dict(), folder.path / "model.pt")
    normalizer = {
        "input_mean": stats["input_mean"],
        "input_deviation": stats["input_std"],
        "output_mean": stats["output_mean"],
        "output_deviation": stats["output_std"],
    }
    convert_to(folder, "model", ".npz", net, 2, 1, **normalizer)
    layout = {"Architecture": "fully connected", "Activation": "silu"}
    if "device_buffer" in net.state_dict():
        layout["Ignore"] = "device_buffer"
    layout.update(
        {
            key.replace("_", " ").capitalize(): ", ".join(map(str, value))
            for key, value in normalizer.items()
        }
    )
    folder.add("model", "model.pt", 2, 1, layout)

    class Normalized(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.net = net
            for key, value in stats.items():
                self.register_buffer(key, torch.tensor(value))

        def forward(self, x):
            u = self.net((x - self.input_mean) / self.input_std)
            return self.output_mean + self.output_std * u

    model = Normalized()
    x = torch.tensor(points)
    export_all(folder, "model", model, x, 2, 1, pt2=True)
    folder.values("model", points, in_double(model, x))
    folder.write()


# -------------------------------------------------------------------------- JAX


def equinox() -> None:
    import equinox as eqx
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    folder = Folder("equinox", "jax")
    net = eqx.nn.MLP(2, 1, 16, 2, activation=jax.nn.gelu, key=jax.random.PRNGKey(1))
    net = jax.tree_util.tree_map(
        lambda a: a.astype(jnp.float32) if eqx.is_array(a) else a, net
    )
    points = random(N_POINTS, 2, seed=2)
    net = _jax_train(
        lambda n, x: jax.vmap(n)(x), net, eqx.filter_grad, eqx.apply_updates
    )
    eqx.tree_serialise_leaves(str(folder.path / "mlp.eqx"), net)
    convert_to(folder, "mlp", ".npz", net, 2, 1)
    double = jax.tree_util.tree_map(
        lambda a: a.astype(jnp.float64) if eqx.is_array(a) else a, net
    )
    folder.values("mlp", points, np.asarray(jax.vmap(double)(jnp.asarray(points))))
    folder.write()


def flax() -> None:
    import flax.linen as nn
    import flax.serialization
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    folder = Folder("flax", "jax")

    class MLP(nn.Module):
        @nn.compact
        def __call__(self, x):
            for width in (16, 16):
                x = nn.tanh(nn.Dense(width)(x))
            return nn.Dense(1)(x)

    net = MLP()
    variables = net.init(jax.random.PRNGKey(1), jnp.zeros((1, 2), dtype=jnp.float32))
    points = random(N_POINTS, 2, seed=2)
    variables = _jax_train(
        net.apply,
        variables,
        jax.grad,
        lambda a, b: jax.tree_util.tree_map(lambda p, q: p + q, a, b),
    )
    content = flax.serialization.to_bytes(variables)
    (folder.path / "mlp.msgpack").write_bytes(content)
    for suffix in (".npz", ".safetensors"):
        convert_to(folder, "mlp", suffix, variables, 2, 1, activation="tanh")
    double = jax.tree_util.tree_map(lambda a: a.astype(jnp.float64), variables)
    folder.values("mlp", points, np.asarray(net.apply(double, jnp.asarray(points))))
    folder.write()


def _jax_train(apply, net, grad, add, steps: int = 200):
    import jax
    import jax.numpy as jnp

    x = random(100, 2).astype(np.float32)
    u = wave(x).astype(np.float32)
    step = grad(lambda n: jnp.mean((apply(n, x) - u) ** 2))
    for _ in range(steps):
        gradient = step(net)
        net = add(net, jax.tree_util.tree_map(lambda g: -0.05 * g, gradient))
    return net


# --------------------------------------------------------------- neuraloperator


def neuraloperator() -> None:
    import torch
    from neuralop.models import FNO

    folder = Folder("neuraloperator", "torch")
    torch.manual_seed(1)
    net = FNO(
        n_modes=(4, 4),
        in_channels=1,
        out_channels=1,
        hidden_channels=4,
        n_layers=2,
        lifting_channel_ratio=1,
        projection_channel_ratio=1,
    )
    fields = torch.tensor(random(3, 1, 8, 8, seed=2))
    net.save_checkpoint(folder.path, "fno")
    double = net.double().eval()
    for parameter in double.parameters():
        if parameter.is_complex():
            parameter.data = parameter.data.to(torch.complex128)
    with torch.no_grad():
        values = double(fields)
    np.savez(folder.path / "fno.npz", inputs=fields.numpy(), outputs=values.numpy())
    folder.write()


if __name__ == "__main__":
    for package in sys.argv[1:] or ["--help"]:
        if package not in globals():
            sys.exit(__doc__)
        globals()[package]()
