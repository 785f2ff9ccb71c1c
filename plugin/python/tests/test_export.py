# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""export(): files are the model, the model stays as it is, refusals say why."""

import copy
import os
import tempfile
import unittest
import warnings
from types import SimpleNamespace

import torch
from torch import nn

import dealii_lsr
from dealii_lsr.tensors import relative_difference

HAS_PT2 = dealii_lsr.exporting.HAS_PT2
POINTS = torch.rand(16, 2, generator=torch.Generator().manual_seed(1))


class Net(nn.Module):
    """Two layers; what else happens is what derived classes do."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 5)
        self.outer = nn.Linear(5, 1)

    def forward(self, x):
        return self.outer(torch.tanh(self.inner(x)))


class Branching(Net):
    def forward(self, x):
        y = torch.tanh(self.inner(x))
        if bool((x > 100.0).any()):
            y = 2.0 * y
        return self.outer(y)


class SizesBakedIn(Net):
    def forward(self, x):
        return self.outer(torch.tanh(self.inner(x))).view(int(len(x)), 1)


class RowsOfTheExample(Net):
    def forward(self, x):
        return super().forward(x) + torch.ones(16, 1)


class Fourier(Net):
    """A matrix that is neither parameter nor buffer."""

    def __init__(self):
        super().__init__()
        self.matrix = torch.randn(2, 2)

    def forward(self, x):
        return super().forward(torch.sin(x @ self.matrix))


class Casting(Net):
    def forward(self, x):
        return self.outer(torch.tanh(self.inner(x)).float().to(x.dtype))


class FixedType(Net):
    def forward(self, x):
        return super().forward(x.float())


class Operator(nn.Module):
    """One argument, which is a tuple: functions x points."""

    def __init__(self):
        super().__init__()
        self.branch = nn.Linear(8, 5)
        self.trunk = nn.Linear(2, 5)

    def forward(self, inputs):
        trunk = torch.tanh(self.trunk(inputs[1]))
        return torch.einsum("bi,ni->bn", self.branch(inputs[0]), trunk)


class Dictionary(Net):
    def forward(self, inputs):
        return {"u": super().forward(inputs["x"])}


class RadialBasis(nn.Module):
    """cdist() has neither a second derivative nor forward mode."""

    def __init__(self):
        super().__init__()
        self.centres = nn.Parameter(torch.rand(5, 2))
        self.outer = nn.Linear(5, 1)

    def forward(self, x):
        return self.outer(torch.exp(-torch.cdist(x, self.centres)))


class ComplexWeights(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(2, 3, dtype=torch.complex64))

    def forward(self, x):
        return torch.exp(1j * (x.to(self.weight.dtype) @ self.weight)).real


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(1, 6, batch_first=True)
        self.outer = nn.Linear(6, 1)

    def forward(self, x):
        return self.outer(self.gru(x.unsqueeze(-1))[0][:, -1])


class Dropout(Net):
    def forward(self, x):
        return nn.functional.dropout(super().forward(x), 0.5, True)


class Centred(Net):
    def forward(self, x):
        return super().forward(x - x.mean(0))


class Counting(Net):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x):
        self.calls += 1
        return super().forward(x)


class Detached(Net):
    def forward(self, x):
        return super().forward(x).detach()


class ComplexValues(Net):
    def forward(self, x):
        return torch.exp(1j * super().forward(x))


class NoParameters(nn.Module):
    def forward(self, x):
        return x.sum(dim=1, keepdim=True)


def weight_norm():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = nn.Sequential(nn.utils.weight_norm(nn.Linear(2, 5)), nn.Linear(5, 1))
    model(POINTS)
    return model


def attention():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    return nn.Sequential(
        nn.Unflatten(1, (2, 1)),
        nn.Linear(1, 8),
        layer,
        nn.Flatten(),
        nn.Linear(16, 1),
    )


class ExportTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        torch.manual_seed(3)

    def path(self, name="network.pt"):
        return os.path.join(self.folder, name)

    def export(self, model, example=POINTS, name="network.pt"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dealii_lsr.ExportWarning)
            return dealii_lsr.export(model, example, self.path(name))

    def check_values(self, module, model, example):
        """The file against the model, which is float32 and in training mode."""
        double = copy.deepcopy(model).double().eval()
        inputs = example if isinstance(example, tuple) else (example,)
        with torch.no_grad():
            found = module(*_double(inputs))
            expected = double(*_double(inputs))
        self.assertLess(relative_difference(found, expected), 1e-14)

    def test_kinds_of_models(self):
        inputs = (torch.rand(4, 8), torch.rand(9, 2))
        models = {
            "fully connected": (Net(), POINTS),
            "batch normalization": (
                nn.Sequential(nn.Linear(2, 5), nn.BatchNorm1d(5), nn.Linear(5, 1)),
                POINTS,
            ),
            "functions x points": (Operator(), (inputs,)),
            "dictionaries": (Dictionary(), {"x": POINTS}),
            "attention": (attention(), POINTS),
            "recurrent": (Recurrent(), POINTS),
        }
        for name, (model, example) in models.items():
            with self.subTest(name):
                report = self.export(model, example)
                self.assertLess(report.value_difference, 1e-12)
                self.assertLess(report.derivative_difference, 1e-12)
                self.assertEqual(report.warnings, [])
                self.check_values(torch.jit.load(self.path()), model, example)
                if HAS_PT2:
                    report = self.export(model, example, "network.pt2")
                    self.assertLess(report.derivative_difference, 1e-12)
                    module = torch.export.load(self.path("network.pt2")).module()
                    self.check_values(module, model, example)

    def test_derivatives_of_other_kinds(self):
        for model in (RadialBasis(), ComplexWeights(), weight_norm(), Fourier()):
            with self.subTest(type(model).__name__):
                self.assertLess(self.export(model).derivative_difference, 1e-12)
        self.assertEqual(self.export(ComplexWeights()).parameters, 12)

    def test_tuple_is_one_argument_where_forward_takes_one(self):
        inputs = (torch.rand(4, 8), torch.rand(9, 2))
        self.export(Operator(), inputs)
        self.check_values(torch.jit.load(self.path()), Operator_like(self), (inputs,))

    def test_weights_are_float64_and_trainable(self):
        model = Net().requires_grad_(False)
        report = self.export(model)
        self.assertIn("frozen", report.warnings[0])
        for parameter in torch.jit.load(self.path()).parameters():
            self.assertEqual(parameter.dtype, torch.float64)
            self.assertTrue(parameter.requires_grad)

    def test_model_and_state_of_torch_are_left_alone(self):
        model = Fourier().train()
        matrix, weight = model.matrix, model.inner.weight
        before = copy.deepcopy(model.state_dict())
        random = torch.random.get_rng_state()
        self.export(model)
        self.assertTrue(model.training and model.outer.training)
        self.assertIs(model.matrix, matrix)
        self.assertIs(model.inner.weight, weight)
        self.assertEqual(model.matrix.dtype, torch.float32)
        for name, tensor in model.state_dict().items():
            self.assertEqual(tensor.dtype, torch.float32)
            self.assertTrue(torch.equal(tensor, before[name]))
        self.assertEqual(torch.get_default_dtype(), torch.float32)
        self.assertTrue(torch.equal(torch.random.get_rng_state(), random))

    def test_scripted_where_a_trace_is_another_function(self):
        for model in (Branching(), SizesBakedIn()):
            with self.subTest(type(model).__name__):
                report = self.export(model)
                self.assertIn("torch.jit.script", report.format)
        module = torch.jit.load(self.path())
        self.assertEqual(module(POINTS[:3].double()).shape, (3, 1))

    def test_loaded_torchscript_is_exported_again(self):
        self.export(Net(), name="first.pt")
        self.assertLess(
            self.export(torch.jit.load(self.path("first.pt"))).derivative_difference,
            1e-12,
        )

    def test_warnings(self):
        with self.assertWarnsRegex(dealii_lsr.ExportWarning, "float32"):
            dealii_lsr.export(Casting(), POINTS, self.path())
        with self.assertWarnsRegex(dealii_lsr.ExportWarning, "one row"):
            dealii_lsr.export(Net(), POINTS[:1], self.path())

    def test_refusals(self):
        for model, example, words in (
            (Net(), torch.rand(4, 3), "does not take the example.*shapes"),
            (Net(), torch.rand(0, 2), "no rows"),
            (Net(), [], "no tensor"),
            (Net(), torch.rand(4, 2, dtype=torch.complex64), "complex inputs"),
            (
                SimpleNamespace(net=Net()),
                POINTS,
                "found SimpleNamespace: give its .net",
            ),
            (lambda x: x, POINTS, "expected a torch.nn.Module, found function"),
            (FixedType(), POINTS, "fails in float64.*x.dtype"),
            (RowsOfTheExample(), POINTS, "number of rows written into it"),
            (Dropout(), POINTS, "dropout"),
            (Centred(), POINTS, "depend on the other points"),
            (Counting(), POINTS, "changes the buffer calls"),
            (Detached(), POINTS, "do not depend on the parameters"),
            (ComplexValues(), POINTS, "view_as_real"),
            (NoParameters(), POINTS, "no parameters"),
        ):
            with self.subTest(words):
                with self.assertRaisesRegex(dealii_lsr.ExportError, words):
                    self.export(model, example)
                self.assertEqual(os.listdir(self.folder), [])
        with self.assertRaisesRegex(dealii_lsr.ExportError, "no folder"):
            self.export(Net(), name="missing/network.pt")

    def test_good_file_stays_where_the_next_one_is_refused(self):
        self.export(Net())
        with open(self.path(), "rb") as file:
            before = file.read()
        with self.assertRaises(dealii_lsr.ExportError):
            self.export(Dropout())
        with open(self.path(), "rb") as file:
            self.assertEqual(file.read(), before)

    @unittest.skipUnless(HAS_PT2, "this torch has no torch.export with dimensions")
    def test_refusals_of_torch_export(self):
        for model, words in (
            (Branching(), "torch.where"),
            (SizesBakedIn(), "certain numbers of rows"),
        ):
            with self.assertRaisesRegex(dealii_lsr.ExportError, words):
                self.export(model, name="network.pt2")

    @unittest.skipIf(HAS_PT2, "this torch has torch.export")
    def test_old_torch_has_no_pt2(self):
        with self.assertRaisesRegex(dealii_lsr.ExportError, "needs torch 2.2"):
            self.export(Net(), name="network.pt2")


def Operator_like(test):
    """The operator with the weights of the file that the test has written."""
    model = Operator()
    model.load_state_dict(torch.jit.load(test.path()).state_dict())
    return model


def _double(inputs):
    return dealii_lsr.tensors.map_tensors(inputs, torch.Tensor.double)


if __name__ == "__main__":
    unittest.main()
