# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""Refined networks as modules of PyTorch."""

from __future__ import annotations

import io
import os
import warnings
import zipfile
from typing import Any, Sequence

import numpy as np
import torch

from .derivatives import jacobian_times
from .models import convert_to_double, copy_model, plain_model
from .refined_file import RefinedFile, RefinedFileError, read_refined
from .tensors import (
    default_double,
    map_tensors,
    relative_difference,
    tensors_in,
    to_double,
    with_tensors,
)


class RefinedNetwork(torch.nn.Module):
    """q(x) = N(x) + J(x) Δθ, which is not N with parameters θ + Δθ.

    It is called as the network N, and returns what N returns, in float64. It
    can be differentiated, and moved to other devices.
    """

    def __init__(
        self,
        networks: Sequence[torch.nn.Module],
        names: Sequence[dict[str, str]],
        file: RefinedFile,
        origin: torch.nn.Module | None = None,
    ) -> None:
        """For each pair of θ and Δθ in the file a network with parameters θ, and
        the names of its parameters for those in the file. An origin has to return
        the same values as the first network; this is checked at the first call."""
        super().__init__()
        self.network = networks[0]
        self.earlier = torch.nn.ModuleList(networks[1:])
        self.names = list(names)
        self.file = file
        for i, (_, correction) in enumerate(file.corrections):
            self.register_buffer(f"correction{i}", torch.from_numpy(correction.copy()))
        for name, values in file.scaling.items():
            scaling = torch.tensor(values, dtype=torch.float64) if values else None
            self.register_buffer(name, scaling)
        self._origin = [] if origin is None else [origin]
        self.eval()

    def forward(self, *arguments: Any) -> Any:
        if torch.is_inference_mode_enabled():
            # Derivatives by the parameters are needed inside.
            with torch.inference_mode(False), torch.no_grad():
                return self.forward(*map_tensors(arguments, torch.clone))
        arguments = self._scaled_inputs(arguments)
        create_graph = torch.is_grad_enabled()
        values: Any = None
        total: list[torch.Tensor] = []
        with default_double():
            self._check_origin(arguments)
            for i, network in enumerate([self.network, *self.earlier]):
                q, tangent = jacobian_times(
                    network, arguments, self._direction(i), create_graph
                )
                parts = tensors_in(tangent)
                if i == 0:
                    values, total = q, tensors_in(q)
                total = [a + b for a, b in zip(total, parts)]
        return with_tensors(values, self._scaled_outputs(total))

    def _direction(self, i: int) -> dict[str, torch.Tensor]:
        correction = getattr(self, f"correction{i}")
        direction, begin = {}, 0
        network = self.network if i == 0 else self.earlier[i - 1]
        parameters = dict(network.named_parameters())
        for name in self.file.shapes:
            parameter = parameters[self.names[i][name]]
            complex_ = parameter.is_complex()
            end = begin + parameter.numel() * (2 if complex_ else 1)
            part = correction[begin:end]
            if complex_:
                part = torch.view_as_complex(part.reshape(-1, 2))
            direction[self.names[i][name]] = part.reshape(parameter.shape)
            begin = end
        return direction

    def _columns(self, tensors: list[torch.Tensor], vector: torch.Tensor) -> list:
        """The entries of a vector with one for each column of all tensors."""
        widths = [t[0].numel() if t.dim() > 1 else 1 for t in tensors]
        if sum(widths) != vector.numel():
            raise RefinedFileError(
                f"found {sum(widths)} columns, expected {vector.numel()}"
            )
        parts = torch.split(vector, widths)
        return [p.reshape(t.shape[1:]) for p, t in zip(parts, tensors)]

    def _scaled_inputs(self, arguments: tuple) -> tuple:
        dtype = self.correction0.dtype
        arguments = map_tensors(
            arguments, lambda x: x.to(dtype) if x.is_floating_point() else x
        )
        tensors = tensors_in(arguments)
        if self.input_shift is not None:
            shifts = self._columns(tensors, self.input_shift)
            tensors = [x - shift for x, shift in zip(tensors, shifts)]
        if self.input_scale is not None:
            scales = self._columns(tensors, self.input_scale)
            tensors = [x * scale for x, scale in zip(tensors, scales)]
        return with_tensors(arguments, tensors)

    def _scaled_outputs(self, tensors: list[torch.Tensor]) -> list[torch.Tensor]:
        if self.output_scale is not None:
            scales = self._columns(tensors, self.output_scale)
            tensors = [q * scale for q, scale in zip(tensors, scales)]
        if self.output_shift is not None:
            shifts = self._columns(tensors, self.output_shift)
            tensors = [q + shift for q, shift in zip(tensors, shifts)]
        return tensors

    def _check_origin(self, arguments: tuple) -> None:
        if not self._origin:
            return
        with torch.no_grad():
            expected = self._origin[0](
                *map_tensors(arguments, lambda x: to_double(x.detach().cpu()).clone())
            )
            found = self.network(*map_tensors(arguments, torch.clone))
        found, expected = tensors_in(found), tensors_in(expected)
        difference = relative_difference(
            [t.cpu().flatten() for t in found], [t.flatten() for t in expected]
        )
        if difference > (1e-6 if self.correction0.dtype == torch.float64 else 1e-3):
            raise RefinedFileError(
                f"the model returns other values (relative difference {difference:.1e}) "
                "than the network that was refined, with the same parameters"
            )
        self._origin.clear()


def load_refined(
    path: str | os.PathLike, model: torch.nn.Module | None = None
) -> RefinedNetwork:
    """The refined network of a file that dealii_lsr has written.

    With a model, this is the network that was refined: a copy of it gets the
    parameters of the file. Without one, the network inside of the file is used,
    if PyTorch can read it (TorchScript, .pt2); it is a program, so trust its
    author.
    """
    file = read_refined(path)
    inside = _network_inside(file)
    if model is None and inside is None:
        raise RefinedFileError(
            f"{path}: the network inside is a checkpoint of parameters, without its code: "
            "give the model that it belongs to, load_refined(path, model)"
        )
    source = plain_model(model) if model is not None else inside
    networks, names = [], []
    for theta, _ in file.corrections:
        network = copy_model(source)
        convert_to_double(network)
        names.append(_matching_names(file, network, str(path)))
        _set_parameters(network, names[-1], file.split(theta))
        networks.append(network)
    if model is None or inside is None:
        return RefinedNetwork(networks, names, file)
    convert_to_double(inside)
    theta = file.corrections[0][0]
    _set_parameters(inside, _matching_names(file, inside, str(path)), file.split(theta))
    return RefinedNetwork(networks, names, file, origin=inside)


def _network_inside(file: RefinedFile) -> torch.nn.Module | None:
    if not zipfile.is_zipfile(io.BytesIO(file.network)):
        return None
    with zipfile.ZipFile(io.BytesIO(file.network)) as archive:
        names = archive.namelist()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if any(name.endswith("/constants.pkl") for name in names):
            return torch.jit.load(io.BytesIO(file.network), map_location="cpu").eval()
        if any(
            name.endswith("serialized_exported_program.json")  # before torch 2.8
            or (name.endswith(".json") and "models/" in name)
            for name in names
        ):
            if not hasattr(torch, "export"):
                raise RefinedFileError(
                    "the network inside is a .pt2 file of torch.export, which this torch "
                    f"{torch.__version__} cannot read: give the model"
                )
            return torch.export.load(io.BytesIO(file.network)).module()
    return None


def _real_shape(parameter: torch.Tensor) -> tuple[int, ...]:
    shape = tuple(parameter.shape)
    return (*shape, 2) if parameter.is_complex() else shape


def _matching_names(
    file: RefinedFile, network: torch.nn.Module, path: str
) -> dict[str, str]:
    """The names of parameters in the network for those in the file."""
    shapes = {name: _real_shape(p) for name, p in network.named_parameters()}
    result = {}
    for name, shape in file.shapes.items():
        found = [
            n
            for n in shapes
            if n == name or n.endswith("." + name) or name.endswith("." + n)
        ]
        found = [name] if name in found else found
        if len(found) != 1 or shapes[found[0]] != shape:
            raise RefinedFileError(
                f"{path}: the refined network has a parameter {name} of shape {shape}, "
                f"the model {', '.join(f'{n} {s}' for n, s in shapes.items())}"
            )
        result[name] = found[0]
    return result


def _set_parameters(
    network: torch.nn.Module, names: dict[str, str], values: dict[str, np.ndarray]
) -> None:
    parameters = dict(network.named_parameters())
    with torch.no_grad():
        for name, value in values.items():
            parameter = parameters[names[name]]
            value = torch.from_numpy(np.ascontiguousarray(value))
            if parameter.is_complex():
                value = torch.view_as_complex(value.reshape(*parameter.shape, 2))
            parameter.copy_(value)


__all__ = ["RefinedNetwork", "load_refined"]
