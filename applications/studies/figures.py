# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""Tables as figures: reads CSV files, and draws curves and maps with gnuplot.

    from figures import COLOURS, Curve, Map, Panel, draw, table

    lines = table("loss.csv")
    draw("loss.png", [Panel("loss over rank", "rank", "loss", log="y", content=[
        Curve([(line["rank"], line["loss"]) for line in lines], "float64")])])
"""
import csv
from dataclasses import dataclass, field
import math
import os
from pathlib import Path
import subprocess
import sys

# Distinguishable for the colour-blind (Okabe and Ito).
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#404040"]


def table(path):
    """The lines of a CSV file as dictionaries, with numbers where there are some."""
    def entry(text):
        try:
            return float(text)
        except ValueError:
            return text

    try:
        with open(path, newline="") as file:
            lines = list(csv.DictReader(file))
    except OSError as error:
        sys.exit(f"{path}: {error.strerror}")
    for number, line in enumerate(lines, 2):
        if None in line or None in line.values():
            sys.exit(f"{path}, line {number}: {len(lines[0])} columns expected, as in line 1")
    if not lines:
        sys.exit(f"{path}: no lines below the titles")
    return [{name: entry(text) for name, text in line.items()} for line in lines]


@dataclass
class Curve:
    """Points (x, y), or (x, y, lower, upper) with bars. Style: lines, points, linespoints, or
    whatever else gnuplot's `with` takes; a colour is found for those that name none."""
    points: list
    title: str = ""
    style: str = "lines"
    colour: str = ""


@dataclass
class Map:
    """Values z at the points of a lattice, as (x, y, z), row by row; with or without the scale
    of colours and the numbers of the axes."""
    points: list
    palette: str = "cubehelix negative"
    scale: bool = True


@dataclass
class Panel:
    """One diagram: curves, or one map. `log` names the axes that are logarithmic; z are the
    values of a map."""
    title: str
    xlabel: str = ""
    ylabel: str = ""
    log: str = ""
    content: list = field(default_factory=list)
    key: str = "top right"
    xrange: tuple = ()
    yrange: tuple = ()


def _axis(panel, axis):
    lines = []
    if axis in panel.log:
        lines += [f"set logscale {axis}", f"set format {axis} '10^{{%L}}'"]
    limits = getattr(panel, axis + "range")
    if limits:
        lines.append(f"set {axis}range [{limits[0]}:{limits[1]}]")
    return lines


def _visible(panel, point):
    """A point with numbers that its axes can show."""
    return all(math.isfinite(number) for number in point) and \
        ("x" not in panel.log or point[0] > 0) and ("y" not in panel.log or point[1] > 0)


def _panel(panel, name):
    """The commands that draw a panel, with its data in blocks that begin with `name`."""
    commands = ["reset", "set tics out nomirror", "set border lc rgb '#404040'",
                f"set title \"{panel.title}\"", f"set xlabel \"{panel.xlabel}\"",
                f"set ylabel \"{panel.ylabel}\"", f"set key {panel.key} samplen 2",
                *_axis(panel, "x"), *_axis(panel, "y")]
    plots = []
    for i, content in enumerate(panel.content):
        points = [point for point in content.points if _visible(panel, point)]
        if not points:
            sys.exit(f"figure '{panel.title}': nothing to draw in curve {i + 1} "
                     f"'{getattr(content, 'title', '')}'")
        block = f"${name}_{i}"
        commands += [block + " << END", *(" ".join(map(repr, map(float, p))) for p in points),
                     "END"]
        if isinstance(content, Map):
            commands += ["unset key", "set size ratio -1", f"set palette {content.palette}",
                         "set autoscale fix",
                         *(["set logscale cb", "set cbtics format '10^{%L}'"] if "z" in panel.log
                           else ["set cbtics format '%.0e'"])]
            if not content.scale:
                commands += ["unset colorbox", "unset xtics", "unset ytics"]
            plots.append(f"{block} using 1:2:3 with image")
        else:
            colour = content.colour or COLOURS[i % len(COLOURS)]
            style = f"{content.style} lw 2 lc rgb '{colour}'"
            if "points" in content.style:
                style += " pt 7 ps 0.8"
            title = f"title \"{content.title}\"" if content.title else "notitle"
            plots.append(f"{block} using 1:2 with {style} {title}")
            if len(points[0]) == 4:
                plots.append(f"{block} using 1:2:3:4 with yerrorbars lw 1.5 lc rgb '{colour}' "
                             "pt -1 notitle")
    if not any(isinstance(content, Map) for content in panel.content):
        commands.append("set grid lt 1 lw 1 lc rgb '#dcdcdc'")
    return commands + ["plot " + ", ".join(plots)]


def draw(path, panels, columns=None, panel_size=(720, 540)):
    """Draw panels beside and below each other into a PNG file, which is replaced as a whole."""
    path = Path(path)
    columns = columns or min(len(panels), 3)
    rows = -(-len(panels) // columns)
    partial = path.name + ".partial"
    commands = [f"set terminal pngcairo enhanced size {columns * panel_size[0]},"
                f"{rows * panel_size[1]} font 'DejaVu Sans,15'",
                "set encoding utf8", f"set output '{partial}'",
                f"set multiplot layout {rows},{columns}"]
    for i, panel in enumerate(panels):
        commands += _panel(panel, f"data{i}")
    commands.append("unset multiplot")
    try:
        gnuplot = subprocess.run(["gnuplot", "-d"], input="\n".join(commands) + "\n", text=True,
                                 encoding="utf8", cwd=path.parent, stderr=subprocess.PIPE)
    except FileNotFoundError:
        sys.exit("gnuplot was not found. The package gnuplot-nox provides it.")
    except OSError as error:
        sys.exit(f"{path}: {error.strerror}")
    if gnuplot.returncode != 0:
        (path.parent / partial).unlink(missing_ok=True)
        sys.exit(f"gnuplot could not draw '{path}': {gnuplot.stderr}")
    os.replace(path.parent / partial, path)
    print(path)
