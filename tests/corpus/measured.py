"""Run a command and write down how it ended, how long it took and how much memory it needed.

    python measured.py NOTES.json SECONDS COMMAND [ARG ...]

A process of its own, because on Linux a child's peak begins at the size of the process that spawned it, and
this one stays small.  ``peak_mb`` is the peak of the largest single process below it; None on Windows.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time


def peak_mb() -> float | None:
    if sys.platform == "win32":
        return None
    import resource

    unit = 1024 * 1024 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes on macOS, kB on Linux
    return round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit, 1)


def main(notes: str, seconds: str, *command: str) -> None:
    start = time.perf_counter()
    child = subprocess.Popen(command)
    try:
        code: int | None = child.wait(float(seconds))
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        code = None
    wall = round(time.perf_counter() - start, 2)
    with open(notes, "w", encoding="utf-8") as file:
        json.dump({"exit": code, "wall_seconds": wall, "peak_mb": peak_mb()}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
