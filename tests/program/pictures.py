# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""pictures.py SCRATCH: the script of the pictures on results that are made here."""
import contextlib
import io
import json
from pathlib import Path
import shutil
import sys

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "applications/lsr"))
import draw  # noqa: E402
from draw import np  # noqa: E402
from matplotlib.image import imread  # noqa: E402

scratch = Path(sys.argv[1])
shutil.rmtree(scratch, ignore_errors=True)
scratch.mkdir(parents=True)


def results(folder):
    """The pictures that are drawn of a folder, and the messages about the others."""
    said, failures = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(failures):
        try:
            draw.draw_results(folder)
        except SystemExit as end:
            assert bool(end.code) == bool(failures.getvalue()), end.code
    assert not list(folder.glob("*.partial"))
    drawn = said.getvalue().splitlines()
    assert {Path(name) for name in drawn} == set(folder.glob("*.png")), drawn
    return {Path(name).stem for name in drawn}, failures.getvalue()


# Waves have the wavenumber they have, and energies add up to the mean square.
x, y = np.linspace(1, 4, 61), np.linspace(-2, 0, 41)
wave = np.cos(np.pi * 2 * (x[None] - 1) / 3) * np.cos(np.pi * 3 * (y[:, None] + 2) / 2)
spectrum = draw.Spectrum(wave, [x, y])
wavenumber = np.pi * np.hypot(2 / 3, 3 / 2)
assert abs(spectrum.mean_wavenumber - wavenumber) < 1e-10
assert abs(spectrum.mean_square - 0.25) < 1e-12
assert abs(spectrum.wavenumber[spectrum.energy.argmax()] - wavenumber) <= np.pi / 6
noise = np.random.default_rng(1).normal(size=(41, 61))
weights = [np.r_[0.5, np.ones(n - 2), 0.5] / (n - 1) for n in noise.shape]
assert abs(draw.Spectrum(noise, [x, y]).mean_square - weights[0] @ noise ** 2 @ weights[1]) < 1e-12
line = draw.Spectrum(np.cos(np.pi * 5 * (x[None] - 1) / 3), [x])
assert abs(line.mean_wavenumber - np.pi * 5 / 3) < 1e-10
assert np.isnan(draw.Spectrum(0 * noise, [x, y]).mean_wavenumber)


def vtu(path, **fields):
    """Two squares that share no points, as text: as another program may write them."""
    points = "0 0 0 1 0 0 1 1 0 0 1 0 1 0 0 2 0 0 2 1 0 1 1 0"
    arrays = "".join(f'<DataArray type="Float64" Name="{name}" format="ascii">'
                     f'{" ".join(map(str, values))}</DataArray>' for name, values in fields.items())
    path.write_text(f"""<?xml version="1.0"?>
<VTKFile type="UnstructuredGrid"><UnstructuredGrid>
<Piece NumberOfPoints="8" NumberOfCells="2">
<Points><DataArray type="Float64" NumberOfComponents="3" format="ascii">{points}</DataArray></Points>
<Cells><DataArray type="Int32" Name="connectivity" format="ascii">0 1 2 3 4 5 6 7</DataArray>
<DataArray type="Int32" Name="offsets" format="ascii">4 8</DataArray>
<DataArray type="UInt8" Name="types" format="ascii">9 9</DataArray></Cells>
<PointData>{arrays}</PointData></Piece></UnstructuredGrid></VTKFile>""", encoding="utf8")


good, bad = [0, 1, 1, 0, 1, 2, 2, 1], [0, 1.5, 1, 0, 1.5, 2, 2, 1]
report = {"rank": 2, "files": ["solution.vtu"], "profile": {
    "rank": [0, 1, 2, 3], "loss": [1, 0.1, 1e-9, 0], "condition": [1, 2, 4, None],
    "coefficient_norm": [0, 1, None, 3]}}
folder = scratch / "it's a run"
folder.mkdir()
vtu(folder / "solution.vtu", network=bad, refined=good, fem=good)
(folder / "report.json").write_text(json.dumps(report), encoding="utf8")
# Of an earlier run: not drawn.
(folder / "history.csv").write_text("nonsense\n", encoding="utf8")
assert results(folder) == ({"fields", "loss_over_rank"}, "")

# Iterations. Where a table is broken the others are drawn all the same.
titles = "iteration,accepted,network_residual,refined_residual,network_error,refined_error\n"
(folder / "history.csv").write_text(titles + "0,1,2,1,,\n1,1,1,0.1,,\n", encoding="utf8")
for i in (0, 1):
    vtu(folder / f"iteration_{i}.vtu", network=bad, refined=[value + 0.1 for value in good],
        fem=good)
report["files"] += ["history.csv"]
(folder / "report.json").write_text(json.dumps(report), encoding="utf8")
everything = {"fields", "loss_over_rank", "history", "error_fields", "error_spectra"}
assert results(folder) == (everything, "")
spectra = draw.table(folder / "error_spectra.csv", "iteration", "mean_square", "mean_wavenumber")
assert [(line["iteration"], line["field"]) for line in spectra] == \
    [(i, name) for i in (0, 1) for name in ("network", "refined")]
# The error 0.1 everywhere is one wave of wavenumber 0.
assert abs(spectra[1]["mean_square"] - 0.01) < 1e-9 and spectra[1]["mean_wavenumber"] < 1e-6

for picture in folder.glob("*.png"):
    picture.unlink()
(folder / "solution.vtu").write_text("<VTKFile>", encoding="utf8")
drawn, failures = results(folder)
assert drawn == everything - {"fields"}, drawn
assert failures.startswith("fields.png: ") and failures.count("\n") == 1, failures

# A curve has its colour, and a panel axes and a grid.
curve = draw.Curve([(1, 1), (10, 1), (100, 1)], "constant", colour="#ff0000")
draw.draw(scratch / "curve.png", [draw.Panel("title", "x", "y", log="x", content=[curve])])
pixels = imread(scratch / "curve.png")[..., :3]
red = np.abs(pixels - (1, 0, 0)).max(axis=2) < 0.1
assert red[:, 100:600].any(axis=1).sum() < 40 and red.any(axis=0).sum() > 500
assert (pixels.max(axis=2) < 0.4).any(axis=1).sum() > 300

# Tables that are none end the script with the name of the file.
for contents, expected in (("", "no lines"), ("a,b\n1\n", "2 columns"), ("a,b\n1,x\n", "'x'"),
                           ("a\n1\n", "no column 'b'")):
    (scratch / "table.csv").write_text(contents, encoding="utf8")
    try:
        draw.table(scratch / "table.csv", "b")
        raise AssertionError(contents)
    except SystemExit as error:
        assert "table.csv" in str(error) and expected in str(error), error
