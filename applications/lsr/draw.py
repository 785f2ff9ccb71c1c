#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""Draws saved results as PNG pictures.

    draw.py FOLDER                everything that a run has left in its folder
    draw.py FILE.vtu [FILE.png]   the fields of any file that deal.II has written

Other scripts draw tables with it:

    from draw import Curve, Map, Panel, draw, table

    lines = table("loss.csv")
    draw("loss.png", [Panel("loss over rank", "rank", "loss", log="y", content=[
        Curve([(line["rank"], line["loss"]) for line in lines], "float64")])])
"""
import base64
import csv
from dataclasses import dataclass, field
import io
import itertools
import json
import math
import os
from pathlib import Path
import re
import sys
import xml.etree.ElementTree as ElementTree
import zlib

try:
    import numpy as np
    from numpy.polynomial import legendre
    import matplotlib
    from matplotlib.colors import LogNorm, Normalize
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator
except ImportError as error:
    # The packages of the system belong to its own interpreter, which need not be the first one.
    system = "/usr/bin/python3"
    if not sys.flags.ignore_environment and os.path.exists(system) and os.path.isfile(sys.argv[0]):
        os.execv(system, [system, "-E", *sys.argv])
    sys.exit(f"{error}: numpy and matplotlib are needed (packages python3-numpy and "
             "python3-matplotlib)")

# Distinguishable for the colour-blind (Okabe and Ito).
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#404040"]
NETWORK, REFINED, ELEMENTS, EXACT = "#d55e00", "#0072b2", "#009e73", "#c8c8c8"

# A picture looks the same whatever the user has configured.
matplotlib.rcdefaults()
matplotlib.rcParams.update({
    "figure.dpi": 100, "font.size": 12, "axes.titlesize": 13, "axes.edgecolor": "#404040",
    "xtick.color": "#404040", "ytick.color": "#404040", "axes.axisbelow": True,
    "grid.color": "#dcdcdc", "legend.frameon": True, "legend.edgecolor": "none",
    "legend.framealpha": 0.8, "axes.formatter.use_mathtext": True})


# ---------------------------------------------------------------------------------------- tables

def table(path, *numeric):
    """The lines of a CSV file as dictionaries, with numbers where there are some. The columns
    `numeric` have a finite number in every line."""
    def entry(text):
        try:
            return float(text)
        except ValueError:
            return text

    try:
        with open(path, newline="", encoding="utf8") as file:
            lines = list(csv.DictReader(file))
    except OSError as error:
        sys.exit(f"{path}: {error.strerror}")
    except (ValueError, csv.Error) as error:
        sys.exit(f"{path}: {error}")
    if not lines:
        sys.exit(f"{path}: no lines below the titles")
    for number, line in enumerate(lines, 2):
        if None in line or None in line.values():
            sys.exit(f"{path}, line {number}: {len(lines[0])} columns expected, as in line 1")
    lines = [{name: entry(text) for name, text in line.items()} for line in lines]
    for name in numeric:
        if name not in lines[0]:
            sys.exit(f"{path}: no column '{name}', expected {', '.join(numeric)}")
        for line in lines:
            if not isinstance(line[name], float) or not math.isfinite(line[name]):
                sys.exit(f"{path}: {name} is '{line[name]}', expected a number")
    return lines


# -------------------------------------------------------------------------------------- diagrams

@dataclass
class Curve:
    """Points (x, y) with a style of matplotlib, like "-", "o" or "o-"; a colour is found for those
    that name none."""
    points: list
    title: str = ""
    style: str = "-"
    colour: str = ""
    width: float = 2
    marker_size: float = 4.5


@dataclass
class Map:
    """Values z at the points of a lattice, as (x, y, z); with or without the scale of colours and
    the numbers of the axes."""
    points: list
    palette: str = "cubehelix_r"
    scale: bool = True


@dataclass
class Panel:
    """One diagram: curves, or one map. `log` names the axes that are logarithmic; z are the
    values of a map. `mark` is an abscissa and what is written there."""
    title: str
    xlabel: str = ""
    ylabel: str = ""
    log: str = ""
    content: list = field(default_factory=list)
    xrange: tuple = ()
    yrange: tuple = ()
    mark: tuple = ()


def _draw_map(axes, panel, content):
    x, y, z = np.array(content.points, dtype=float).T
    columns, rows = np.unique(x), np.unique(y)
    values = np.full((len(rows), len(columns)), np.nan)
    values[np.searchsorted(rows, y), np.searchsorted(columns, x)] = z
    image = axes.pcolormesh(columns, rows, values, cmap=content.palette, shading="nearest",
                            norm=LogNorm() if "z" in panel.log else None, rasterized=True)
    axes.set_aspect("equal")
    if content.scale:
        axes.figure.colorbar(image, ax=axes)
    else:
        axes.set_axis_off()


def _draw_panel(axes, panel):
    axes.set(title=panel.title, xlabel=panel.xlabel, ylabel=panel.ylabel)
    for i, content in enumerate(panel.content):
        points = np.array([point for point in content.points
                           if all(map(math.isfinite, point))
                           and ("x" not in panel.log or point[0] > 0)
                           and ("y" not in panel.log or point[1] > 0)], dtype=float)
        if not len(points):
            sys.exit(f"figure '{panel.title}': nothing to draw in curve {i + 1} "
                     f"'{getattr(content, 'title', '')}'")
        if isinstance(content, Map):
            _draw_map(axes, panel, content)
            continue
        axes.plot(points[:, 0], points[:, 1], content.style, label=content.title or None,
                  color=content.colour or COLOURS[i % len(COLOURS)], linewidth=content.width,
                  markersize=content.marker_size)
    if isinstance(panel.content[0], Map):
        return
    for axis, is_log in (("x", "x" in panel.log), ("y", "y" in panel.log)):
        if is_log:
            axes.set(**{axis + "scale": "log"})
    if panel.xlabel == "iteration":
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if panel.mark:
        x, text = panel.mark
        axes.axvline(x, color="#909090", linestyle="--", linewidth=1.5, zorder=1)
        axes.annotate(text, (x, 0.96), xycoords=axes.get_xaxis_transform(), xytext=(-6, 0),
                      textcoords="offset points", ha="right", va="top", color="#606060")
    if panel.xrange:
        axes.set_xlim(panel.xrange)
    if panel.yrange:
        axes.set_ylim(panel.yrange)
    axes.grid(True)
    axes.spines[["top", "right"]].set_visible(False)
    if any(content.title for content in panel.content):
        axes.legend()


def draw(path, panels, columns=None, panel_size=(720, 540)):
    """Draw panels beside and below each other into a PNG file, which is replaced as a whole."""
    columns = columns or min(len(panels), 3)
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(columns * panel_size[0] / 100, rows * panel_size[1] / 100),
                    layout="constrained")
    for i, panel in enumerate(panels):
        _draw_panel(figure.add_subplot(rows, columns, i + 1), panel)
    save(figure, path)


def save(figure, path):
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    write(path, picture.getvalue())
    print(path, flush=True)


def write(path, contents):
    """Write a file as a whole or not at all."""
    partial = f"{path}.partial"
    try:
        with open(partial, "wb") as file:
            file.write(contents)
        os.replace(partial, path)
    except OSError as error:
        Path(partial).unlink(missing_ok=True)
        sys.exit(f"{path}: {error.strerror}")


# ------------------------------------------------------------------------------------ VTU files

NUMBERS = {"Int8": "i1", "UInt8": "u1", "Int32": "<i4", "UInt32": "<u4", "Int64": "<i8",
           "UInt64": "<u8", "Float32": "<f4", "Float64": "<f8"}


def _numbers(array, word, compressed):
    """The numbers of a DataArray: text, or base64 of bytes that zlib may have compressed. Before
    the bytes stand their number, or those of the compressed blocks, as integers of `word` bytes."""
    kind, text = NUMBERS[array.get("type")], "".join(array.text or "")
    if array.get("format") == "ascii":
        return np.array(text.split(), dtype=kind)
    if array.get("format") != "binary":
        raise ValueError(f"data in the format '{array.get('format')}', expected ascii or binary")
    text = "".join(text.split())
    if not compressed:
        return np.frombuffer(base64.b64decode(text)[word:], kind)
    n_blocks = int.from_bytes(base64.b64decode(text[:12])[:word], "little")
    length = 4 * -(-word * (3 + n_blocks) // 3)
    sizes = np.frombuffer(base64.b64decode(text[:length]), f"<u{word}")[3:3 + n_blocks]
    data = base64.b64decode(text[length:])
    ends = np.cumsum(sizes, dtype=int)
    return np.frombuffer(b"".join(zlib.decompress(data[end - int(size):end])
                                  for size, end in zip(sizes, ends)), kind)


class Element:
    """Lagrange polynomials on a line, quadrilateral, hexahedron, triangle or tetrahedron."""

    # Number in VTK: dimension, and whether it is a simplex.
    KINDS = {3: (1, False), 68: (1, False), 9: (2, False), 70: (2, False), 12: (3, False),
             72: (3, False), 5: (2, True), 22: (2, True), 69: (2, True), 10: (3, True),
             24: (3, True), 71: (3, True)}

    def __init__(self, kind, n_nodes):
        if kind not in self.KINDS:
            raise ValueError(f"cells of VTK type {kind}, expected one of {sorted(self.KINDS)}")
        self.kind = kind
        self.dim, self.is_simplex = self.KINDS[kind]
        if self.is_simplex:
            self.degree = 1 if n_nodes == self.dim + 1 else 2
        else:
            self.degree = round(n_nodes ** (1 / self.dim)) - 1
        lattice = np.indices((self.degree + 1,) * self.dim).reshape(self.dim, -1)[::-1].T
        if self.is_simplex:
            corners = np.vstack([np.zeros(self.dim), np.eye(self.dim)])
            edges = [(0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)][:3 * (self.dim - 1)]
            middles = [(corners[a] + corners[b]) / 2 for a, b in edges if self.degree > 1]
            self.nodes = np.vstack([corners, *middles])
            lattice = lattice[lattice.sum(axis=1) <= self.degree]
            self.corners = np.arange(self.dim + 1)
        else:
            self.nodes = lattice / self.degree
            self.corners = np.flatnonzero((lattice % self.degree == 0).all(axis=1))
        if len(self.nodes) != n_nodes:
            raise ValueError(f"cells of VTK type {kind} with {n_nodes} nodes")
        self.exponents = lattice
        self.derivative = np.zeros((self.degree + 1,) * 2)
        for j in range(1, self.degree + 1):
            column = 2 * legendre.legder(np.eye(self.degree + 1)[j])
            self.derivative[:len(column), j] = column
        self.inverse = np.eye(n_nodes)
        self.inverse = np.linalg.inv(self.shapes(self.nodes))

    def sorted(self, cells):
        """The nodes of cells in the order of those here: x fastest."""
        if self.kind == 9:
            return cells[:, [0, 1, 3, 2]]
        if self.kind == 12:
            return cells[:, [0, 1, 3, 2, 4, 5, 7, 6]]
        # deal.II numbers the points of a cell in this order, whatever VTK makes of it.
        return cells if self.is_simplex else np.sort(cells, axis=1)

    def shapes(self, x, derivative=None):
        """All shape functions, or their derivatives, at the points x, as (point, function)."""
        result = np.ones((len(x), len(self.exponents)))
        for d in range(self.dim):
            values = legendre.legvander(2 * x[:, d] - 1, self.degree)
            if d == derivative:
                values = values @ self.derivative
            result *= values[:, self.exponents[:, d]]
        return result @ self.inverse

    def contains(self, x, tolerance=1e-8):
        inside = (x >= -tolerance).all(axis=1)
        return inside & ((x.sum(axis=1) if self.is_simplex else x.max(axis=1)) <= 1 + tolerance)


class Mesh:
    """Cells of one kind: their nodes as (cell, node, direction), and the values of fields there
    as (cell, node, component)."""

    def __init__(self, element, nodes, values):
        self.element, self.nodes, self.values = element, nodes, values
        # Most cells have straight edges, whatever the degree of the fields.
        corners = nodes[:, element.corners]
        straight = Element({1: 3, 2: 5 if element.is_simplex else 9,
                            3: 10 if element.is_simplex else 12}[element.dim],
                           len(element.corners))
        gap = np.abs(np.einsum("mn,cnd->cmd", straight.shapes(element.nodes), corners) - nodes)
        self.geometries = [(straight, corners)]
        if gap.max() > 1e-9 * np.abs(nodes).max():
            self.geometries.append((element, nodes))

    def locate(self, axes, n_at_once=1 << 15):
        """Find the points of a lattice: their numbers (x fastest), cells, and places therein."""
        lower, upper = self.nodes.min(axis=1), self.nodes.max(axis=1)
        margin = 0.05 * (upper - lower)
        first, width = [], []
        for d, axis in enumerate(axes):
            first.append(np.searchsorted(axis, lower[:, d] - margin[:, d]))
            width.append(np.searchsorted(axis, upper[:, d] + margin[:, d], "right") - first[-1])
        counts = np.prod(width, axis=0)
        all_cells = np.repeat(np.arange(len(counts)), counts)
        all_places = np.arange(len(all_cells)) - np.repeat(np.cumsum(counts) - counts, counts)
        for begin in range(0, len(all_cells), n_at_once):
            cells = all_cells[begin:begin + n_at_once]
            rest = all_places[begin:begin + n_at_once]
            number, stride, points = 0, 1, []
            for axis, start, n in zip(axes, first, width):
                i = start[cells] + rest % n[cells]
                rest = rest // n[cells]
                points.append(axis[i])
                number = number + stride * i
                stride *= len(axis)
            x, found = self._invert(cells, np.transpose(points))
            yield number[found], cells[found], x[found]

    def _invert(self, cells, points):
        """The places of points in cells, and whether they are inside: in the cells with straight
        edges, and from there in those with curved ones."""
        x = np.full(points.shape, 1 / (self.element.dim + 1))
        inside = np.ones(len(points), dtype=bool)
        for element, nodes in self.geometries:
            near = np.flatnonzero(inside)
            x[near] = self._newton(element, nodes, cells[near], points[near], x[near])
            last = element is self.geometries[-1][0]
            inside &= element.contains(x, 1e-8 if last else 0.5)
        return x, inside

    @staticmethod
    def _newton(element, nodes, cells, points, x):
        """Newton's method for all points; one that ends outside stays at the bounds."""
        moving = np.arange(len(points))
        for _ in range(20):
            own, y = nodes[cells[moving]], x[moving]
            gap = points[moving] - np.einsum("pn,pnd->pd", element.shapes(y), own)
            jacobian = np.stack([np.einsum("pn,pnd->pd", element.shapes(y, e), own)
                                 for e in range(element.dim)], axis=2)
            step = np.linalg.solve(jacobian, gap[..., None])[..., 0]
            x[moving] = np.clip(y + step, -0.6, 1.6)
            moving = moving[np.abs(x[moving] - y).max(axis=1) > 1e-10]
            if not len(moving):
                return x
        # It has no place.
        x[moving] = -0.6
        return x


def read_vtu(path):
    """The meshes of a VTU file, one for each kind of cells."""
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, OSError) as error:
        sys.exit(f"{path}: {error}")
    coding = 8 if root.get("header_type") == "UInt64" else 4, root.get("compressor")
    parts = {}
    for piece in root.iter("Piece"):
        if int(piece.get("NumberOfCells")) == 0:
            continue
        points = _numbers(piece.find("Points/DataArray"), *coding).reshape(-1, 3)
        values = {array.get("Name"): _numbers(array, *coding).reshape(len(points), -1)
                  for array in piece.findall("PointData/DataArray")}
        cells = {array.get("Name"): _numbers(array, *coding)
                 for array in piece.findall("Cells/DataArray")}
        sizes = np.diff(cells["offsets"], prepend=0)
        for kind, n in set(zip(cells["types"].tolist(), sizes.tolist())):
            element = Element(kind, n)
            chosen = np.flatnonzero((cells["types"] == kind) & (sizes == n))
            places = cells["offsets"][chosen, None] - n + np.arange(n)
            nodes = element.sorted(cells["connectivity"][places])
            parts.setdefault((kind, n), (element, []))[1].append(
                (points[nodes][..., :element.dim],
                 {name: field[nodes] for name, field in values.items()}))
    if not parts:
        sys.exit(f"{path}: no cells")
    return [Mesh(element, np.concatenate([nodes for nodes, _ in pieces]),
                 {name: np.concatenate([values[name] for _, values in pieces])
                  for name in pieces[0][1]})
            for element, pieces in parts.values()]


class Fields:
    """The components of the fields of a file on the points of a lattice: all of a line or of the
    box around a plane domain; in 3D the plane in the middle, normal to the third axis. NaN
    outside of the domain."""

    N_POINTS = {1: 513, 2: 385, 3: 257}

    def __init__(self, path):
        meshes = read_vtu(path)
        self.dim = meshes[0].element.dim
        lower = np.min([mesh.nodes.min(axis=(0, 1)) for mesh in meshes], axis=0)
        upper = np.max([mesh.nodes.max(axis=(0, 1)) for mesh in meshes], axis=0)
        self.axes = [np.linspace(a, b, self.N_POINTS[self.dim])
                     for a, b in zip(lower[:2], upper[:2])]
        self.where = ""
        axes = list(self.axes)
        if self.dim == 3:
            axes.append(np.array([(lower[2] + upper[2]) / 2]))
            self.where = f", z = {axes[2][0]:g}"
        n_points = int(np.prod([len(axis) for axis in axes]))
        samples = {name: np.full((n_points, values.shape[2]), np.nan)
                   for name, values in meshes[0].values.items()}
        cells, n_cells = np.full(n_points, -1), 0
        for mesh in meshes:
            for points, inside, x in mesh.locate(axes):
                shapes = mesh.element.shapes(x)
                cells[points] = n_cells + inside
                for name, values in mesh.values.items():
                    samples[name][points] = np.einsum("pn,pnc->pc", shapes, values[inside])
            n_cells += len(mesh.nodes)
        self.shape = (len(axes[1]) if self.dim > 1 else 1, len(axes[0]))
        self.cells = cells.reshape(self.shape)
        self.components = {}
        for name, values in samples.items():
            # deal.II pads vectors with zeros, and numbers what is no vector.
            match = re.fullmatch(r"(.+)_\d+", name)
            if match and {match[1] + "_0", match[1] + "_1"} <= set(samples):
                name = match[1]
            for column in values.T[:self.dim] if values.shape[1] > 1 else values.T:
                self.components.setdefault(name, []).append(column.reshape(self.shape))

    @property
    def reference(self):
        """The field against which errors are."""
        return "exact" if "exact" in self.components else "fem"

    def error(self, name, component=0):
        """As the file has it, which is more exact than the difference of two fields in single
        precision, or else this difference."""
        kind = "error_" if self.reference == "exact" else "difference_"
        if kind + name in self.components:
            return self.components[kind + name][component]
        return self.components[name][component] - self.components[self.reference][component]

    def mesh(self):
        """1 between cells, 0 inside, NaN outside."""
        lines = np.zeros(self.shape)
        lines[:, 1:] += self.cells[:, 1:] != self.cells[:, :-1]
        lines[1:] += self.cells[1:] != self.cells[:-1]
        lines[:, [0, -1]] = lines[[0, -1]] = 1
        return np.where(self.cells >= 0, np.minimum(lines, 1), np.nan)


# --------------------------------------------------------------------------------------- images

class Scale:
    """The colours that several images share."""

    def __init__(self, images, log=False):
        self.log, self.palette = log, "magma" if log else "viridis"
        images = [image[np.isfinite(image)] for image in images]
        if log:
            self.lower, self.upper = self._decades([image[image > 0] for image in images])
            self.norm = LogNorm(self.lower, self.upper)
            return
        values = np.concatenate(images)
        self.lower, self.upper = (values.min(), values.max()) if len(values) else (0, 1)
        if self.lower == self.upper:
            margin = max(1, abs(self.lower)) / 2
            self.lower, self.upper = self.lower - margin, self.upper + margin
        self.norm = Normalize(self.lower, self.upper)

    @staticmethod
    def _decades(images):
        """Whole decades from the largest value down to the fifth percentile of the image with the
        smallest ones: zeros of an error would otherwise stretch the scale without end."""
        images = [image for image in images if len(image)]
        if not images:
            return 1e-16, 1e-15
        upper = math.ceil(math.log10(max(image.max() for image in images)))
        lower = math.floor(math.log10(min(np.percentile(image, 5) for image in images)))
        return 10. ** max(min(lower, upper - 1), upper - 20), 10. ** upper


@dataclass
class Image:
    title: str
    values: np.ndarray
    scale: Scale = None  # none: lines of a mesh


def _draw_image(axes, image, fields):
    x, y = fields.axes
    dx, dy = (x[1] - x[0]) / 2, (y[1] - y[0]) / 2
    scale, values = image.scale, image.values
    colours = {"cmap": "Greys", "vmin": 0, "vmax": 1.6}
    if scale is not None:
        values = np.maximum(values, scale.lower)
        colours = {"cmap": scale.palette, "norm": scale.norm}
    axes.set_title(image.title, pad=22 if scale is not None and scale.log else 6)
    if scale is not None and scale.log:
        largest = np.nanmax(image.values, initial=0)
        axes.annotate(f"largest {largest:.1e}", (0.5, 1), (0, 5), "axes fraction",
                      "offset points", ha="center", fontsize=10, color="#606060")
    axes.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]), xlabel="x", ylabel="y")
    for axis in axes.xaxis, axes.yaxis:
        axis.set_major_formatter("{x:g}")
    return axes.imshow(values, origin="lower", aspect="auto", interpolation="nearest",
                       extent=(x[0] - dx, x[-1] + dx, y[0] - dy, y[-1] + dy), **colours)


# Pixels of a picture left, above and below an image, and between it and its scale.
LEFT, TOP, BOTTOM, SCALE = 85, 65, 65, 115


def draw_images(path, rows, fields):
    """Rows of images, None where there is none, with a scale of colours right of the last ones
    that share it."""
    x, y = fields.axes
    ratio = min(max((y[-1] - y[0]) / (x[-1] - x[0]), 0.1), 2)
    if ratio < 0.45:
        # Wide domains stand one above the other.
        rows = list(map(list, itertools.zip_longest(*rows)))
    shared = all(len({id(image.scale) for image in row if image and image.scale}) < 2
                 for row in rows)
    n_columns = max(map(len, rows))
    width = 384 if ratio >= 0.45 else 900 // n_columns + 200
    height, gap = width * ratio, 35 if shared else SCALE + 65
    size = (LEFT + n_columns * (width + gap) - gap + SCALE, BOTTOM + len(rows) * (height + TOP))
    figure = Figure(figsize=(size[0] / 100, size[1] / 100))

    def add_axes(x, y, width):
        return figure.add_axes((x / size[0], y / size[1], width / size[0], height / size[1]))

    for r, row in enumerate(rows):
        for c, image in enumerate(row):
            if image is None:
                continue
            x = LEFT + c * (width + gap)
            y = BOTTOM + (len(rows) - 1 - r) * (height + TOP)
            axes = add_axes(x, y, width)
            drawn = _draw_image(axes, image, fields)
            below = rows[r + 1][c:c + 1] if r + 1 < len(rows) else []
            if any(below):
                axes.set(xlabel="", xticklabels=[])
            if c > 0:
                axes.set(ylabel="", yticklabels=[])
            right = next((other for other in row[c + 1:] if other and other.scale), None)
            if image.scale and (right is None or right.scale is not image.scale):
                # Beside images of other kinds as well.
                end = x if not shared else LEFT + (n_columns - 1) * (width + gap)
                bar = add_axes(end + width + 20, y, 18)
                figure.colorbar(drawn, cax=bar).outline.set_visible(False)
                bar.minorticks_off()
    save(figure, path)


# -------------------------------------------------------------------------------------- results

TITLES = {"network": ("network", NETWORK), "refined": ("refined", REFINED),
          "fem": ("finite elements", ELEMENTS), "exact": ("exact", EXACT)}


def draw_comparison(path, fields):
    """Network, refined field, finite elements and exact solution, and below them the errors
    against the last one of these; as images, or as curves in 1D."""
    names = [name for name in TITLES if name in fields.components]
    with_errors = [name for name in names if name != fields.reference]
    n_components = len(fields.components["network"])
    panels, rows = [], []
    for c in range(n_components):
        where = (f", component {c}" if n_components > 1 else "") + fields.where
        values = {name: fields.components[name][c] for name in names}
        errors = {name: np.abs(fields.error(name, c)) for name in with_errors}
        if fields.dim == 1:
            panels += curves_of(fields.axes[0], values, errors, where)
            continue
        scale, log_scale = Scale(values.values()), Scale(errors.values(), log=True)
        rows.append([Image(TITLES[name][0] + where, values[name], scale) for name in names])
        what = "error" if fields.reference == "exact" else "distance to finite elements"
        rows.append([Image(f"{what}, {TITLES[name][0]}{where}", errors[name], log_scale)
                     for name in with_errors] + [Image("mesh" + fields.where, fields.mesh())])
    if fields.dim == 1:
        draw(path, panels, 1, (1100, 480))
    else:
        draw_images(path, rows, fields)


def curves_of(x, values, errors, where):
    def curves(of, floor=-math.inf):
        # The reference is a broad band below the other curves.
        return [Curve(list(zip(x, np.maximum(of[name].ravel(), floor))), TITLES[name][0],
                      "--" if name == "fem" else "-", TITLES[name][1],
                      7 if name == "exact" else 2)
                for name in sorted(of, key="exact network refined fem".split().index)]
    scale = Scale(errors.values(), log=True)
    limits = (x[0], x[-1])
    return [Panel("fields" + where, "x", content=curves(values), xrange=limits),
            Panel("errors" + where, "x", log="y", content=curves(errors, scale.lower),
                  xrange=limits, yrange=(scale.lower, scale.upper))]


def draw_file(source, path):
    """All fields of a file, each with its own scale."""
    fields = Fields(source)
    if {"network", "refined", fields.reference} <= set(fields.components):
        return draw_comparison(path, fields)
    images = []
    for name, components in fields.components.items():
        log = name.startswith(("error", "difference"))
        for c, values in enumerate(map(np.abs, components) if log else components):
            title = name + (f", component {c}" if len(components) > 1 else "") + fields.where
            images.append(Image(title, values, Scale([values], log)))
    if not images:
        sys.exit(f"{source}: no fields")
    if fields.dim == 1:
        draw(path, [Panel(image.title, "x", content=[
            Curve(list(zip(fields.axes[0], image.values.ravel())))]) for image in images])
    else:
        images.append(Image("mesh" + fields.where, fields.mesh()))
        draw_images(path, [images[i:i + 3] for i in range(0, len(images), 3)], fields)


def draw_loss_over_rank(path, report):
    profile = report["profile"]

    def curve(name, title, colour, style="-", power=1):
        return Curve([(rank, value ** power) for rank, value in zip(profile["rank"], profile[name])
                      if rank > 0 and value is not None and value > 0], title, style, colour)

    panels = [Panel("norm of the residual", content=[curve("loss", "", REFINED, power=0.5)],
                    mark=(report["rank"], f"rank {report['rank']}")),
              Panel("conditioning", mark=(report["rank"], ""), content=[
                  curve("condition", "condition number", NETWORK),
                  curve("coefficient_norm", "norm of the coefficients", ELEMENTS, "--")])]
    for panel in panels:
        panel.xlabel, panel.log = "rank", "xy"
        panel.content = [curve for curve in panel.content if curve.points]
    draw(path, [panel for panel in panels if panel.content])


def draw_history(path, lines):
    """Each iteration is a step from the network to its refinement (Figure 5a of the paper)."""
    panels = []
    for name, title in [("residual", "norm of the residual"), ("error", "error")]:
        curves = [Curve([(line["iteration"], line[f"{field}_{name}"]) for line in lines
                         if isinstance(line[f"{field}_{name}"], float)], field, "o-", colour)
                  for field, colour in (("network", NETWORK), ("refined", REFINED))]
        if all(curve.points for curve in curves):
            panels.append(Panel(title, "iteration", log="y", content=curves))
    draw(path, panels)


def draw_error_fields(path, iterations):
    """Errors in the first iterations, of the network and, below, refined."""
    rows = []
    for name in ("network", "refined"):
        errors = {i: np.abs(fields.error(name)) for i, fields in iterations[:3]}
        scale = Scale(errors.values(), log=True)
        rows.append([Image(f"{name} {i}{iterations[0][1].where}", values, scale)
                     for i, values in errors.items()])
    fields = iterations[0][1]
    if fields.dim > 1:
        return draw_images(path, rows, fields)
    draw(path, [Panel("errors", "x", log="y", content=[
        Curve(list(zip(fields.axes[0], image.values.ravel())), image.title) for image in row])
        for row in rows], 1, (1100, 480))


class Spectrum:
    """The shares of waves in the mean square of a field, in bins of the wavenumber.

    The field is a sum of cos(pi i x / L) cos(pi j y / H), which is the Fourier series of the field
    reflected at the sides of its box: unlike others it needs no field that is periodic or zero on
    the boundary. Points outside of the domain count as zeros; the energies add up to the mean
    square by the trapezoidal rule."""

    def __init__(self, values, axes):
        lengths = [axis[-1] - axis[0] for axis in axes]
        known = np.nan_to_num(values)
        transformed = known @ self._cosines(known.shape[1]).T
        wavenumber = np.arange(known.shape[1])[None] * math.pi / lengths[0]
        if len(axes) > 1:
            transformed = self._cosines(known.shape[0]) @ transformed
            wavenumber = np.hypot(wavenumber,
                                  np.arange(known.shape[0])[:, None] * math.pi / lengths[1])
        step = math.pi / max(lengths)
        energy = (transformed ** 2).ravel()
        self.energy = np.bincount(np.rint(wavenumber.ravel() / step).astype(int), energy)
        self.wavenumber = step * np.arange(len(self.energy))
        self.mean_square = energy.sum()
        self.mean_wavenumber = (energy @ wavenumber.ravel() / self.mean_square
                                if self.mean_square > 0 else math.nan)

    @staticmethod
    def _cosines(n):
        """From samples at n points, both ends included, to the coefficients of cosines that are
        orthonormal under the trapezoidal rule on an interval of length 1."""
        i = np.arange(n)
        result = np.cos(math.pi / (n - 1) * (np.outer(i, i) % (2 * (n - 1)))) / (n - 1)
        result[:, [0, -1]] /= 2
        result[1:-1] *= math.sqrt(2)
        return result


def write_spectra(path, spectra):
    first = next(iter(spectra.values()))
    lines = [",".join(["iteration,field,mean_square,mean_wavenumber",
                       *map(repr, first.wavenumber.tolist())])]
    for (iteration, name), spectrum in spectra.items():
        numbers = [float(spectrum.mean_square), float(spectrum.mean_wavenumber),
                   *spectrum.energy.tolist()]
        lines.append(",".join([str(iteration), name, *map(repr, numbers)]))
    write(path, ("\n".join(lines) + "\n").encode())


def draw_error_spectra(path, iterations):
    """The energy of the errors over the wavenumber in the first iterations, and its mean over all.
    A refinement is a step from the network to the refined field, an alignment one from there to
    the network of the next iteration (Figure 5c of the paper)."""
    spectra = {(i, name): Spectrum(fields.error(name), fields.axes)
               for i, fields in iterations for name in ("network", "refined")}
    write_spectra(path.with_suffix(".csv"), spectra)
    means, energies = [], []
    shades = {"network": ["#f2b183", NETWORK, "#7a3600"],
              "refined": ["#8cc1e2", REFINED, "#003553"]}
    for name, colour in (("network", NETWORK), ("refined", REFINED)):
        means.append(Curve([(i, spectra[i, name].mean_wavenumber) for i, _ in iterations], name,
                           "o-", colour))
    for shade, (i, _) in enumerate(iterations[:3]):
        for name in ("network", "refined"):
            spectrum = spectra[i, name]
            energies.append(Curve(list(zip(spectrum.wavenumber, spectrum.energy)), f"{name}, {i}",
                                  colour=shades[name][shade]))
    draw(path, [Panel("mean wavenumber of the error", "iteration", content=means),
                Panel("energy of the error", "wavenumber", log="xy", content=energies)])


def draw_instances(path, lines, summary):
    """Errors of many instances, and the time that so many of them have taken."""
    ranked = sorted(lines, key=lambda line: line["network_error"])
    errors = [Curve(list(enumerate((line[name + "_error"] for line in ranked), 1)),
                    TITLES[name][0], "o", TITLES[name][1]) for name in ("network", "refined", "fem")
              if any(line[name + "_error"] == line[name + "_error"] for line in lines)]

    def cumulative(column, once, name, title):
        sums = itertools.accumulate((line[column] for line in lines), initial=once)
        return Curve(list(enumerate(sums)), title, colour=TITLES[name][1])

    mesh = summary["mesh_seconds"]
    once = summary["network_seconds"] + summary["space_seconds"] + summary["training_seconds"]
    times = [cumulative("seconds", mesh + once, "refined", "refinement")]
    if all(line["fem_seconds"] == line["fem_seconds"] for line in lines):
        times.append(cumulative("fem_seconds", mesh, "fem", "finite elements"))
    draw(path, [Panel("relative L2 error", "instances, sorted", log="y", content=errors),
                Panel("time", "instances", "seconds", content=times)])


def draw_results(folder):
    """All pictures of a folder. One that cannot be drawn does not stop the others."""
    def report():
        return json.loads((folder / "report.json").read_text(encoding="utf8"))

    # Files of an earlier run in the same folder are not those of the report.
    there = {path.name for path in folder.iterdir()}
    files = there & set(report().get("files", there)) if "report.json" in there else there
    iterations = []
    if "history.csv" in files:
        iterations = [(int(line["iteration"]), f"iteration_{line['iteration']:.0f}.vtu")
                      for line in table(folder / "history.csv")]
        iterations = [(i, name) for i, name in iterations if name in there]
    sampled = []

    def errors_of_iterations():
        sampled.extend((i, Fields(folder / name)) for i, name in iterations[len(sampled):])
        return sampled

    pictures = []
    if "solution.vtu" in files:
        pictures.append(("fields.png", lambda path: draw_file(folder / "solution.vtu", path)))
    if "report.json" in there and any(report()["profile"]["rank"]):
        pictures.append(("loss_over_rank.png", lambda path: draw_loss_over_rank(path, report())))
    if "history.csv" in files:
        pictures.append(("history.png",
                         lambda path: draw_history(path, table(folder / "history.csv"))))
    if len(iterations) > 1:
        pictures.append(("error_fields.png",
                         lambda path: draw_error_fields(path, errors_of_iterations())))
        pictures.append(("error_spectra.png",
                         lambda path: draw_error_spectra(path, errors_of_iterations())))
    if {"instances.csv", "summary.json"} <= there:
        pictures.append(("instances.png", lambda path: draw_instances(
            path, table(folder / "instances.csv"),
            json.loads((folder / "summary.json").read_text(encoding="utf8")))))
    if not pictures:
        sys.exit(f"{folder}: nothing to draw, expected report.json, solution.vtu or history.csv")

    failed = False
    for name, action in pictures:
        try:
            action(folder / name)
        except (Exception, SystemExit) as error:
            print(f"{name}: {error or type(error).__name__}", file=sys.stderr, flush=True)
            failed = True
    sys.exit(failed)


def main(arguments):
    if len(arguments) not in (1, 2) or arguments[0].startswith("-"):
        sys.exit(__doc__.strip())
    source = Path(arguments[0])
    if source.is_dir():
        draw_results(source)
    path = Path(arguments[1]) if len(arguments) > 1 else source.with_suffix(".png")
    draw_file(source, path)


if __name__ == "__main__":
    main(sys.argv[1:])
