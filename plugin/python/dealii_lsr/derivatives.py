# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""Derivatives of networks in a direction of their parameters."""

from __future__ import annotations

import contextlib
from typing import Any, Iterator, Mapping

import torch
import torch.autograd.forward_ad as forward_ad

from .tensors import map_tensors, tensors_in, with_tensors


def jacobian_times(
    module: torch.nn.Module,
    arguments: tuple,
    direction: Mapping[str, torch.Tensor],
    create_graph: bool = False,
) -> tuple[Any, Any]:
    """Values q and J v, both as forward() returns them.

    J is the derivative of q with respect to the parameters named in the
    direction v. It is computed by reverse-mode differentiation twice; where an
    operator has no second derivative, by forward mode; and where that is
    missing, too, row by row. With create_graph, the result can be
    differentiated again.
    """
    parameters = dict(module.named_parameters())
    chosen = {name: parameters[name] for name in direction}
    with _trainable(chosen):
        try:
            return _by_double_reverse(
                module, arguments, chosen, direction, create_graph
            )
        except (RuntimeError, NotImplementedError) as error:
            first = error
        for method in (_by_forward_mode, _by_rows):
            with contextlib.suppress(RuntimeError, NotImplementedError):
                return method(module, arguments, chosen, direction)
    raise first


@contextlib.contextmanager
def _trainable(parameters: Mapping[str, torch.Tensor]) -> Iterator[None]:
    frozen = [p for p in parameters.values() if not p.requires_grad]
    for parameter in frozen:
        parameter.requires_grad_(True)
    try:
        yield
    finally:
        for parameter in frozen:
            parameter.requires_grad_(False)


def _run(module: torch.nn.Module, arguments: tuple) -> Any:
    if isinstance(module, torch.jit.ScriptModule):
        # The optimizing executor changes derivatives after some calls.
        with torch.jit.optimized_execution(False):
            return module(*arguments)
    return module(*arguments)


def _pairing(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    if a.is_complex():
        a, b = torch.view_as_real(a), torch.view_as_real(b)
    return (a * b).sum()


def _by_double_reverse(
    module: torch.nn.Module,
    arguments: tuple,
    parameters: Mapping[str, torch.Tensor],
    direction: Mapping[str, torch.Tensor],
    create_graph: bool,
) -> tuple[Any, Any]:
    with torch.enable_grad():
        values = _run(module, arguments)
        outputs = tensors_in(values)
        # J^T u is linear in u; its derivative with respect to u, in the
        # direction v, is J v.
        live = [i for i, q in enumerate(outputs) if q.requires_grad]
        duals = [torch.zeros_like(outputs[i], requires_grad=True) for i in live]
        tangents = [torch.zeros_like(q) for q in outputs]
        if live:
            gradients = torch.autograd.grad(
                [outputs[i] for i in live],
                list(parameters.values()),
                duals,
                create_graph=True,
                allow_unused=True,
            )
            products = [
                _pairing(gradient, direction[name].to(gradient.dtype))
                for name, gradient in zip(parameters, gradients)
                if gradient is not None and gradient.requires_grad
            ]
            if products:
                found = torch.autograd.grad(
                    sum(products),
                    duals,
                    create_graph=create_graph,
                    retain_graph=True,
                    allow_unused=True,
                )
                for i, tangent in zip(live, found):
                    if tangent is not None:
                        tangents[i] = tangent
    if not create_graph:
        values = map_tensors(values, lambda q: q.detach())
    return values, with_tensors(values, tangents)


def _places(module: torch.nn.Module) -> dict[int, list[tuple[torch.nn.Module, str]]]:
    """Where each parameter is used: shared ones have several places."""
    places: dict[int, list[tuple[torch.nn.Module, str]]] = {}
    for child in module.modules():
        names = [name for name, _ in child.named_parameters(recurse=False)]
        for name in names:
            places.setdefault(id(getattr(child, name)), []).append((child, name))
    return places


def _set(module: torch.nn.Module, name: str, tensor: torch.Tensor) -> None:
    if isinstance(module, torch.jit.ScriptModule):
        module._c.setattr(name, tensor)
    else:
        module._parameters[name] = tensor  # type: ignore[assignment]


@contextlib.contextmanager
def _replaced(
    module: torch.nn.Module,
    parameters: Mapping[str, torch.Tensor],
    tensors: Mapping[str, torch.Tensor],
) -> Iterator[None]:
    places = _places(module)
    swaps = [
        (*place, parameter, tensors[name])
        for name, parameter in parameters.items()
        for place in places[id(parameter)]
    ]
    for child, name, _, tensor in swaps:
        _set(child, name, tensor)
    try:
        yield
    finally:
        for child, name, parameter, _ in swaps:
            _set(child, name, parameter)


def _by_forward_mode(
    module: torch.nn.Module,
    arguments: tuple,
    parameters: Mapping[str, torch.Tensor],
    direction: Mapping[str, torch.Tensor],
) -> tuple[Any, Any]:
    with torch.no_grad(), forward_ad.dual_level():
        duals = {
            name: forward_ad.make_dual(p.detach(), direction[name].to(p.dtype))
            for name, p in parameters.items()
        }
        with _replaced(module, parameters, duals):
            values = _run(module, arguments)
        pairs = [forward_ad.unpack_dual(q) for q in tensors_in(values)]
        tangents = [
            torch.zeros_like(p.primal) if p.tangent is None else p.tangent
            for p in pairs
        ]
        values = with_tensors(values, [p.primal for p in pairs])
    return values, with_tensors(values, tangents)


def _by_rows(
    module: torch.nn.Module,
    arguments: tuple,
    parameters: Mapping[str, torch.Tensor],
    direction: Mapping[str, torch.Tensor],
) -> tuple[Any, Any]:
    with torch.enable_grad():
        values = _run(module, arguments)
        flattened = [output.flatten() for output in tensors_in(values)]
        tangents = [torch.zeros_like(output.detach()) for output in flattened]
        for output, tangent in zip(flattened, tangents):
            for i, entry in enumerate(output if output.requires_grad else []):
                gradients = torch.autograd.grad(
                    entry,
                    list(parameters.values()),
                    retain_graph=True,
                    allow_unused=True,
                )
                tangent[i] = sum(
                    _pairing(gradient, direction[name].to(gradient.dtype))
                    for name, gradient in zip(parameters, gradients)
                    if gradient is not None
                )
    values = map_tensors(values, lambda q: q.detach())
    tangents = [t.reshape(q.shape) for t, q in zip(tangents, tensors_in(values))]
    return values, with_tensors(values, tangents)
