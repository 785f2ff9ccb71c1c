#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

"""check.py BIN SCRATCH: lsr check on fields from all kinds of files. Estimates are
compared with the truth, which --compare computes by itself."""

import base64
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import zlib

try:
    import numpy as np
except ImportError:
    # The first Python of the path need not be that of the packages.
    if sys.executable == "/usr/bin/python3":
        raise
    os.execv("/usr/bin/python3", ["/usr/bin/python3", "-E", *sys.argv])

lsr = pathlib.Path(sys.argv[1]).resolve() / "lsr"
folder = pathlib.Path(sys.argv[2])
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
failures = []


def expect(condition, text):
    if not condition:
        failures.append(text)
        print("FAILED:", text)


def run(problem, *options, status=0):
    process = subprocess.run([lsr, "check", problem, "--threads", "1", *options], cwd=folder,
                             text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    expect(process.returncode == status, f"{options}: exit status {process.returncode}\n"
           + process.stdout + process.stderr)
    return process


def check(problem, *options):
    process = run(problem, *options)
    return json.loads((folder / "results/check.json").read_text())["fields"] if \
        process.returncode == 0 else [{}]


def refused(words, *options, problem="poisson.prm"):
    message = run(problem, *options, status=1).stderr
    expect(words in message and message.count("\n") == 1, f"{options}: {message}")


def problem(name, equation, more=""):
    (folder / name).write_text(f"""
set Dimension = 2
subsection Equation
{equation}
end
subsection Mesh
  set Global refinements = 4
end
subsection Finite element
  set Finite element degree = 2
end
subsection Output
  set Folder = results
end
{more}
""")


def solution(x, y):
    return np.sin(np.pi * x) * np.sin(np.pi * y)


def prediction(x, y, amplitude=0.02):
    """Wrong by some per cent, and on the boundary."""
    return solution(x, y) + amplitude * np.cos(3 * x + 1) * np.sin(2 * y + 1)


def grid(n, f, cell_centred=False):
    t = (np.arange(n) + 0.5) / n if cell_centred else np.linspace(0, 1, n)
    return f(*np.meshgrid(t, t, indexing="ij"))


def near(a, b, tolerance):
    return abs(a - b) <= tolerance * abs(b)


def vtu(points, values, encoding, name="u"):
    """A file as VTK writes it, without cells, which are not needed."""
    compressor, appended = "", b""

    def encode(numbers):
        raw = np.asarray(numbers, dtype="<f8").tobytes()
        if encoding == "zlib":
            blocks = [raw[i:i + 4096] for i in range(0, len(raw), 4096)]
            packed = [zlib.compress(b) for b in blocks]
            head = struct.pack("<%dI" % (3 + len(blocks)), len(blocks), 4096, len(blocks[-1]) % 4096,
                               *map(len, packed))
            return base64.b64encode(head).decode() + base64.b64encode(b"".join(packed)).decode()
        return base64.b64encode(struct.pack("<I", len(raw)) + raw).decode()

    def array(numbers, name, components):
        nonlocal appended
        head = f'<DataArray type="Float64" Name="{name}" NumberOfComponents="{components}" '
        if encoding == "ascii":
            return head + 'format="ascii">' + " ".join(map(repr, map(float, np.ravel(numbers)))) + "</DataArray>"
        if encoding == "appended":
            raw = np.asarray(numbers, dtype="<f8").tobytes()
            offset = len(appended)
            appended += struct.pack("<I", len(raw)) + raw
            return head + f'format="appended" offset="{offset}"/>'
        return head + 'format="binary">\n' + encode(numbers) + "\n</DataArray>"

    if encoding == "zlib":
        compressor = ' compressor="vtkZLibDataCompressor"'
    body = (f'<?xml version="1.0"?>\n<VTKFile type="UnstructuredGrid" version="0.1" byte_order="LittleEndian"'
            f'{compressor}><UnstructuredGrid><Piece NumberOfPoints="{len(points)}" NumberOfCells="0"><Points>'
            + array(np.c_[points, 0 * points[:, 0]], "Points", 3) + "</Points><PointData>"
            + array(values, name, 1) + array(np.c_[values, values, values], "other", 3)
            + "</PointData></Piece></UnstructuredGrid>").encode()
    if encoding == "appended":
        body += b'<AppendedData encoding="raw">_' + appended + b"</AppendedData>"
    return body + b"</VTKFile>\n"


sources = {"poisson": "2*pi^2*sin(pi*x)*sin(pi*y)"}
problem("poisson.prm", f"  set Right hand side = {sources['poisson']}\n"
        "  set Exact solution = sin(pi*x)*sin(pi*y)\n")

# ---- an identity: the energy estimate is the true distance ------------------

np.save(folder / "grid.npy", grid(33, prediction))
(first,) = check("poisson.prm", "--field", "grid.npy", "--compare", "--goal", "x", "--correct", "1",
                 "--tolerance", "1e-12")
expect(near(first["estimated_energy"], first["true_energy"], 1e-8), f"energy: {first}")
expect(near(first["residual"], first["true_energy"], 1e-8), f"dual norm: {first}")
expect(near(first["estimated_L2"], first["true_L2"], 1e-8), f"L2: {first}")
expect(near(first["estimated_goal_error"], first["true_goal_error"], 1e-6), f"goal: {first}")
expect(first["corrected_true_L2"] < 1e-10, f"corrected: {first}")
expect(first["corrected_exact_L2"] < 0.01 * first["exact_L2"], f"exact: {first}")
expect(0.001 < first["constraint_mismatch"] < 0.03, f"the field is wrong on the boundary: {first}")
expect((folder / "results/check.vtu").stat().st_size > 1000, "no VTU")

# Some cycles of multigrid.
(rough,) = check("poisson.prm", "--field", "grid.npy", "--compare", "--tolerance", "0.1")
expect(0.8 < rough["effectivity_energy"] < 1.000001, f"multigrid: {rough}")

# The flux through the lower boundary: of the exact solution -2.
(flow,) = check("poisson.prm", "--field", "grid.npy", "--compare", "--goal", "flux 2")
expect(near(flow["goal"] - flow["estimated_goal_error"], 2, 1e-3) or
       near(flow["goal"] - flow["estimated_goal_error"], -2, 1e-3), f"flux: {flow}")
expect(near(flow["estimated_goal_error"], flow["true_goal_error"], 1e-6), f"flux: {flow}")

# ---- the same field in all kinds of files -----------------------------------

def same(tolerance, *options):
    (field,) = check("poisson.prm", *options)
    expect("estimated_L2" in field and near(field["estimated_L2"], first["estimated_L2"], tolerance),
           f"{options}: {field}")


t = np.linspace(0, 1, 33)
x, y = (a.ravel() for a in np.meshgrid(t, t, indexing="ij"))
u = prediction(x, y)
np.savez(folder / "grid.npz", u=u.reshape(33, 33), other=0 * u)
same(1e-8, "--field", "grid.npz", "--values", "u")
np.save(folder / "yx.npy", u.reshape(33, 33).T)
same(1e-8, "--field", "yx.npy", "--axes", "y,x")
np.save(folder / "finer.npy", grid(50, prediction))
same(1e-3, "--field", "finer.npy")
np.save(folder / "centres.npy", grid(64, prediction, True))
same(1e-3, "--field", "centres.npy", "--cell-centred")
np.savez(folder / "points.npz", points=np.c_[x, y], u=u)
same(1e-8, "--field", "points.npz")
shuffled = np.random.default_rng(0).permutation(len(x))
np.savetxt(folder / "points.csv", np.c_[x, y, u][shuffled], delimiter=",", header="x,y,u", comments="",
           fmt="%.17g")
same(1e-8, "--field", "points.csv")
random = np.random.default_rng(1).random((4000, 2))
edge = np.linspace(0, 1, 80)
random = np.r_[random, np.c_[edge, 0 * edge], np.c_[edge, 0 * edge + 1], np.c_[0 * edge, edge], np.c_[0 * edge + 1, edge]]
np.savetxt(folder / "scattered.csv", np.c_[random, prediction(*random.T)], delimiter=",",
           header="x,y,u", comments="", fmt="%.17g")
same(1e-2, "--field", "scattered.csv")
for encoding in "ascii", "binary", "zlib", "appended":
    # Points of neighbouring cells stand there twice.
    twice = np.r_[np.arange(len(x)), np.arange(0, len(x), 3)]
    (folder / f"{encoding}.vtu").write_bytes(vtu(np.c_[x, y][twice], u[twice], encoding))
    same(1e-8, "--field", f"{encoding}.vtu")
    same(1e-8, "--field", f"{encoding}.vtu", "--values", "u")

# A field that lsr has written itself: the corrected one has no error.
(own,) = check("poisson.prm", "--field", "results/check.vtu", "--values", "corrected", "--set",
               "Output/Folder=again") and json.loads((folder / "again/check.json").read_text())["fields"]
expect(own["estimated_L2"] < 1e-6, f"own VTU: {own}")

# ---- other problems -----------------------------------------------------------

problem("advection.prm", "  set Advection = 5, 3*x\n  set Reaction = u\n  set Right hand side = 1\n")
(other,) = check("advection.prm", "--field", "grid.npy", "--compare", "--goal", "sin(x)*y", "--correct", "1")
expect(near(other["estimated_L2"], other["true_L2"], 1e-6), f"not symmetric: {other}")
expect(near(other["estimated_goal_error"], other["true_goal_error"], 1e-5), f"not symmetric, goal: {other}")
expect("estimated_energy" not in other, f"energy of a problem that has none: {other}")

problem("bratu.prm", "  set Reaction = -exp(u)\n")
np.save(folder / "zero.npy", grid(33, lambda x, y: 0.02 * solution(x, y)))
corrected = [check("bratu.prm", "--field", "zero.npy", "--compare", "--correct", str(n))[0]["corrected_true_L2"]
             for n in (1, 3, 6)]
expect(corrected[0] < 0.1 and corrected[1] < 0.1 * corrected[0] and corrected[2] < 0.1 * corrected[1],
       f"Newton steps with one Jacobian: {corrected}")

problem("instances.prm", "  set Functions = a: 1\n  set Diffusion = 1 + a*x\n  set Right hand side = 1\n",
        "subsection Instances\n  set File = instances.csv\nend\n")
(folder / "instances.csv").write_text("a\n0\n1\n2\n")
np.save(folder / "three.npy", np.stack([grid(33, lambda x, y, s=s: s * solution(x, y)) for s in (0.07, 0.05, 0.04)]))
fields = check("instances.prm", "--field", "three.npy", "--compare")
expect(len(fields) == 3, f"three fields: {fields}")
for field in fields:
    expect(near(field["estimated_energy"], field["true_energy"], 1e-7), f"instance: {field}")

# ---- what is refused ------------------------------------------------------------

refused("--field FILE expected")
refused("no such", "--field", "missing.npy")
np.save(folder / "line.npy", np.zeros(33))
refused("line.npy is an array 33, expected fields of 1 components", "--field", "line.npy")
np.save(folder / "nan.npy", np.full((33, 33), np.nan))
refused("nan.npy: a finite number expected", "--field", "nan.npy")
refused("Say --values", "--field", "grid.npz")
refused("there is no array 'w'", "--field", "grid.npz", "--values", "w")
refused("expected each of xy once", "--field", "grid.npy", "--axes", "xx")
refused("there is no part 7 of the boundary", "--field", "grid.npy", "--goal", "flux 7")
refused("expected 'flux ID'", "--field", "grid.npy", "--goal", "flux left")
refused("--goal has 2 expressions", "--field", "grid.npy", "--goal", "1, 2")
np.savetxt(folder / "half.csv", np.c_[x, y, u][x < 0.6], delimiter=",", header="x,y,u", comments="")
refused("is not known near the point", "--field", "half.csv")
(folder / "cut.vtu").write_bytes(vtu(np.c_[x, y], u, "binary")[:3000])
refused("cut.vtu: not a complete file of VTK", "--field", "cut.vtu")
(folder / "bad.vtu").write_bytes(vtu(np.c_[x, y], u, "zlib").replace(b"vtkZLib", b"vtkLZ4"))
refused("compressed by vtkLZ4DataCompressor", "--field", "bad.vtu")
refused("expected one for each of the 3 instances", "--field", "grid.npy", problem="instances.prm")

sys.exit(1 if failures else 0)
