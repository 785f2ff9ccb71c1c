#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""Many refinements in one process: memory and open files stay as they are.

    soak.py BIN SCRATCH [--number N]

Refines N instances of a parametric problem (1000). Of what the process holds,
the last tenth of the run must not have 1 % more than the time from 20 to 30 %.
"""

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import campaign


def state_of(pid):
    """Resident memory in bytes, and the number of open files."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir(f"/proc/{pid}/fd"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bin", type=lambda p: Path(p).resolve())
    parser.add_argument("scratch", type=lambda p: Path(p).resolve())
    parser.add_argument("--number", type=int, default=1000)
    arguments = parser.parse_args()
    shutil.rmtree(arguments.scratch, ignore_errors=True)
    folder = campaign.make_inputs(arguments.bin, arguments.scratch)
    randomness = random.Random(1)
    rows = [[randomness.uniform(-1, 1), randomness.uniform(-1, 1),
             randomness.uniform(0.3, 0.7), randomness.uniform(0.3, 0.7)]
            for _ in range(arguments.number)]
    (folder / "instances.csv").write_text(
        "a1,a2,s1,s2\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))

    start = time.monotonic()
    process = subprocess.Popen(
        [str(arguments.bin / "lsr"), "refine", "instances.prm", "--threads", "1"],
        cwd=folder, stdout=subprocess.DEVNULL)
    states = []
    while process.poll() is None:
        try:
            states.append(state_of(process.pid))
        except OSError:
            break
        time.sleep(0.2)
    if process.wait() != 0:
        raise SystemExit(f"exit status {process.returncode}")
    seconds = time.monotonic() - start

    def middle(begin, end, which):
        part = states[int(begin * len(states)):int(end * len(states))]
        return statistics.median(state[which] for state in part)

    early, late = middle(0.2, 0.3, 0), middle(0.9, 1, 0)
    files_early, files_late = middle(0.2, 0.3, 1), middle(0.9, 1, 1)
    print(f"{arguments.number} refinements in {seconds:.0f} s: memory {early / 2**20:.1f} MiB, "
          f"at the end {late / 2**20:.1f} MiB ({100 * (late / early - 1):+.2f} %); "
          f"open files {files_early:.0f}, at the end {files_late:.0f}")
    return 1 if late > 1.01 * early or files_late > files_early else 0


if __name__ == "__main__":
    sys.exit(main())
