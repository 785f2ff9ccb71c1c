# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""Write a PyTorch model into a file that dealii_lsr reads, and check it."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import io
import logging
import os
import re
import warnings
from pathlib import Path
from typing import Any, Callable, Iterator, Sequence

import torch

from .derivatives import jacobian_times
from .models import (
    Operators,
    convert_to_double,
    copy_model,
    plain_model,
    untrained_attributes,
)
from .tensors import (
    default_double,
    map_tensors,
    relative_difference,
    tensors_in,
    to_double,
)

# Relative to the largest value: a graph repeats the operators of its origin.
TOLERANCE = 1e-10

# Whether torch.export writes batches of any size.
HAS_PT2 = hasattr(getattr(torch, "export", None), "Dim")


class ExportError(RuntimeError):
    """The model cannot be written as it is; the message says what to do."""


class ExportWarning(UserWarning):
    """The file was written, but is less than one might expect."""


@dataclasses.dataclass
class ExportReport:
    """What was written, and how close it is to the model."""

    path: str
    format: str
    parameters: int
    value_difference: float
    derivative_difference: float
    warnings: list[str] = dataclasses.field(default_factory=list)

    def __str__(self) -> str:
        lines = [
            f"{self.path}: {self.format}, {self.parameters} parameters",
            f"  difference of values {self.value_difference:.1e}, of derivatives "
            f"{self.derivative_difference:.1e} (relative, other points)",
        ]
        return "\n".join(lines + [f"  warning: {text}" for text in self.warnings])


def export(
    model: torch.nn.Module,
    example: Any,
    path: str | os.PathLike,
) -> ExportReport:
    """Write a model into a file that dealii_lsr reads.

    A path that ends in .pt2 is written by torch.export, with batches of any
    size; any other is TorchScript, traced, or scripted where forward()
    branches on its input.

    The example is what forward() is called with: a tensor with one row for each
    point, or a tuple of arguments (which are tensors, or tuples, lists and dicts
    of tensors). It should be from the domain of the model: points between
    those of the example are used to compare. Two or more rows are needed.

    The model is copied and stays as it is; the copy is in evaluation mode and
    float64. What was written is read again and compared with the model: values
    at other points and with other numbers of rows, and a derivative in a random
    direction of the parameters. Raises ExportError, with what to do, if the
    file would be another function than the model or none that can be refined;
    issues an ExportWarning where digits are lost.
    """
    path = Path(path)
    exporter = _Exporter(model, example)
    with torch.random.fork_rng(devices=[]):
        write = exporter.write_pt2 if path.suffix == ".pt2" else exporter.write_script
        report = write(path)
    for text in report.warnings:
        warnings.warn(text, ExportWarning, stacklevel=2)
    return report


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # TorchScript puts the user's own words last.
    for line in reversed(lines):
        if re.match(r"(\w+\.)*\w*(Error|Exception)\b", line):
            return line
    return lines[0] if lines else type(error).__name__


def _numbers_of_rows(arguments: Any) -> list[int]:
    return sorted({t.shape[0] for t in tensors_in(arguments) if t.dim() > 0})


class _Samples:
    """Points between those of the example, in any number."""

    def __init__(self, arguments: tuple) -> None:
        self.arguments = arguments
        self.rows = _numbers_of_rows(arguments)

    def draw(self, seed: int, more_rows: int = 0) -> tuple:
        """Inputs that were each one row are given the same number of rows."""
        generator = torch.Generator().manual_seed(seed)

        def between(tensor: torch.Tensor) -> torch.Tensor:
            if tensor.dim() == 0:
                return tensor.clone()
            n = tensor.shape[0]
            count = max(1, n + more_rows)
            first = torch.randint(n, (count,), generator=generator)
            second = torch.randint(n, (count,), generator=generator)
            if not tensor.is_floating_point():
                return tensor[first]
            t = torch.rand(count, generator=generator, dtype=torch.float64)
            t = t.reshape(-1, *([1] * (tensor.dim() - 1))).to(tensor.dtype)
            return tensor[first] + t * (tensor[second] - tensor[first])

        return map_tensors(self.arguments, between)

    def row(self, arguments: tuple, i: int) -> tuple:
        return map_tensors(arguments, lambda t: t[i : i + 1] if t.dim() > 0 else t)


class _Exporter:
    def __init__(self, model: torch.nn.Module, example: Any) -> None:
        if not isinstance(model, torch.nn.Module):
            inside = [
                name
                for name in ("net", "model", "network")
                if isinstance(getattr(model, name, None), torch.nn.Module)
            ]
            raise ExportError(
                f"expected a torch.nn.Module, found {type(model).__name__}"
                + (f": give its .{inside[0]}" if inside else "")
            )
        self.notes: list[str] = []
        with default_double():
            self.reference = copy_model(plain_model(model))
            constants = untrained_attributes(self.reference)
        if constants:
            self.notes.append(
                f"{', '.join(constants)}: no torch.nn.Parameter, although it requires a "
                "gradient; a constant in the file"
            )
        arguments = example if isinstance(example, tuple) else (example,)
        arguments = map_tensors(arguments, lambda t: t.detach().cpu())
        self._check_example(arguments)
        original_values, arguments = self._run_original(arguments)

        convert_to_double(self.reference)
        self._make_trainable()
        self.samples = _Samples(map_tensors(arguments, to_double))
        self._check_reference(original_values)

    # ------------------------------------------------------------- the model

    def _check_example(self, arguments: tuple) -> None:
        tensors = tensors_in(arguments)
        if not tensors:
            raise ExportError("the example has no tensor: give points, one row each")
        if any(t.is_complex() for t in tensors):
            raise ExportError("complex inputs: dealii_lsr hands over real points only")
        rows = [t.shape[0] for t in tensors if t.dim() > 0]
        if not rows or min(rows) == 0:
            raise ExportError("the example has no rows: give points, one row each")

    def _run_original(self, arguments: tuple) -> tuple[Any, tuple]:
        """Values in the precision of the model; the arguments as it takes them."""
        floating = [
            t.dtype
            for t in [*self.reference.parameters(), *self.reference.buffers()]
            if t.is_floating_point()
        ]
        dtype = floating[0] if floating else torch.get_default_dtype()
        arguments = map_tensors(
            arguments, lambda t: t.to(dtype) if t.is_floating_point() else t
        )

        def run(inputs: tuple) -> Any:
            with torch.no_grad():
                return self.reference(*map_tensors(inputs, torch.clone))

        try:
            return run(arguments), arguments
        except Exception as error:  # noqa: BLE001: whatever forward() raises
            if len(arguments) > 1:
                with contextlib.suppress(Exception):
                    return run((arguments,)), (arguments,)
            raise ExportError(
                f"the model does not take the example: {_first_line(error)}"
            ) from error

    def _make_trainable(self) -> None:
        parameters = [p for p in self.reference.parameters() if not _is_integer(p)]
        if not parameters:
            raise ExportError(
                "the model has no parameters: weights that are plain tensors have to be "
                "torch.nn.Parameter"
            )
        if not any(p.requires_grad for p in parameters):
            self.notes.append(
                "all parameters are frozen (requires_grad=False); in the file they are "
                "trainable, as a refinement needs them"
            )
            for parameter in parameters:
                parameter.requires_grad_(True)

    def _values(self, module: Callable, arguments: tuple) -> Any:
        with torch.no_grad(), default_double():
            return module(*map_tensors(arguments, torch.clone))

    def _check_reference(self, original_values: Any) -> None:
        arguments = self.samples.arguments
        state = {k: v.clone() for k, v in self.reference.named_buffers()}
        inputs = map_tensors(arguments, torch.clone)
        operators = Operators()
        try:
            with torch.no_grad(), default_double(), operators:
                values = self.reference(*inputs)
        except Exception as error:  # noqa: BLE001
            raise ExportError(
                "forward() fails in float64, in which networks are refined: "
                f"{_first_line(error)} (types written into the code, as .float() or "
                "dtype=torch.float32, have to follow the input: x.dtype)"
            ) from error
        self._check_outputs(values)

        for name, tensor in self.reference.named_buffers():
            if not torch.equal(tensor, state[name]):
                raise ExportError(
                    f"forward() changes the buffer {name}: a network has to be a function "
                    "of its inputs alone"
                )
        again = self._values(self.reference, arguments)
        if relative_difference(again, values) > 0:
            raise ExportError(
                "forward() returns other values for the same points: dropout in training "
                "mode, or random numbers"
            )
        self._check_single_rows(arguments, values)

        if relative_difference(inputs, arguments) > 0:
            self.notes.append("forward() writes into its inputs")
        self.reads_values = operators.read_values
        if operators.low_precision:
            dtype = sorted({str(d) for d in operators.low_precision.values()})
            self.notes.append(
                f"forward() computes in {', '.join(dtype)} although weights and points are "
                f"float64 ({', '.join(sorted(operators.low_precision))}): the file has no more "
                "digits than that; let types follow the input (x.dtype)"
            )
        elif relative_difference(original_values, values) > 1e-3:
            self.notes.append(
                "in float64 values differ by "
                f"{relative_difference(original_values, values):.1e} from those of the model in its "
                "own precision: its float32 values are inaccurate, or forward() depends "
                "on the type"
            )

    def _check_outputs(self, values: Any) -> None:
        outputs = tensors_in(values)
        if not outputs:
            raise ExportError(
                f"forward() returns {type(values).__name__}, expected a tensor, or a tuple, "
                "list or dict of tensors"
            )
        for output in outputs:
            if output.is_complex():
                raise ExportError(
                    "forward() returns complex numbers: return their real and imaginary "
                    "parts as two outputs (torch.view_as_real)"
                )
            if not output.is_floating_point():
                raise ExportError(
                    f"forward() returns {output.dtype}, which has no derivatives"
                )
            if not bool(torch.isfinite(output).all()):
                raise ExportError(
                    "forward() returns values that are not finite at the points of the example"
                )

    def _check_single_rows(self, arguments: tuple, values: Any) -> None:
        """Whether the value at a point depends on the other points."""
        n = self.samples.rows
        if len(n) != 1 or n[0] < 2:
            return  # functions x points: rows of several inputs
        for i in (0, n[0] - 1):
            try:
                alone = self._values(self.reference, self.samples.row(arguments, i))
            except Exception as error:  # noqa: BLE001
                raise ExportError(
                    f"forward() fails for a single row: {_first_line(error)}"
                ) from error
            for output in tensors_in(values):
                if output.dim() == 0 or output.shape[0] != n[0]:
                    return  # no row for each point: left to the library
            row = map_tensors(values, lambda t: t[i].flatten())
            alone = map_tensors(alone, lambda t: t.flatten())
            if any(
                a.shape != b.shape for a, b in zip(tensors_in(alone), tensors_in(row))
            ):
                raise ExportError(
                    f"forward() returns {tensors_in(alone)[0].numel()} numbers for one row, "
                    f"and {tensors_in(row)[0].numel()} for each of {n[0]} rows: it has a "
                    "number of rows written into it"
                )
            if relative_difference(alone, row) > 1e-8:
                raise ExportError(
                    "the values at a point depend on the other points of the batch (batch "
                    "normalization in training mode, means or maxima over rows): no "
                    "function of a point"
                )

    # ---------------------------------------------------------- what is written

    def write_script(self, path: Path) -> ExportReport:
        # A trace follows one branch of the code, what was scripted has them all.
        methods = [self._trace, self._script]
        if self.reads_values:
            methods.reverse()
        failures: list[str] = []
        for method in methods:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                try:
                    module = method()
                except Exception as error:  # noqa: BLE001
                    failures.append(
                        f"torch.jit.{method.__name__[1:]}: {_first_line(error)}"
                    )
                    continue
            name = f"TorchScript by torch.jit.{method.__name__[1:]}"
            try:
                report = self._save_and_check(
                    path, name, lambda p, m=module: torch.jit.save(m, p), _load_script
                )
            except _Mismatch as error:
                failures.append(f"torch.jit.{method.__name__[1:]}: {error}")
                continue
            if self.reads_values and method == self._trace:
                report.warnings.append(
                    "forward() reads values of tensors in Python; the file follows the one "
                    "branch that the example takes" + _where_values_are_read(caught)
                )
            return report
        raise ExportError("; ".join(failures))

    def _trace(self) -> torch.nn.Module:
        arguments = map_tensors(self.samples.arguments, torch.clone)
        with default_double():
            return torch.jit.trace(
                self.reference, arguments, check_trace=False, strict=False
            )

    def _script(self) -> torch.nn.Module:
        with default_double():
            return torch.jit.script(self.reference)

    def write_pt2(self, path: Path) -> ExportReport:
        if not HAS_PT2:
            raise ExportError(
                f"{path}: torch.export with batches of any size needs torch 2.2 or newer, "
                f"this is {torch.__version__}; a name that ends in .pt gives TorchScript"
            )
        program = self._export_program()
        return self._save_and_check(
            path,
            "torch.export",
            lambda p: torch.export.save(program, p),
            lambda p: torch.export.load(p).module(),
        )

    def _export_program(self) -> Any:
        # One row is specialized.
        more_rows = 2 if 1 in self.samples.rows else 0
        arguments = self.samples.draw(seed=1, more_rows=more_rows)
        # Without a bound, torch 2.6 finds recurrent layers wrong for 2^63 - 1 rows.
        dimensions = {
            n: torch.export.Dim(f"rows{i}", max=2**31 - 1)
            for i, n in enumerate(_numbers_of_rows(arguments))
        }
        shapes = map_tensors(
            arguments, lambda t: {0: dimensions[t.shape[0]]} if t.dim() > 0 else None
        )
        try:
            with default_double(), _quiet():
                # Strict mode, the default once, adds conditions of its own.
                takes = inspect.signature(torch.export.export).parameters
                options = {"strict": False} if "strict" in takes else {}
                return torch.export.export(
                    self.reference, arguments, dynamic_shapes=shapes, **options
                )
        except Exception as error:  # noqa: BLE001
            text = str(error)
            if re.search(r"[Cc]onstraint|speciali[sz]ed|marked .* as dynamic", text):
                details = re.findall(r"^\s*- (.*)$", text, re.MULTILINE)
                raise ExportError(
                    "torch.export finds that forward() takes certain numbers of rows only: "
                    + ("; ".join(details) or _first_line(error))
                ) from error
            raise ExportError(
                f"torch.export cannot write this model: {_first_line(error)} (branches on "
                "values need torch.where or torch.cond)"
            ) from error

    # -------------------------------------------------------------- comparison

    def _save_and_check(
        self,
        path: Path,
        name: str,
        save: Callable[[str], None],
        load: Callable[[str], torch.nn.Module],
    ) -> ExportReport:
        with _temporary_beside(path) as temporary, _quiet():
            save(temporary)
            module = load(temporary)
            report = self._compare(module, str(path), name)
            os.replace(temporary, path)
        return report

    def _compare(self, module: torch.nn.Module, path: str, name: str) -> ExportReport:
        report = ExportReport(path, name, self._count(), 0.0, 0.0, list(self.notes))
        if self.samples.rows == [1]:
            report.warnings.append(
                "the example has one row: other points could not be compared"
            )
        # The last has one row, or as many as the smallest input allows.
        fewer = 1 - min(self.samples.rows)
        for seed, more_rows in enumerate((0, 0, 3, fewer)):
            arguments = self.samples.draw(seed, more_rows)
            report.value_difference = max(
                report.value_difference, self._value_difference(module, arguments)
            )
        report.derivative_difference = self._derivative_difference(module, report)
        return report

    def _value_difference(self, module: torch.nn.Module, arguments: tuple) -> float:
        rows = ", ".join(map(str, _numbers_of_rows(arguments)))
        try:
            expected = self._values(self.reference, arguments)
        except Exception as error:  # noqa: BLE001
            raise ExportError(
                f"forward() fails for other points, or {rows} of them: {_first_line(error)}"
            ) from error
        try:
            found = self._values(module, arguments)
        except Exception as error:  # noqa: BLE001
            raise _Mismatch(
                f"what was written does not take {rows} rows, but only those of the example "
                f"({', '.join(map(str, self.samples.rows))}): sizes as numbers in forward() "
                f"(len(x), x.shape[0]) have to stay sizes (x.size(0), -1). {_first_line(error)}"
            ) from error
        difference = relative_difference(found, expected)
        if difference > TOLERANCE:
            raise _Mismatch(
                f"what was written differs by {difference:.1e} at other points ({rows} rows): "
                "forward() branches on values, or has the example's number of rows "
                "written into it"
            )
        return difference

    def _derivative_difference(
        self, module: torch.nn.Module, report: ExportReport
    ) -> float:
        arguments = self.samples.draw(seed=5)
        generator = torch.Generator().manual_seed(7)
        found_parameters = dict(module.named_parameters())
        direction = {
            name: torch.randn(p.shape, generator=generator, dtype=p.dtype)
            for name, p in self.reference.named_parameters()
            if p.requires_grad
        }
        with default_double():
            try:
                _, expected = jacobian_times(
                    self.reference, map_tensors(arguments, torch.clone), direction
                )
            except Exception as error:  # noqa: BLE001
                raise ExportError(
                    f"the model has no derivatives by its parameters: {_first_line(error)}"
                ) from error
            if not any(bool(t.any()) for t in tensors_in(expected)):
                raise ExportError(
                    "the values do not depend on the parameters (detach(), .data or "
                    "torch.no_grad() in forward(), or a network that is constant here)"
                )
            if not all(bool(torch.isfinite(t).all()) for t in tensors_in(expected)):
                report.warnings.append(
                    "derivatives by the parameters are not finite at some points"
                )
                return float("nan")
            _, found = jacobian_times(
                module,
                map_tensors(arguments, torch.clone),
                {n: v for n, v in direction.items() if n in found_parameters},
            )
        difference = relative_difference(found, expected)
        if difference > TOLERANCE:
            raise _Mismatch(
                f"derivatives by the parameters differ by {difference:.1e}: some parameters "
                "became constants"
            )
        return difference

    def _count(self) -> int:
        return sum(
            p.numel() * (2 if p.is_complex() else 1)
            for p in self.reference.parameters()
            if p.requires_grad
        )


class _Mismatch(ExportError):
    """What was written is not the model."""


def _is_integer(tensor: torch.Tensor) -> bool:
    return not (tensor.is_floating_point() or tensor.is_complex())


def _load_script(path: str) -> torch.nn.Module:
    return torch.jit.load(path, map_location="cpu")


def _where_values_are_read(caught: list[warnings.WarningMessage]) -> str:
    for warning in caught:
        if issubclass(warning.category, torch.jit.TracerWarning):
            return f" ({Path(warning.filename).name}, line {warning.lineno})"
    return ""


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No warnings and logs of torch: its exceptions tell what counts."""
    previous = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(previous)


@contextlib.contextmanager
def _temporary_beside(path: Path) -> Iterator[str]:
    """A name in the same folder: what is there stays until the new file is good."""
    if not path.parent.is_dir():
        raise ExportError(f"{path}: there is no folder {path.parent}")
    name = str(path.with_name(f"{path.stem}-{os.getpid()}{path.suffix}"))
    try:
        yield name
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(name)


__all__: Sequence[str] = ["ExportError", "ExportReport", "ExportWarning", "export"]
