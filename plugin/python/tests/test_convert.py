# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""convert(): tensors, layouts, and what has no layout. (That the library reads
them as their origin is tests/network/origins.cc.)"""

import dataclasses
import os
import tempfile
import unittest
from typing import Any

import numpy as np
import torch
from torch import nn

import dealii_lsr


def of_package(module):
    """Make a class look as if it came from a package that is not needed here."""

    def change(cls):
        cls.__module__ = module
        return cls

    return change


@of_package("deepxde.nn.pytorch.fnn")
class FNN(nn.Module):
    def __init__(self, widths, activation):
        super().__init__()
        self.activation = activation
        self.linears = nn.ModuleList(nn.Linear(*w) for w in zip(widths, widths[1:]))
        self._input_transform = None
        self._output_transform = None


@of_package("deepxde.nn.pytorch.deeponet")
class DeepONetCartesianProd(nn.Module):
    def __init__(self):
        super().__init__()
        self.activation_trunk = torch.sin
        self.branch = FNN([8, 6, 5], torch.relu)
        self.trunk = FNN([2, 6, 5], torch.sin)
        self.b = nn.Parameter(torch.tensor(0.5))


@of_package("modulus.models.mlp.fully_connected")
class FullyConnected(nn.Module):
    class Layer(nn.Module):
        weight_norm = False
        activation_par = None

        def __init__(self, n, m):
            super().__init__()
            self.linear = nn.Linear(n, m)
            self.activation_fn = nn.LeakyReLU(0.01)

    def __init__(self, skip_connections=False):
        super().__init__()
        self.skip_connections = skip_connections
        self.layers = nn.ModuleList([self.Layer(2, 4), self.Layer(4, 4)])
        self.final_layer = self.Layer(4, 1)
        self.register_buffer("device_buffer", torch.empty(0))


@of_package("equinox.nn._mlp")
@dataclasses.dataclass
class MLP:
    layers: list
    activation: Any
    final_activation: Any
    width_size: int = 3


@dataclasses.dataclass
class Linear:
    weight: Any
    bias: Any


class ConvertTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "network.npz")

    def convert(self, model, **arguments):
        layout = dealii_lsr.convert(model, self.path, **arguments)
        with np.load(self.path, allow_pickle=False) as tensors:
            return dict(layout), dict(tensors)

    def refuses(self, words, model, **arguments):
        if os.path.exists(self.path):
            os.remove(self.path)
        with self.assertRaisesRegex(dealii_lsr.ConversionError, words):
            self.convert(model, **arguments)
        self.assertFalse(os.path.exists(self.path))

    def test_sequential(self):
        model = nn.Sequential(
            nn.Linear(2, 5),
            nn.Tanh(),
            nn.Sequential(nn.Linear(5, 5), nn.SiLU()),
            nn.Dropout(0.1),
            nn.Linear(5, 1),
        )
        layout, tensors = self.convert(model)
        self.assertEqual(
            layout, {"Architecture": "fully connected", "Activation": "tanh, silu"}
        )
        self.assertEqual(list(tensors), list(model.state_dict()))
        for name, tensor in model.state_dict().items():
            np.testing.assert_array_equal(tensors[name], tensor.numpy())
            self.assertEqual(tensors[name].dtype, np.float32)

    def test_activations_are_known_by_their_values(self):
        for function, name in (
            (lambda x: torch.tanh(x), "tanh"),
            (nn.GELU(), "gelu"),
            (nn.GELU(approximate="tanh"), "gelu_tanh"),
            (nn.ELU(), "elu"),
            (torch.sin, "sin"),
            (nn.functional.softplus, "softplus"),
        ):
            layout, _ = self.convert(FNN([2, 4, 1], function))
            self.assertEqual(layout["Activation"], name)
        for function in (lambda x: torch.sin(30 * x), nn.ELU(0.5), nn.PReLU()):
            self.refuses("activation|use export", FNN([2, 4, 1], function))
        layout, _ = self.convert(
            FNN([2, 4, 1], lambda x: torch.sin(30 * x)), activation="sin(30*x)"
        )
        self.assertEqual(layout["Activation"], "sin(30*x)")

    def test_transforms_have_to_be_said_as_expressions(self):
        net = FNN([2, 4, 1], torch.tanh)
        net._output_transform = lambda x, u: x[:, :1] * u
        self.refuses("output transform in Python", net)
        layout, _ = self.convert(net, output="x*u")
        self.assertEqual(layout["Output"], "x*u")
        net._input_transform = torch.sin
        self.refuses("input transform in Python", net, output="x*u")

    def test_deeponet(self):
        layout, tensors = self.convert(DeepONetCartesianProd())
        self.assertEqual(
            layout,
            {
                "Architecture": "deeponet",
                "Activation": "sin",
                "Branch activation": "relu",
                "Trunk output": "activated",
            },
        )
        self.assertEqual(tensors["b"], 0.5)

    def test_normalizers_are_stored(self):
        layout, tensors = self.convert(
            FullyConnected(), input_mean=[0.1, 0.2], output_deviation=torch.tensor(3.0)
        )
        self.assertEqual(layout["Activation"], "leaky_relu")
        self.assertNotIn("device_buffer", tensors)
        self.assertEqual(layout["Input mean"], "input_mean")
        self.assertEqual(layout["Output deviation"], "output_deviation")
        np.testing.assert_array_equal(tensors["input_mean"], [0.1, 0.2])
        np.testing.assert_array_equal(tensors["output_deviation"], [3.0])

    def test_trees_of_jax(self):
        tree = {
            "params": {
                f"Dense_{i}": {"kernel": np.ones((2, 3)), "bias": np.zeros(3)}
                for i in range(2)
            }
        }
        layout, tensors = self.convert(tree, activation="tanh")
        self.assertEqual(
            layout, {"Architecture": "fully connected", "Activation": "tanh"}
        )
        self.assertEqual(tensors["params/Dense_1/kernel"].shape, (2, 3))
        self.refuses("activation='tanh'", tree)
        self.refuses("complex", {"w": np.ones(3, dtype=complex)})

    def test_equinox(self):
        layers = [Linear(np.ones((3, 2)), np.zeros(3)), Linear(np.ones((1, 3)), None)]
        model = MLP(layers, nn.functional.silu, lambda x: x)
        layout, tensors = self.convert(model)
        self.assertEqual(layout["Activation"], "silu")
        self.assertEqual(
            list(tensors), ["layers/0/weight", "layers/0/bias", "layers/1/weight"]
        )
        self.refuses("last layer", MLP(layers, nn.functional.silu, lambda x: 2 * x))

    def test_refusals(self):
        self.refuses("skip connections", FullyConnected(skip_connections=True))
        self.refuses("use export", nn.LSTM(2, 3))
        self.refuses("take turns", nn.Sequential(nn.Tanh(), nn.Linear(2, 1)))
        self.refuses(
            "no part of", nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3), nn.Tanh())
        )
        self.refuses("1 linear layers", nn.Sequential(nn.Linear(2, 1)))
        self.refuses("no entry", FNN([2, 4, 1], torch.tanh), outptu="u")
        self.refuses("expected a network", 3)
        with self.assertRaisesRegex(dealii_lsr.ConversionError, "ends in .npz"):
            dealii_lsr.convert(FNN([2, 4, 1], torch.tanh), "network.txt")

    def test_text_of_the_layout(self):
        layout = dealii_lsr.convert(
            FNN([2, 4, 1], torch.tanh), self.path, input_mean="0.5, 1"
        )
        self.assertEqual(
            str(layout),
            f"""subsection Network
  set File = {self.path}
  subsection Layout
    set Architecture = fully connected
    set Activation   = tanh
    set Input mean   = 0.5, 1
  end
end""",
        )
        self.assertEqual(
            layout.options(),
            [
                "--layout",
                "Architecture=fully connected",
                "--layout",
                "Activation=tanh",
                "--layout",
                "Input mean=0.5, 1",
            ],
        )


if __name__ == "__main__":
    unittest.main()
