# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""Tensors inside of tuples, lists and dicts."""

from __future__ import annotations

import contextlib
from typing import Any, Callable, Iterator, Sequence

import torch


def to_double(tensor: torch.Tensor) -> torch.Tensor:
    """Floating point numbers to float64, complex ones to complex128, no others."""
    if tensor.is_complex():
        return tensor.to(torch.complex128)
    return tensor.to(torch.float64) if tensor.is_floating_point() else tensor


def map_tensors(value: Any, function: Callable) -> Any:
    """Apply a function to the tensors inside of tuples, lists and dicts."""
    if isinstance(value, torch.Tensor):
        return function(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(map_tensors(v, function) for v in value))
    if isinstance(value, (tuple, list)):
        return type(value)(map_tensors(v, function) for v in value)
    if isinstance(value, dict):
        return type(value)((k, map_tensors(v, function)) for k, v in value.items())
    return value


def tensors_in(value: Any) -> list[torch.Tensor]:
    """The tensors inside of tuples, lists and dicts, in their order."""
    found: list[torch.Tensor] = []
    map_tensors(value, found.append)
    return found


def with_tensors(value: Any, tensors: Sequence[torch.Tensor]) -> Any:
    """The same structure around other tensors."""
    iterator = iter(tensors)
    return map_tensors(value, lambda _: next(iterator))


def relative_difference(a: Any, b: Any) -> float:
    """The largest difference to b, relative to the largest value of each tensor;
    infinite where shapes are different, or where not both are finite."""
    a, b = tensors_in(a), tensors_in(b)
    if len(a) != len(b):
        return float("inf")
    worst = 0.0
    for x, y in zip(a, b):
        x, y = x.detach().double(), y.detach().double()
        if x.shape != y.shape or not torch.equal(x.isfinite(), y.isfinite()):
            return float("inf")
        x, y = x[y.isfinite()], y[y.isfinite()]
        if x.numel() > 0 and not torch.equal(x, y):
            worst = max(worst, float((x - y).abs().max() / y.abs().max()))
    return worst


@contextlib.contextmanager
def default_double() -> Iterator[None]:
    """Tensors that forward() makes are float64."""
    previous = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(previous)
