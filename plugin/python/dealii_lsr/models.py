# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""Copies of models in float64, and what still computes in less."""

from __future__ import annotations

import copy
import io
import warnings
from functools import partial
from typing import Any, Callable

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from .tensors import map_tensors, tensors_in, to_double


def plain_model(model: torch.nn.Module) -> torch.nn.Module:
    """The module inside of torch.compile() and of wrappers for several devices."""
    while True:
        if hasattr(model, "_orig_mod"):
            model = model._orig_mod
        elif isinstance(
            model,
            (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel),
        ):
            model = model.module
        else:
            return model


def copy_model(model: torch.nn.Module) -> torch.nn.Module:
    """A copy on the CPU in evaluation mode; the model itself stays as it is."""
    # Tensors that were computed from parameters (as the weights of the old
    # weight_norm) refuse to be copied, and copies of TorchScript modules keep
    # autograd's record of the type that their parameters had.
    memo: dict[int, Any] = {}
    for module in model.modules():
        if isinstance(module, torch.jit.ScriptModule):
            memo.setdefault(id(module), _copy_script(module))
            continue
        for value in vars(module).values():
            for tensor in tensors_in(value):
                if not tensor.is_leaf:
                    memo[id(tensor)] = tensor.detach().clone()
    result = copy.deepcopy(model, memo).cpu().eval()
    _convert_attributes(result, lambda tensor: tensor.cpu())
    return result


def _copy_script(module: torch.jit.ScriptModule) -> torch.jit.ScriptModule:
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated
        torch.jit.save(module, stream)
        stream.seek(0)
        return torch.jit.load(stream, map_location="cpu")


def convert_to_double(model: torch.nn.Module) -> None:
    """Convert parameters, buffers and plain attributes that are tensors."""
    model._apply(to_double)
    _convert_attributes(model, to_double)


def _convert_attributes(model: torch.nn.Module, function: Callable) -> None:
    if isinstance(model, torch.jit.ScriptModule):
        return
    for module in model.modules():
        for name, value in list(vars(module).items()):
            if name not in ("_parameters", "_buffers", "_modules"):
                if tensors_in(value):
                    vars(module)[name] = map_tensors(value, function)


def untrained_attributes(model: torch.nn.Module) -> list[str]:
    """Tensors that ask for a gradient and are no parameters; they become constants."""
    found: list[str] = []
    if isinstance(model, torch.jit.ScriptModule):
        return found
    parameters = {id(p) for p in model.parameters()}

    def freeze(path: str, tensor: torch.Tensor) -> torch.Tensor:
        if not tensor.requires_grad or id(tensor) in parameters:
            return tensor
        if tensor.is_leaf:
            found.append(path)
        return tensor.detach()

    for prefix, module in model.named_modules():
        for name, value in list(vars(module).items()):
            if name not in ("_parameters", "_buffers", "_modules"):
                if tensors_in(value):
                    path = f"{prefix}.{name}" if prefix else name
                    vars(module)[name] = map_tensors(value, partial(freeze, path))
    return found


class Operators(TorchDispatchMode):
    """Watches the operators that forward() calls."""

    low = (torch.float32, torch.float16, torch.bfloat16, torch.complex64)
    reading = ("aten._local_scalar_dense", "aten.item", "aten.equal", "aten.is_nonzero")

    def __init__(self) -> None:
        super().__init__()
        # Those that return less than float64.
        self.low_precision: dict[str, torch.dtype] = {}
        # Whether a value went to Python, where code may branch on it.
        self.read_values = False

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        name = str(function).rsplit(".", 1)[0]
        self.read_values = self.read_values or name in self.reading
        for tensor in tensors_in(result):
            if tensor.dtype in self.low:
                self.low_precision.setdefault(name, tensor.dtype)
        return result
