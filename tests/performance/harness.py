# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""What the scripts of this folder share: programs of the build, their reports, tables."""
import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def arguments(description):
    """A command line with the options that all scripts have."""
    parser = argparse.ArgumentParser(description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=REPOSITORY / "build",
                        help="build folder, configured with -DLSR_BUILD_PERFORMANCE=ON")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    return parser


class Programs:
    """The programs of a build; they put their data into a folder of it and find it again."""

    def __init__(self, given):
        self.build, self.threads, self.seed = given.build.resolve(), given.threads, given.seed
        self.data = self.build / "performance-data"
        self.data.mkdir(exist_ok=True)

    def path(self, name):
        for folder in ("bin", "tests/performance"):
            path = self.build / folder / name
            if path.exists():
                return path
        sys.exit(f"{self.build}: no program {name}; build with -DLSR_BUILD_PERFORMANCE=ON")

    def problem(self, program, name, *options):
        """A trained network and its points, made where they are missing or the options differ."""
        return self._made(program, self.data / f"{name}.pt", name, *options)

    def points(self, program, model, name, *options):
        """Other points for a network that is there."""
        return self._made(program, model, name, *options, "--points-only")

    def fit_network(self, depth=6, width=128):
        """A fully connected network, trained."""
        return self.problem("fit_problem", f"fit-{depth}x{width}",
                            "--depth", depth, "--width", width)[0]

    def fit_points(self, rows, depth=6, width=128):
        """Points for the fit, any number of them for one and the same network."""
        return self.points("fit_problem", self.fit_network(depth, width), f"fit-{rows}",
                           "--rows", rows)

    def _made(self, program, model, name, *options):
        points, stamp = self.data / f"{name}.csv", self.data / f"{name}.options"
        command = [program, *map(str, options), "--seed", str(self.seed)]
        if not (model.exists() and stamp.exists() and stamp.read_text() == " ".join(command)):
            say(" ".join(["making", name, "with", *command]))
            made = run([self.path(program), model, points, *command[1:], "--threads", self.threads])
            say(made.output.strip())
            stamp.write_text(" ".join(command))
        return model, points

    def fit(self, problem, *options):
        """The report of lsr fit."""
        return report([self.path("lsr"), "fit", *problem, *options,
                       "--threads", self.threads, "--seed", self.seed])


class Run:
    """What a finished program printed, its wall time, and the most memory it held."""

    def __init__(self, output, seconds, gigabytes):
        self.output, self.seconds, self.gigabytes = output, seconds, gigabytes


def run(command):
    """Run a program; its messages go to the terminal, and if it fails we end, too."""
    command = [str(word) for word in command]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"exit status {process.returncode}: {' '.join(command)}")
    return Run(output, time.perf_counter() - start, usage.ru_maxrss / 2**20)


def report(command):
    """Run a program whose last line is JSON, and add what it took as a whole."""
    finished = run(command)
    values = json.loads(finished.output.strip().splitlines()[-1])
    values["wall_seconds"], values["gigabytes"] = finished.seconds, finished.gigabytes
    return values


def say(text):
    print(text, file=sys.stderr, flush=True)


def number(value, digits=2):
    """Short, for a table."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    if value != 0 and not 1e-2 <= abs(value) < 1e5:
        return f"{value:.{max(digits - 1, 0)}e}"
    return f"{value:,.{digits if abs(value) < 100 else 0}f}"


def print_table(header, rows):
    print("| " + " | ".join(header) + " |")
    print("| " + " | ".join("---" for _ in header) + " |")
    for row in rows:
        print("| " + " | ".join(number(value) for value in row) + " |", flush=True)
    print()


def print_machine(threads):
    """One line: on what the figures below were measured."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    print(f"{model}, {os.cpu_count()} cores, {memory:.0f} GB, {threads} threads; "
          f"load {os.getloadavg()[0]:.1f} at the start\n")
