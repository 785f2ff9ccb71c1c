# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""load_refined(): the first-order expansion of the network, wherever it is used."""

import hashlib
import io
import json
import os
import tempfile
import unittest
import warnings
import zipfile

import numpy as np
import torch
from torch import nn

import dealii_lsr
from test_export import HAS_PT2, ComplexWeights, Net, Operator, RadialBasis


def npy(array):
    stream = io.BytesIO()
    np.save(stream, np.asarray(array, dtype=np.float64))
    return stream.getvalue()


def flat(parameter):
    values = parameter.detach()
    values = torch.view_as_real(values) if values.is_complex() else values
    return values.double().numpy().ravel()


def write_refined(path, network, model, corrections, scaling=None, thetas=None):
    """A file as the library writes it; the first correction is the present one."""
    shapes = [
        {"name": name, "shape": [*p.shape, 2] if p.is_complex() else list(p.shape)}
        for name, p in model.named_parameters()
    ]
    theta = np.concatenate([flat(p) for p in model.parameters()])
    thetas = thetas or [theta] * len(corrections)
    files = {
        "network": network,
        "parameters.npy": npy(thetas[0]),
        "correction.npy": npy(corrections[0]),
        "extra/note": b"a text",
    }
    if len(corrections) > 1:
        pairs = list(zip(thetas[1:], corrections[1:]))
        files["earlier.npy"] = npy(pairs)
    index = {
        "format": "dealii_lsr refined network",
        "version": 1,
        "written_by": "a test",
        "inputs": 2,
        "outputs": 1,
        "scaling": {
            name: (scaling or {}).get(name, [])
            for name in ("input_shift", "input_scale", "output_shift", "output_scale")
        },
        "parameters": shapes,
        "files": {k: hashlib.sha256(v).hexdigest() for k, v in files.items()},
    }
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("lsr.json", json.dumps(index))
        for name, content in files.items():
            archive.writestr(name, content)


def dense_jacobian(model, inputs):
    """Rows by reverse mode: nothing that load_refined() uses first."""
    rows = []
    for entry in model(*inputs).flatten():
        gradients = torch.autograd.grad(
            entry, list(model.parameters()), retain_graph=True
        )
        rows.append(np.concatenate([flat(g) for g in gradients]))
    return np.array(rows)


class RefinedTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "refined.pt")
        torch.manual_seed(5)
        self.generator = np.random.default_rng(5)
        self.points = torch.rand(7, 2, dtype=torch.float64)

    def exported(self, model, example=None, suffix=".pt"):
        name = self.path.replace("refined.pt", "network" + suffix)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dealii_lsr.ExportWarning)
            dealii_lsr.export(model, self.points if example is None else example, name)
        with open(name, "rb") as file:
            return file.read()

    def correction(self, model):
        count = sum(len(flat(p)) for p in model.parameters())
        return self.generator.standard_normal(count)

    def expected(self, model, inputs, correction):
        change = dense_jacobian(model, inputs) @ correction
        values = model(*inputs).detach()
        return values + torch.from_numpy(change).reshape(values.shape)

    def assert_close(self, found, expected, tolerance=1e-13):
        scale = float(expected.abs().max())
        self.assertLess(
            float((found - expected).detach().abs().max()), tolerance * scale
        )

    def test_first_order_expansion(self):
        inputs = (torch.rand(4, 8).double(), torch.rand(9, 2).double())
        for model, arguments in (
            (Net(), (self.points,)),
            (RadialBasis(), (self.points,)),
            (ComplexWeights(), (self.points,)),
            (Operator(), (inputs,)),
        ):
            network = self.exported(model, arguments)
            correction = self.correction(model)
            write_refined(self.path, network, model, [correction])
            original = type(model)()
            original.load_state_dict(model.state_dict())
            model = dealii_lsr.models.copy_model(model)
            dealii_lsr.models.convert_to_double(model)
            expected = self.expected(model, arguments, correction)
            for refined in (
                dealii_lsr.load_refined(self.path),
                dealii_lsr.load_refined(self.path, original),
            ):
                with self.subTest(type(model).__name__):
                    for _ in range(5):
                        self.assert_close(refined(*arguments), expected)
                    with torch.no_grad():
                        self.assert_close(refined(*arguments), expected)
                    with torch.inference_mode():
                        self.assert_close(refined(*arguments), expected)

    @unittest.skipUnless(HAS_PT2, "this torch has no torch.export with dimensions")
    def test_exported_program_inside(self):
        model = Net().double()
        correction = self.correction(model)
        network = self.exported(model, suffix=".pt2")
        write_refined(self.path, network, model, [correction])
        expected = self.expected(model, (self.points,), correction)
        self.assert_close(dealii_lsr.load_refined(self.path)(self.points), expected)

    def test_earlier_corrections_and_scaling(self):
        model = Net().double()
        network = self.exported(model)
        thetas = [self.correction(model) for _ in range(3)]
        corrections = [self.correction(model) for _ in range(3)]
        scaling = {
            "input_shift": [0.5, -1.0],
            "input_scale": [2.0, 3.0],
            "output_shift": [0.25],
            "output_scale": [-4.0],
        }
        write_refined(self.path, network, model, corrections, scaling, thetas)

        scaled = (self.points - torch.tensor([0.5, -1.0])) * torch.tensor([2.0, 3.0])
        expected = 0.0
        for i, (theta, correction) in enumerate(zip(thetas, corrections)):
            nn.utils.vector_to_parameters(torch.from_numpy(theta), model.parameters())
            term = self.expected(model, (scaled,), correction)
            expected = expected + (term - model(scaled).detach() if i else term)
        refined = dealii_lsr.load_refined(self.path)
        self.assert_close(refined(self.points), 0.25 - 4.0 * expected)
        self.assertEqual(refined.file.extra, {"note": b"a text"})

    def test_can_be_differentiated_and_converted(self):
        model = Net().double()
        correction = self.correction(model)
        write_refined(self.path, self.exported(model), model, [correction])
        for given in (None, model):
            refined = dealii_lsr.load_refined(self.path, given)
            x = self.points.clone().requires_grad_(True)
            (gradient,) = torch.autograd.grad(refined(x).sum(), x, create_graph=True)
            (second,) = torch.autograd.grad(gradient[:, 0].sum(), x)
            h, e = 1e-4, torch.tensor([1.0, 0.0])
            below, here, above = (refined(x + k * h * e).detach() for k in (-1, 0, 1))
            self.assert_close(gradient[:, :1], (above - below) / (2 * h), 1e-6)
            self.assert_close(second[:, :1], (above - 2 * here + below) / h**2, 1e-5)
            single = dealii_lsr.load_refined(self.path, given).float()(self.points)
            self.assertEqual(single.dtype, torch.float32)
            self.assert_close(single, here, 1e-5)

    def test_frozen_refined_network(self):
        model = Net().double()
        correction = self.correction(model)
        write_refined(self.path, self.exported(model), model, [correction])
        refined = dealii_lsr.load_refined(self.path).requires_grad_(False)
        expected = self.expected(model, (self.points,), correction)
        self.assert_close(refined(self.points), expected)

    def test_model_is_left_alone(self):
        model = Net()
        before = [p.clone() for p in model.parameters()]
        write_refined(self.path, self.exported(model), model, [self.correction(model)])
        dealii_lsr.load_refined(self.path, model)(self.points)
        for p, q in zip(model.parameters(), before):
            self.assertTrue(torch.equal(p, q))
            self.assertEqual(p.dtype, torch.float32)

    def test_names_with_a_prefix(self):
        inner = Net()
        outer = nn.Sequential(inner).double()
        correction = self.correction(inner)
        write_refined(self.path, self.exported(inner), inner, [correction])
        refined = dealii_lsr.load_refined(self.path, outer)
        expected = self.expected(inner.double(), (self.points,), correction)
        self.assert_close(refined(self.points), expected)

    def test_refusals(self):
        class Other(Net):
            def forward(self, x):
                return self.outer(torch.sin(self.inner(x)))

        model = Net()
        network = self.exported(model)
        write_refined(self.path, network, model, [self.correction(model)])
        refined = dealii_lsr.load_refined(self.path, Other())
        with self.assertRaisesRegex(dealii_lsr.RefinedFileError, "other values"):
            refined(self.points)
        with self.assertRaisesRegex(dealii_lsr.RefinedFileError, "inner.weight"):
            dealii_lsr.load_refined(self.path, nn.Sequential(nn.Linear(2, 1)))

        write_refined(self.path, b"state", model, [self.correction(model)])
        with self.assertRaisesRegex(dealii_lsr.RefinedFileError, "give the model"):
            dealii_lsr.load_refined(self.path)
        dealii_lsr.load_refined(self.path, model)(self.points)

        with open(self.path, "rb") as file:
            content = file.read()
        for damaged, words in (
            (b"no zip", "no refined network"),
            (network, "no refined network"),
            (content.replace(b"a text", b"a tixt"), "CRC|damaged"),
            (content.replace(b'"version": 1', b'"version": 2'), "CRC|version 2"),
        ):
            with open(self.path, "wb") as file:
                file.write(damaged)
            with self.assertRaisesRegex(dealii_lsr.RefinedFileError, words):
                dealii_lsr.load_refined(self.path)


if __name__ == "__main__":
    unittest.main()
