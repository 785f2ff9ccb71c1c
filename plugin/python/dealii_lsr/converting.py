# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""Parameters of known networks as a checkpoint, with its layout.

Nothing of DeepXDE, PINA, PhysicsNeMo, Equinox or Flax is imported here.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable

import numpy as np
import torch

ENTRIES = (
    "Architecture",
    "Activation",
    "Features",
    "Input mean",
    "Input deviation",
    "Output mean",
    "Output deviation",
    "Output",
    "Output basis",
    "Layers",
    "Encoders",
    "Branch",
    "Trunk",
    "Branch activation",
    "Trunk output",
    "Weights",
    "Prefix",
    "Ignore",
    "Trained",
)


class ConversionError(RuntimeError):
    """No layout describes the model; the message says what to do."""


class Layout(dict):
    """The entries of a section Network/Layout; str() is the section."""

    file = ""

    def __str__(self) -> str:
        width = max(len(name) for name in self)
        lines = [f"    set {name:<{width}} = {value}" for name, value in self.items()]
        return "\n".join(
            [
                "subsection Network",
                f"  set File = {self.file}",
                "  subsection Layout",
                *lines,
                "  end",
                "end",
            ]
        )

    def options(self) -> list[str]:
        """The same for the command line of `lsr fit`."""
        pairs = [["--layout", f"{name}={value}"] for name, value in self.items()]
        return [word for pair in pairs for word in pair]


def convert(
    model: Any,
    path: str | os.PathLike,
    activation: str | None = None,
    **entries: Any,
) -> Layout:
    """Write the parameters of a network as .npz or .safetensors, and return the
    layout with which dealii_lsr reads them.

    Models can be fully connected ones of torch.nn.Sequential, DeepXDE (also PFNN
    and DeepONets), PINA, PhysicsNeMo (Modulus) and Equinox, or the tree of
    parameters of any network from JAX (of Flax, say), which needs the name of an
    activation. Further entries of the layout are given by their names, with _ for
    blanks: input_mean=[0.5, 1.0], output="x*(1-x)*u". Arrays are stored in the file.

    Raises ConversionError where no layout is known: use export() then.
    """
    tensors, layout = _tensors_and_layout(model, activation)
    names = {name.lower().replace(" ", "_"): name for name in ENTRIES}
    for key, value in entries.items():
        if key not in names:
            raise ConversionError(
                f"a layout has no entry {key}, expected one of {', '.join(names)}"
            )
        if not isinstance(value, str):
            tensors[key] = np.atleast_1d(_to_numpy(value))
            value = key
        layout[names[key]] = value
    _check_transforms(model, layout)
    _write(Path(path), tensors)
    layout.file = str(path)
    return layout


# ------------------------------------------------------------------ which model


def _tensors_and_layout(
    model: Any, activation: str | None
) -> tuple[dict[str, np.ndarray], Layout]:
    package = type(model).__module__.split(".")[0]
    kind = type(model).__name__
    if isinstance(model, torch.nn.Module):
        package = "physicsnemo" if package == "modulus" else package
        if isinstance(model, torch.nn.Sequential) and kind == "Sequential":
            package = "torch"
        describe = _TORCH_MODELS.get((package, kind))
        if describe is None:
            raise ConversionError(
                f"no layout is known for {type(model).__module__}.{kind}, expected one of "
                f"{', '.join(f'{p}.{k}' for p, k in _TORCH_MODELS)}: use export(model, ...)"
            )
        layout = Layout(describe(model, activation))
        # Some have more in them than numbers, or markers that are empty tensors.
        state = {
            name: _to_numpy(value)
            for name, value in model.state_dict().items()
            if torch.is_tensor(value) and value.numel() > 0
        }
        return state, layout
    tensors = dict(_leaves(model, ()))
    if not tensors:
        raise ConversionError(f"expected a network or a tree of arrays, found {kind}")
    if package == "equinox" and kind == "MLP":
        activation = activation or _equinox_activation(model)
    if activation is None:
        raise ConversionError(
            "a tree of parameters does not say which activation the network has: "
            "convert(tree, path, activation='tanh')"
        )
    return tensors, Layout(
        {"Architecture": "fully connected", "Activation": activation}
    )


def _check_transforms(model: Any, layout: Layout) -> None:
    """Python functions in DeepXDE's networks have to be said as expressions."""
    for attribute, names, example in (
        ("_input_transform", ("Features",), "features='cos(2*pi*x), sin(2*pi*x)'"),
        ("_output_transform", ("Output",), "output='x*(1-x)*u'"),
    ):
        if getattr(model, attribute, None) is not None:
            if not any(name in layout for name in names):
                raise ConversionError(
                    f"the model has an {attribute[1:].replace('_', ' ')} in Python: say it as "
                    f"an expression, {example}, or use export(model, ...)"
                )


# ------------------------------------------------------------------- activations


def _known_activations() -> dict[str, Callable]:
    functions = torch.nn.functional
    return {
        "tanh": torch.tanh,
        "sin": torch.sin,
        "cos": torch.cos,
        "sigmoid": torch.sigmoid,
        "relu": torch.relu,
        "leaky_relu": functions.leaky_relu,
        "elu": functions.elu,
        "selu": functions.selu,
        "gelu": functions.gelu,
        "gelu_tanh": lambda x: functions.gelu(x, approximate="tanh"),
        "silu": functions.silu,
        "mish": functions.mish,
        "softplus": functions.softplus,
    }


def _name_of(function: Callable) -> str:
    """The name of an activation, found by its values."""
    if isinstance(function, torch.nn.Module) and list(function.parameters()):
        raise ConversionError(
            f"the activation {function} has parameters of its own: use export(model, ...)"
        )
    x = torch.linspace(-4.0, 4.0, 41, dtype=torch.float64)
    try:
        if (type(function).__module__ + getattr(function, "__module__", "")).find(
            "jax"
        ) >= 0:
            values = torch.from_numpy(np.array(function(x.numpy()), dtype=np.float64))
        else:
            with torch.no_grad():
                values = function(x)
    except Exception as error:  # noqa: BLE001: whatever it raises
        raise ConversionError(
            f"the activation {function} is no function of a tensor: {error}"
        ) from error
    # Without 64 bits JAX has seven digits; GELU and its approximation differ by 1e-3.
    for name, known in _known_activations().items():
        if values.shape == x.shape and torch.allclose(values, known(x), atol=2e-6):
            return name
    raise ConversionError(
        f"the activation {function} is none of {', '.join(_known_activations())}: say it as "
        "an expression, activation='sin(30*x)', or use export(model, ...)"
    )


def _joined(functions: list[Callable]) -> str:
    """One name for all layers, or one for each."""
    names = [_name_of(function) for function in functions]
    return names[0] if len(set(names)) == 1 else ", ".join(names)


def _is_identity(function: Any) -> bool:
    x = np.linspace(-1.0, 1.0, 5)
    return bool(np.allclose(np.asarray(function(x)), x, atol=1e-6))


# ------------------------------------------------------------- models of packages


def _sequential(model: Any, activation: str | None) -> dict[str, str]:
    functions: list[Callable] = []
    layers = 0
    for module in model.modules():
        if isinstance(module, torch.nn.Linear):
            layers += 1
        elif isinstance(module, torch.nn.Sequential):
            continue
        elif list(module.parameters()) or list(module.children()):
            raise ConversionError(
                f"{type(module).__name__} is no part of a fully connected network: "
                "use export(model, ...)"
            )
        elif not isinstance(module, (torch.nn.Identity, torch.nn.Dropout)):
            if len(functions) != layers - 1:
                raise ConversionError(
                    "layers and activations do not take turns: use export(model, ...)"
                )
            functions.append(module)
    if layers < 2 or len(functions) != layers - 1:
        raise ConversionError(
            f"found {layers} linear layers and {len(functions)} activations, expected an "
            "activation between each two layers, and none behind the last: use "
            "export(model, ...)"
        )
    return {
        "Architecture": "fully connected",
        "Activation": activation or _joined(functions),
    }


def _deepxde_activation(net: Any) -> str:
    functions = net.activation
    if isinstance(functions, list):
        return _joined(functions[: len(net.linears) - 1])
    return _name_of(functions)


def _deepxde_fnn(model: Any, activation: str | None) -> dict[str, str]:
    return {
        "Architecture": "fully connected",
        "Activation": activation or _deepxde_activation(model),
    }


def _deepxde_pfnn(model: Any, activation: str | None) -> dict[str, str]:
    return {
        "Architecture": "pfnn",
        "Activation": activation or _name_of(model.activation),
    }


def _deepxde_deeponet(model: Any, activation: str | None) -> dict[str, str]:
    strategy = type(getattr(model, "multi_output_strategy", None)).__name__
    if strategy not in ("NoneType", "SingleOutputStrategy"):
        raise ConversionError(
            f"a DeepONet with several outputs ({strategy}): use export(model, ...)"
        )
    if type(model.branch).__name__ != "FNN":
        raise ConversionError(
            "the branch is a network of its own: use export(model, ...)"
        )
    return {
        "Architecture": "deeponet",
        "Activation": activation or _name_of(model.activation_trunk),
        "Branch activation": activation or _deepxde_activation(model.branch),
        "Trunk output": "activated",
    }


def _pina_feed_forward(model: Any, activation: str | None) -> dict[str, str]:
    return _sequential(model.model, activation)


def _pina_residual(model: Any, activation: str | None) -> dict[str, str]:
    functions = list(model.functions)
    for net in model.transformer_nets:
        functions += [m for m in net.modules() if not list(m.children())][1:]
    names = {_name_of(function) for function in functions}
    if activation is None and len(names) > 1:
        raise ConversionError(
            f"the encoders and the layers have several activations, {sorted(names)}: use "
            "export(model, ...)"
        )
    encoders = [
        name[: -len(".weight")]
        for name in model.state_dict()
        if name.startswith("transformer_nets.") and name.endswith(".weight")
    ]
    # PINA's layers z become (1 - z) * first + z * second.
    return {
        "Architecture": "modified",
        "Activation": activation or names.pop(),
        "Encoders": ", ".join(reversed(encoders)),
    }


def _physicsnemo_fully_connected(model: Any, activation: str | None) -> dict[str, str]:
    found = [
        words
        for words, is_there in (
            ("skip connections", model.skip_connections),
            ("weight normalization", any(m.weight_norm for m in model.layers)),
            (
                "weight factorization",
                any(getattr(m, "weight_fact", False) for m in model.layers),
            ),
            (
                "adaptive activations",
                any(m.activation_par is not None for m in model.layers),
            ),
        )
        if is_there
    ]
    if found:
        raise ConversionError(
            f"the model has {' and '.join(found)}: use export(model, ...)"
        )
    return {
        "Architecture": "fully connected",
        "Activation": activation or _joined([m.activation_fn for m in model.layers]),
    }


_TORCH_MODELS: dict[tuple[str, str], Callable[[Any, str | None], dict[str, str]]] = {
    ("torch", "Sequential"): _sequential,
    ("deepxde", "FNN"): _deepxde_fnn,
    ("deepxde", "PFNN"): _deepxde_pfnn,
    ("deepxde", "DeepONet"): _deepxde_deeponet,
    ("deepxde", "DeepONetCartesianProd"): _deepxde_deeponet,
    ("pina", "FeedForward"): _pina_feed_forward,
    ("pina", "ResidualFeedForward"): _pina_residual,
    ("physicsnemo", "FullyConnected"): _physicsnemo_fully_connected,
}


def _equinox_activation(model: Any) -> str:
    if not _is_identity(model.final_activation):
        raise ConversionError("the last layer of the MLP has an activation")
    if getattr(model, "scan", False):
        raise ConversionError(
            "the layers of the MLP are one array (scan=True): take them apart"
        )
    return _name_of(model.activation)


# ------------------------------------------------------------------------ arrays


def _to_numpy(value: Any) -> np.ndarray:
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = value.float() if value.dtype == torch.bfloat16 else value
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        # bfloat16 of JAX, which numpy does not know.
        array = array.astype(np.float32)
    return array


def _leaves(tree: Any, path: tuple[str, ...]) -> list[tuple[str, np.ndarray]]:
    """The arrays of a tree, with their paths as names."""
    if isinstance(tree, Mapping):
        children = list(tree.items())
    elif isinstance(tree, (list, tuple)):
        children = list(enumerate(tree))
    elif hasattr(tree, "shape") and hasattr(tree, "dtype"):
        if np.asarray(tree).dtype.kind == "c":
            raise ConversionError(
                f"{'/'.join(path)}: complex numbers, expected real ones"
            )
        return [("/".join(path), _to_numpy(tree))]
    elif dataclasses.is_dataclass(tree) and not isinstance(tree, type):
        children = [(f.name, getattr(tree, f.name)) for f in dataclasses.fields(tree)]
    else:
        return []
    found = []
    for name, child in children:
        found += _leaves(child, (*path, str(name)))
    return found


def _write(path: Path, tensors: dict[str, np.ndarray]) -> None:
    if path.suffix == ".npz":
        np.savez(path, **tensors)
    elif path.suffix == ".safetensors":
        try:
            from safetensors.numpy import save_file
        except ImportError as error:
            raise ConversionError(
                f"{path}: needs the package safetensors; .npz does not"
            ) from error
        save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, str(path))
    else:
        raise ConversionError(
            f"{path}: expected a name that ends in .npz or .safetensors"
        )


__all__ = ["ConversionError", "Layout", "convert"]
