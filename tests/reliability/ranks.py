#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""Faults of one of several ranks: all of them end soon, with one message.

    ranks.py BIN SCRATCH --library INJECT [--number N] [--run NAME ...]

One of three ranks is killed N times at random moments, throws at N random
allocations of at least 64 KiB, or has other files than the others.
"""

import argparse
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import campaign
from campaign import RUNS, TRAINING, Failure

N_RANKS = 3
TIME_TO_END = 20  # seconds from the fault to the end of all ranks
MPIRUN = ["mpirun", "--oversubscribe", "--allow-run-as-root", "--bind-to", "none"]
PARALLEL = ["refine", "iterative", "instances", "family"]


def command(lsr, name, folder, odd_folder=None, environment=()):
    """mpirun, whose second rank is the odd one (not by a colon: mpirun of Open MPI 5.0.7 crashes)."""
    odd = shlex.join(["env", *environment]) + ' "$@"'
    ranks = f'[ "$OMPI_COMM_WORLD_RANK" = 1 ] || exec "$@"; cd "$0"; exec {odd}'
    return [*MPIRUN, "-n", str(N_RANKS), "-wdir", str(folder), "sh", "-c", ranks,
            str(odd_folder or folder), lsr, *RUNS[name]]  # fmt: skip


def check_end(status, errors, seconds):
    messages = [line for line in errors.splitlines() if ": error: " in line]
    if status == 0:
        raise Failure("success")
    if len(messages) != 1:
        raise Failure(f"{len(messages)} messages: {errors[-400:]}")
    if seconds > TIME_TO_END:
        raise Failure(f"{seconds:.0f} s until all have ended")


def check_outputs(folder, inputs):
    campaign.check_folder(folder, campaign.checksums(inputs))
    campaign.check_no_temporary_files(folder)


def rank_of(pid):
    environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    ranks = [entry for entry in environment if entry.startswith(b"OMPI_COMM_WORLD_RANK=")]
    return int(ranks[0].split(b"=")[1]) if ranks else None


def processes_of(parent):
    """The ranks below a process, by their numbers."""
    below, result = [parent], {}
    while below:
        children = Path(f"/proc/{below[0]}/task/{below.pop(0)}/children")
        for child in children.read_text().split() if children.exists() else []:
            below.append(int(child))
            try:
                rank = rank_of(child)
            except OSError:
                continue
            if rank is not None:
                result[rank] = int(child)
    return result


def is_running(pid):
    """Not what has ended, and whose parent has yet to ask for its status."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def kill(arguments, inputs, name, moment):
    """Kill rank 1. mpirun itself says so."""
    folder = campaign.fresh_folder(arguments.scratch, inputs, "run")
    process = subprocess.Popen(
        command(arguments.lsr, name, folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(moment)
    ranks = processes_of(process.pid)
    if 1 in ranks:
        try:
            os.kill(ranks[1], signal.SIGKILL)
        except ProcessLookupError:
            pass
    start = time.monotonic()
    try:
        process.communicate(timeout=TIME_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        raise Failure(f"no end {TIME_TO_END} s after the kill") from None
    left = [pid for pid in ranks.values() if is_running(pid)]
    if left:
        raise Failure(f"ranks are left {time.monotonic() - start:.1f} s after the kill")
    for path in folder.rglob("*"):
        if path.is_file() and ".partial" not in path.name:
            campaign.require_whole(path)
    return bool(ranks)


def starve(arguments, inputs, name, n):
    """Let allocation n of rank 1 fail; whether there was one. For n = 0 none fails,
    and their number is returned."""
    folder = campaign.fresh_folder(arguments.scratch, inputs, "run")
    record = arguments.scratch / "injected"
    record.unlink(missing_ok=True)
    faulty = [
        f"LD_PRELOAD={arguments.library}",
        "LSR_INJECT_CALL=malloc",
        f"LSR_INJECT_N={n}",
        f"LSR_INJECT_FOLDER={folder}",
        "LSR_INJECT_BYTES=65536",
        f"LSR_INJECT_LOG={record}",
    ]
    status, errors = campaign.run(command(arguments.lsr, name, folder, environment=faulty), folder)
    if n == 0:
        return int(record.read_text())
    if record.exists() and status != 0:
        check_end(status, errors, time.time() - record.stat().st_mtime)
    check_outputs(folder, inputs)
    return record.exists()


def other_files(arguments, inputs):
    """Folders that differ from the inputs in one thing each."""
    lsr = str(arguments.lsr)

    def change(what, act):
        folder = campaign.fresh_folder(arguments.scratch / "others", inputs, what)
        act(folder)
        return what, folder

    def edit(folder, old, new):
        text = (folder / "problem.prm").read_text()
        assert old in text
        (folder / "problem.prm").write_text(text.replace(old, new))

    def train(folder, *settings):
        campaign.run([lsr, "train", "problem.prm", *TRAINING, *settings], folder)

    return [
        change("no network", lambda f: (f / "network.pt").unlink()),
        change("half a network", lambda f: (f / "network.pt").write_bytes(
            (f / "network.pt").read_bytes()[:1000])),
        change("other weights", lambda f: train(f, "--set", "Training/Seed=7")),
        change("wider layers", lambda f: train(f, "--set", "Training/Hidden layers=14, 14")),
        change("no parameters", lambda f: (f / "problem.prm").unlink()),
        change("another mesh", lambda f: edit(f, "refinements = 4", "refinements = 3")),
        change("other directions", lambda f: edit(f, "Directions = 60", "Directions = 50")),
        change("another degree", lambda f: edit(f, "degree = 2", "degree = 1")),
        change("another equation", lambda f: edit(f, "sin(pi*x) *", "2*sin(pi*x) *")),
    ]


def time_of(arguments, inputs, name):
    folder = campaign.fresh_folder(arguments.scratch, inputs, "run")
    return campaign.time_of(command(arguments.lsr, name, folder), folder)


def all_faults(arguments, inputs):
    randomness = random.Random(arguments.seed)
    whole = time_of(arguments, inputs, "refine")
    for what, odd in other_files(arguments, inputs):
        folder = campaign.fresh_folder(arguments.scratch, inputs, "run")
        start = time.monotonic()
        try:
            status, errors = campaign.run(command(arguments.lsr, "refine", folder, odd), folder)
            check_end(status, errors, time.monotonic() - start - whole)
            check_outputs(folder, inputs)
            print(f"{what}: {time.monotonic() - start:.1f} s", flush=True)
        except Failure as failure:
            yield f"one rank with {what}: {failure}"
    for name in arguments.run:
        whole = time_of(arguments, inputs, name)
        n_killed = n_starved = 0
        for _ in range(arguments.number):
            moment = randomness.uniform(0, whole)
            try:
                n_killed += kill(arguments, inputs, name, moment)
            except Failure as failure:
                yield f"{name}, a rank killed after {moment:.2f} s: {failure}"
        allocations = range(1, starve(arguments, inputs, name, 0) + 1)
        n_tried = min(arguments.number, len(allocations))
        for n in sorted(randomness.sample(allocations, n_tried)):
            try:
                n_starved += starve(arguments, inputs, name, n)
            except Failure as failure:
                yield f"{name}, allocation {n} of a rank: {failure}"
        print(f"{name}: a rank killed {n_killed} times, out of memory {n_starved} times", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bin", type=lambda p: Path(p).resolve())
    parser.add_argument("scratch", type=lambda p: Path(p).resolve())
    parser.add_argument("--library", type=lambda p: Path(p).resolve(), required=True)
    parser.add_argument("--number", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--run", nargs="*", choices=PARALLEL, default=PARALLEL)
    arguments = parser.parse_args()
    arguments.lsr = str(arguments.bin / "lsr")
    shutil.rmtree(arguments.scratch, ignore_errors=True)
    inputs = campaign.make_inputs(arguments.bin, arguments.scratch)
    return campaign.report(all_faults(arguments, inputs))


if __name__ == "__main__":
    sys.exit(main())
