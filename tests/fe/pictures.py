# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""pictures.py FILE.vtu...: the field u of each file is a known polynomial, and its error against
the double of this is -u: as numbers between the nodes, and as colours in a picture."""
from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "applications/lsr"))
import draw  # noqa: E402
from draw import np  # noqa: E402
from matplotlib import colormaps  # noqa: E402
from matplotlib.image import imread  # noqa: E402


def check(path, name):
    fields = draw.Fields(path)
    n_components = {"vector": 2, "components": 3}.get(name, 1)
    assert set(fields.components) == {"u", "exact", "error_u"}, set(fields.components)

    x = fields.axes[0][None, :]
    y = fields.axes[1][:, None] if fields.dim > 1 else np.zeros((1, 1))
    z = 0.5 if fields.dim == 3 else 0
    if fields.dim == 3:
        assert fields.where == ", z = 0.5", fields.where
    inside = np.ones(fields.shape, dtype=bool)
    if name == "L":
        # Its skew cells end near the axes of symmetry.
        inside = (x < -0.2) | (y < -0.2)
        assert np.isnan(fields.components["u"][0][(x > 0.2) & (y > 0.2)]).all()
    for c in range(n_components):
        expected = (c + 1) * (1 + x + 2 * y ** 2 + 3 * z)
        for field, factor in (("u", 1), ("exact", 2), ("error_u", -1)):
            assert len(fields.components[field]) == n_components
            gap = (fields.components[field][c] - factor * expected)[inside]
            assert np.abs(gap).max() < 1e-5, (field, c, np.abs(gap).max())

    draw.draw_file(path, path.with_suffix(".png"))
    picture = imread(path.with_suffix(".png"))[..., :3]
    assert not list(path.parent.glob("*.partial"))
    if fields.dim == 1:
        return

    # The first image, of u, is at the upper left. Columns and rows of pixels:
    size = 384
    left = draw.LEFT

    def pixel(fraction_of_width, fraction_of_height):
        row = draw.TOP + round((1 - fraction_of_height) * (size - 1))
        return picture[row, left + round(fraction_of_width * (size - 1))]

    values = fields.components["u"][0]
    for i, j in ((0.1, 0.1), (0.9, 0.1), (0.1, 0.9), (0.3, 0.4), (0.9, 0.9)):
        value = values[round(j * (fields.shape[0] - 1)), round(i * (fields.shape[1] - 1))]
        share = (value - np.nanmin(values)) / (np.nanmax(values) - np.nanmin(values))
        colour = colormaps["viridis"](share)[:3] if np.isfinite(value) else (1, 1, 1)
        assert np.abs(pixel(i, j) - colour).max() < 0.06, (i, j, pixel(i, j), colour)
    if name == "L":
        assert np.isnan(value)
    # The frame, numbers left of it and a title above.
    assert picture[draw.TOP + size // 3, left - 2:left + 2].min() < 0.5
    assert picture[draw.TOP:draw.TOP + size, left - 40:left - 8].min() < 0.6
    assert picture[:draw.TOP - 4, left:left + size].min() < 0.3


for argument in sys.argv[1:]:
    check(Path(argument), Path(argument).stem)
