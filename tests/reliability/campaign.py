#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later
"""Faults and kills: nothing is lost, nothing half-written, nobody fooled.

    campaign.py inject BIN SCRATCH --library INJECT [--points N] [--run NAME ...]
    campaign.py starve BIN SCRATCH --library INJECT [--number N] [--run NAME ...]
    campaign.py kill   BIN SCRATCH [--number N] [--run NAME ...]

`inject` lets the first, second, third, ... call of read, open, write, fsync and rename
in the folder of a run fail until the run succeeds, or fsync end the program, as
libraries do, and so the allocations of at least 64 KiB. `starve` lets single
allocations of any size fail, N of each run that are chosen at random. `kill` ends
runs at random moments with SIGKILL, SIGTERM or SIGINT, and then runs them
(iterative ones: restarts them) to the end.

After each of these the inputs have to be intact, every output is whole: that of
an earlier run, the new one, or not there; there is one message and the exit
status 1, or a run that has succeeded; and no temporary file is left (after
SIGKILL: after the next run). SCRATCH/messages has the messages of all faults.
"""

import argparse
import csv
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

TIME_LIMIT = float(os.environ.get("LSR_TIME_LIMIT", 120))  # seconds; longer is a hang

PROBLEM = Path(__file__).resolve().parent.parent / "program" / "small.prm"
PARAMETRIC = PROBLEM.parents[2] / "applications" / "examples" / "parametric" / "diffusion"
COARSE = """
subsection Mesh
  set Global refinements = 3
end
subsection LSR
  set Directions = 40
end
subsection Output
  set Folder   = results
  set Pictures = false
end
"""
# What the message of a call that has failed says.
REASONS = {"read": "Input/output error", "open": "Too many open files", "write": "No space left on device",
           "fsync": "Input/output error", "rename": "Input/output error",
           "exit": "a library has ended the program"}

TRAINING = ["--set", "Training/Hidden layers=12, 12", "--set", "Training/Epochs=20"]

RUNS = {
    "refine": ["refine", "problem.prm"],
    "iterative": ["refine", "problem.prm", "--set", "Iterations/Number=6"],
    "train": ["train", "problem.prm", *TRAINING],
    "export": ["refine", "problem.prm", "--export-case", "out/case.h5"],
    "instances": ["refine", "instances.prm"],
    "solutions": ["train", "instances.prm", "--set", "Instances/Training file=instances.csv",
                  "--set", "Network/File=trained.pt", *TRAINING],
    "family": ["refine", "instances.prm", "--set", "Instances/Family/File=family.csv",
               "--set", "Instances/Family/Held out=2", "--set", "Instances/Family/Alignment steps=1",
               "--set", "Instances/Family/Alignment directions=30"],
    "check": ["check", "problem.prm", "--field", "values.csv"],
    "mesh": ["evaluate", "network.pt", "problem.prm"],
    "case": ["refine", "case.h5", "--output", "out/refined.pt", "--values", "out/values.csv"],
    "fit": ["fit", "network.pt", "data.csv", "--directions", "40", "--output", "out/refined.pt"],
    "evaluate": ["evaluate", "refined.pt", "points.csv", "--output", "out/values.csv"],
    "npz": ["evaluate", "refined.pt", "points.csv", "--output", "out/values.npz"],
    "hdf5": ["evaluate", "refined.pt", "points.csv", "--output", "out/values.h5"],
}


class Failure(Exception):
    pass


def run(arguments, folder, environment=None, limit=TIME_LIMIT):
    """Exit status and standard error of a program."""
    process = subprocess.Popen(
        arguments,
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "LC_ALL": "C", **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    try:
        _, errors = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise Failure(f"no end within {limit} s") from None
    return process.returncode, errors


def make_inputs(bin_folder, scratch):
    """Networks, tables and an exported case that all runs start from."""
    inputs = scratch / "inputs"
    inputs.mkdir(parents=True)
    shutil.copy(PROBLEM, inputs / "problem.prm")
    points = [(i / 19, j / 19) for i in range(20) for j in range(20)]
    (inputs / "points.csv").write_text("".join(f"{x},{y}\n" for x, y in points))
    lines = [f"{x},{y},{x * (1 - x) * y},0\n" for x, y in points]
    lines += [f"{x},{y},{x * (1 - x) * y},1\n" for x, y in points[::7]]
    (inputs / "data.csv").write_text("x,y,u,set\n" + "".join(lines))
    values = "".join(f"{x},{y},{x * (1 - x) * y}\n" for x, y in points)
    (inputs / "values.csv").write_text("x,y,u\n" + values)
    table = (PARAMETRIC / "instances.csv").read_text().splitlines(keepends=True)
    (inputs / "instances.csv").write_text("".join(table[:4]))
    (inputs / "family.csv").write_text("".join(table[:9]))
    text = PARAMETRIC.with_suffix(".prm").read_text()
    (inputs / "instances.prm").write_text(
        text.replace("diffusion/network.pt", "parametric.pt").replace("diffusion/", "") + COARSE
    )
    lsr = str(bin_folder / "lsr")
    for arguments in (
        ["train", "problem.prm", *TRAINING],
        ["train", "instances.prm", "--set", "Instances/Training file=instances.csv", *TRAINING],
        ["refine", "problem.prm", "--export-case", "case.h5"],
        ["fit", "network.pt", "data.csv", "--directions", "40", "--output", "refined.pt"],
    ):
        status, errors = run([lsr, *arguments], inputs)
        if status != 0:
            raise SystemExit(f"lsr {' '.join(arguments)}: {errors}")
    shutil.rmtree(inputs / "results", ignore_errors=True)
    return inputs


def checksums(folder):
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.is_file()
    }


def require_whole(path):
    """Throw unless a file is complete, or that of an earlier run."""
    data = path.read_bytes()
    if data == b"an earlier result\n":
        return
    try:
        if path.suffix == ".json":
            json.loads(data)
        elif path.suffix == ".csv":
            rows = list(csv.reader(data.decode().splitlines()))
            assert data.endswith(b"\n") and len({len(row) for row in rows}) == 1
        elif path.suffix in (".pt", ".npz"):
            assert zipfile.ZipFile(path).testzip() is None
        elif path.suffix in (".vtu", ".pvtu"):
            assert data.rstrip().endswith(b"</VTKFile>")
        elif path.suffix == ".h5":
            # Superblock 0; behind a case there is its checksum.
            end = int.from_bytes(data[40:48], "little")
            data, _, checksum = data.partition(b"\ndealii_lsr case, SHA-256 ")
            assert data[:4] == b"\x89HDF" and (data[8] != 0 or end == len(data))
            assert checksum.decode() in ("", hashlib.sha256(data).hexdigest() + "\n")
        else:
            assert data
    except Exception as error:
        raise Failure(f"{path.name} is not whole: {error!r}") from None


def check_folder(folder, before, changed=()):
    """Inputs intact, outputs whole."""
    after = checksums(folder)
    for name, checksum in before.items():
        if name not in changed and after.get(name) != checksum:
            raise Failure(f"the input {name} was changed")
    for path in folder.rglob("*"):
        if path.is_file():
            require_whole(path)


def check_no_temporary_files(folder):
    left = [path.name for path in folder.rglob("*.partial*")]
    if left:
        raise Failure(f"temporary files are left: {left}")


def check_message(status, errors):
    """One message with exit status 1, or success."""
    messages = [line for line in errors.splitlines() if ": error: " in line]
    if status == 0:
        return
    if status != 1:
        raise Failure(f"exit status {status}: {errors[-300:]}")
    if len(messages) != 1:
        raise Failure(f"{len(messages)} messages: {errors[-300:]}")
    if "Traceback" in errors:
        raise Failure(f"a message with a traceback: {errors[-300:]}")


def fresh_folder(scratch, inputs, name):
    folder = scratch / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(inputs, folder)
    for output in ("out", "results"):
        (folder / output).mkdir()
        for old in ("refined.pt", "values.csv", "report.json", "comparison.csv"):
            (folder / output / old).write_text("an earlier result\n")
    return folder


def changed_by(name):
    return ("network.pt",) if name == "train" else ()


def run_with_fault(arguments, inputs, name, call, n, n_bytes):
    """Let call number n fail; whether there was one, and the Failure or None. For
    n = 0 none fails, and the number of calls is returned."""
    folder = fresh_folder(arguments.scratch, inputs, "run")
    record = arguments.scratch / "injected"
    record.unlink(missing_ok=True)
    try:
        status, errors = run(
            [str(arguments.bin / "lsr"), *RUNS[name]],
            folder,
            {
                "LD_PRELOAD": str(arguments.library),
                "LSR_INJECT_CALL": call,
                "LSR_INJECT_N": str(n),
                "LSR_INJECT_FOLDER": str(folder),
                "LSR_INJECT_BYTES": str(n_bytes),
                "LSR_INJECT_LOG": str(record),
            },
        )
        if n == 0:
            if status != 0:
                raise SystemExit(f"{name}: {errors}")
            return int(record.read_text()), None
        if status != 0 and not record.exists():
            raise Failure(f"without a fault: {errors[-300:]}")
        with open(arguments.scratch / "messages", "a") as messages:
            messages.write(f"{name}, {call} {n}: {status} {errors.strip()[-300:]}\n")
        check_message(status, errors)
        if status == 0 and call == "read" and record.exists():
            raise Failure("success without what could not be read")
        if status == 1 and REASONS.get(call, "") not in errors:
            raise Failure(f"the message lacks '{REASONS[call]}': {errors[-300:]}")
        check_folder(folder, checksums(inputs), changed_by(name))
        check_no_temporary_files(folder)
    except Failure as failure:
        return record.exists(), failure
    return record.exists(), None


def inject(arguments, inputs):
    n_points = 0
    for name in arguments.run:
        for call in ["read", "open", "write", "fsync", "rename", "exit", "malloc"]:
            stride = arguments.stride if call == "malloc" else 1
            n_here = 0
            for n in range(1, arguments.points + 1):
                found, failure = run_with_fault(arguments, inputs, name, call, n * stride, 65536)
                if failure:
                    yield f"{name}, {call} number {n * stride}: {failure}"
                if not found:
                    break
                n_here += 1
            n_points += n_here
            print(f"{name}, {call}: failed at {n_here} places", flush=True)
    print(f"{n_points} faults in all", flush=True)


def starve(arguments, inputs):
    randomness = random.Random(arguments.seed)
    n_points = 0
    for name in arguments.run:
        n_calls, _ = run_with_fault(arguments, inputs, name, "malloc", 0, 1)
        for _ in range(arguments.number):
            n = randomness.randint(1, n_calls)
            found, failure = run_with_fault(arguments, inputs, name, "malloc", n, 1)
            n_points += bool(found)
            if failure:
                yield f"{name}, allocation {n} of {n_calls}: {failure}"
        print(f"{name}: {arguments.number} of {n_calls} allocations failed", flush=True)
    print(f"{n_points} faults in all", flush=True)


def time_of(command, folder):
    start = time.monotonic()
    status, errors = run(command, folder)
    if status != 0:
        raise SystemExit(f"{command}: {errors}")
    return time.monotonic() - start


def iterations(folder):
    """The number of iterations of a run; None where there are none."""
    history = folder / "results" / "history.csv"
    return len(history.read_text().splitlines()) - 1 if history.exists() else None


def kill(arguments, inputs):
    randomness = random.Random(arguments.seed)
    signals = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
    for name in arguments.run:
        command = [str(arguments.bin / "lsr"), *RUNS[name]]
        folder = fresh_folder(arguments.scratch, inputs, "run")
        whole = time_of(command, folder)
        expected = iterations(folder)
        n_restarts = 0
        for i in range(arguments.number):
            folder = fresh_folder(arguments.scratch, inputs, "run")
            number = signals[i % len(signals)]
            moment = randomness.uniform(0, whole)
            where = f"{name}, {number.name} after {moment:.3f} s"
            process = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            time.sleep(moment)
            process.send_signal(number)
            process.wait()
            try:
                for path in folder.rglob("*"):
                    if path.is_file() and ".partial" not in path.name:
                        require_whole(path)
                if number != signal.SIGKILL:
                    check_no_temporary_files(folder)
                again = list(command)
                if name == "iterative" and (folder / "results" / "checkpoint.pt").exists():
                    again.append("--restart")
                    n_restarts += 1
                status, errors = run(again, folder)
                if status != 0:
                    raise Failure(f"the next run ends with {status}: {errors[-300:]}")
                check_folder(folder, checksums(inputs), changed_by(name))
                check_no_temporary_files(folder)
                if iterations(folder) != expected:
                    raise Failure(f"{iterations(folder)} iterations, expected {expected}")
            except Failure as failure:
                yield f"{where}: {failure}"
        print(f"{name}: {arguments.number} kills, {n_restarts} restarts", flush=True)


def report(failures):
    """Print failures as they come, and return the exit status."""
    n_failures = 0
    for failure in failures:
        print("FAILED " + failure, flush=True)
        n_failures += 1
    print(f"{n_failures} failures" if n_failures else "all held")
    return 1 if n_failures else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("campaign", choices=["inject", "starve", "kill"])
    parser.add_argument("bin", type=lambda p: Path(p).resolve())
    parser.add_argument("scratch", type=lambda p: Path(p).resolve())
    parser.add_argument("--library", type=lambda p: Path(p).resolve())
    parser.add_argument("--points", type=int, default=100000, help="faults of a kind at most")
    parser.add_argument("--stride", type=int, default=1, help="of the allocations, only every such one")
    parser.add_argument("--number", type=int, default=100, help="kills, or allocations, of each run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--run", nargs="+", choices=list(RUNS), default=list(RUNS))
    arguments = parser.parse_args()
    shutil.rmtree(arguments.scratch, ignore_errors=True)
    inputs = make_inputs(arguments.bin, arguments.scratch)
    campaign = {"inject": inject, "starve": starve, "kill": kill}[arguments.campaign]
    return report(campaign(arguments, inputs))


if __name__ == "__main__":
    sys.exit(main())
