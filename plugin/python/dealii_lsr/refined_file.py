# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""Files of refined networks, as arrays of numpy: doc/file-formats.md."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import zipfile

import numpy as np

FORMAT = "dealii_lsr refined network"
VERSION = 1


class RefinedFileError(RuntimeError):
    """The file is no refined network, or it does not fit to the model."""


@dataclasses.dataclass
class RefinedFile:
    """The refined network q(x) = N(x) + J Δθ, N and J at the parameters θ.

    Corrections that were found earlier, at other parameters, add to it.
    """

    #: The file of the network N, of whatever format.
    network: bytes
    #: Numbers of inputs and outputs; 0: not known.
    inputs: int
    outputs: int
    #: input_shift, input_scale, output_shift, output_scale; empty: none.
    scaling: dict[str, list[float]]
    #: Names and shapes of the tensors that θ is made of.
    shapes: dict[str, tuple[int, ...]]
    #: Pairs (θ, Δθ) of vectors: the present one first.
    corrections: list[tuple[np.ndarray, np.ndarray]]
    #: Further texts.
    extra: dict[str, bytes]

    def split(self, vector: np.ndarray) -> dict[str, np.ndarray]:
        """A vector like θ, as tensors by their names."""
        result, begin = {}, 0
        for name, shape in self.shapes.items():
            end = begin + int(np.prod(shape, dtype=np.int64))
            result[name] = vector[begin:end].reshape(shape)
            begin = end
        return result


def read_refined(path: str | os.PathLike) -> RefinedFile:
    """Read the file of a refined network; nothing in it is executed."""
    try:
        with zipfile.ZipFile(path) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
    except zipfile.BadZipFile as error:
        raise RefinedFileError(f"{path}: no refined network: {error}") from error
    if "lsr.json" not in files:
        raise RefinedFileError(
            f"{path}: a zip archive, but no refined network as dealii_lsr writes it "
            "(one of earlier releases becomes one when Network::load() and save() of the library have had it)"
        )
    index = json.loads(files.pop("lsr.json"))
    if index.get("format") != FORMAT or index.get("version") != VERSION:
        raise RefinedFileError(
            f"{path}: format {index.get('format')!r}, version {index.get('version')}, "
            f"expected {FORMAT!r}, version {VERSION}"
        )
    if files.keys() != index["files"].keys():
        raise RefinedFileError(
            f"{path}: files inside are {sorted(files)}, expected {sorted(index['files'])}"
        )
    for name, content in files.items():
        if hashlib.sha256(content).hexdigest() != index["files"][name]:
            raise RefinedFileError(f"{path}: {name} inside is damaged")

    shapes = {p["name"]: tuple(p["shape"]) for p in index["parameters"]}
    n = sum(int(np.prod(shape, dtype=np.int64)) for shape in shapes.values())

    def numbers(name: str, shape: tuple[int, ...]) -> np.ndarray:
        array = np.load(io.BytesIO(files[name]), allow_pickle=False)
        if array.dtype != np.float64 or array.shape != shape:
            raise RefinedFileError(
                f"{path}: {name} inside has {array.dtype} of shape {array.shape}, "
                f"expected float64 of shape {shape}"
            )
        return array

    corrections = [
        (numbers("parameters.npy", (n,)), numbers("correction.npy", (n,))),
    ]
    if "earlier.npy" in files:
        count = len(np.load(io.BytesIO(files["earlier.npy"]), allow_pickle=False))
        corrections += [tuple(pair) for pair in numbers("earlier.npy", (count, 2, n))]
    return RefinedFile(
        network=files["network"],
        inputs=index["inputs"],
        outputs=index["outputs"],
        scaling=index["scaling"],
        shapes=shapes,
        corrections=corrections,
        extra={k[6:]: v for k, v in files.items() if k.startswith("extra/")},
    )
