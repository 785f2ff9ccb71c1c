# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""The options, programs and tables of the scripts that run studies."""
import argparse
import csv
import json
import os
from pathlib import Path
import subprocess
import sys

ROOT = Path(__file__).resolve().parents[2]


def option_parser(description, name, threads=None):
    """The options of all scripts. Results go to results/NAME."""
    parser = argparse.ArgumentParser(description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true",
                        help="a small version: minutes, other figures")
    parser.add_argument("--threads", type=int, default=threads,
                        help=f"threads (default: {threads or 'all cores'})")
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="the build folder")
    parser.add_argument("--output", type=Path, default=ROOT / "results" / name,
                        help="the folder of the results")
    return parser


class Program:
    """A program of the studies, with the words that all its runs have."""

    def __init__(self, name, options, *common):
        self.path = options.build / "bin" / name
        if not self.path.exists():
            sys.exit(f"{self.path} was not found: build with ./quickstart build, "
                     "or name the build folder with --build")
        options.output = options.output.resolve()
        options.output.mkdir(parents=True, exist_ok=True)
        self.common = common
        self.environment = dict(os.environ)
        if options.threads:
            self.common += ("--threads", options.threads)
            self.environment.update(OMP_NUM_THREADS=str(options.threads),
                                    OPENBLAS_NUM_THREADS=str(options.threads))

    def run(self, *words, report=True):
        """The report that a run prints, unless that is not one."""
        words = [str(word) for word in (self.path, *words, *self.common)]
        print("+", *words, flush=True)
        result = subprocess.run(words, env=self.environment, text=True,
                                stdout=subprocess.PIPE if report else None)
        if result.returncode != 0:
            sys.exit(result.returncode)
        return json.loads(result.stdout) if report and result.stdout.strip() else None


def write_table(path, titles, lines):
    """A table as a file (.csv) and, in Markdown, on the screen."""
    partial = path.with_suffix(".partial")
    with open(partial, "w", newline="") as file:
        csv.writer(file).writerows([titles, *lines])
    os.replace(partial, path)
    print(f"{path}\n\n| " + " | ".join(titles) + " |\n|" + " --- |" * len(titles))
    for line in lines:
        print("| " + " | ".join(map(str, line)) + " |")
    print(flush=True)
