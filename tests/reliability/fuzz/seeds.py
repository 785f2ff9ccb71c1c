#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""What fuzzers begin with: files of the tests, and expressions of parameter files.

    seeds.py OUT FOLDER...

Writes OUT/HARNESS/..., archives as the texts that fuzz.h takes apart.
"""

import hashlib
import sys
import zipfile
from pathlib import Path

MAX_SIZE = 30000

HARNESSES = {
    ".csv": ["table"],
    ".npy": ["npy"],
    ".npz": ["zip", "checkpoint"],
    ".safetensors": ["checkpoint"],
    ".pt": ["zip", "checkpoint", "pickle", "refined", "model"],
    ".pt2": ["zip", "program", "model"],
    ".h5": ["hdf5", "case"],
    ".msh": ["mesh"],
    ".vtu": ["vtu"],
}

LAYOUT = b"=== layout\nArchitecture: fully connected\nActivation: tanh\n"

VTU = b"""<VTKFile type="UnstructuredGrid" version="0.1" byte_order="LittleEndian">
<UnstructuredGrid><Piece NumberOfPoints="2" NumberOfCells="0">
<Points><DataArray type="Float64" NumberOfComponents="3" format="ascii">0 0 0 1 0 0</DataArray></Points>
<PointData><DataArray type="Float32" Name="u" format="binary">CAAAAAAAgD8AAABA</DataArray></PointData>
</Piece></UnstructuredGrid></VTKFile>
"""


def parts_of(path):
    """Path and content of the files of an archive without its top folder."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            yield name, archive.read(name)


def write(out, harness, data):
    if len(data) > MAX_SIZE:
        return
    folder = out / harness
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)


def use_archive(out, path, harnesses):
    files = list(parts_of(path))
    text = b"\n".join(b"=== " + name.encode() + b"\n" + data for name, data in files)
    is_script = any(name.endswith("constants.pkl") for name, _ in files)
    for harness in harnesses:
        if harness == "zip":
            write(out, "zip", path.read_bytes())
        elif harness == "pickle":
            for name, data in files:
                if name.endswith(".pkl"):
                    write(out, "pickle", data)
        elif harness == "model":
            if not is_script:
                write(out, "model", text if path.suffix == ".pt2" else LAYOUT + text)
        else:
            write(out, harness, text)
    for name, data in files:
        if name.endswith(".npy"):
            write(out, "npy", data)


def use_parameters(out, path):
    for line in path.read_text(errors="replace").splitlines():
        if "=" in line and line.strip().startswith("set "):
            value = line.split("=", 1)[1].strip().encode()
            write(out, "expression", value)
            write(out, "parameters", value)


def main():
    out = Path(sys.argv[1])
    for folder in sys.argv[2:]:
        for path in sorted(Path(folder).rglob("*")):
            suffix = path.suffix.lower()
            if not path.is_file():
                continue
            if suffix == ".prm":
                use_parameters(out, path)
            elif suffix in HARNESSES:
                # The network in a case is an archive.
                if suffix != ".h5" and zipfile.is_zipfile(path):
                    use_archive(out, path, HARNESSES[suffix])
                else:
                    # Behind cases there is a checksum, which no changed one would pass.
                    data = path.read_bytes().partition(b"\ndealii_lsr case, SHA-256 ")[0]
                    for harness in HARNESSES[suffix]:
                        write(out, harness, data)
    write(out, "vtu", VTU)


if __name__ == "__main__":
    main()
