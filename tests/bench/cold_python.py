"""What a cold check of Python costs: CPU beside reading the file, and memory for all files of many projects.

    python tests/bench/cold_python.py [--corpus DIR] [FILE ...]

Writes tests/bench/RESULTS-python.md. *Cold* means: the interpreter is warm and the rules are imported (another check
of the same text went before), and a new workspace, which has never seen the file, holds it alone. What it is compared
with is ``ast.parse`` of the text and one ``ast.walk`` over the tree. What reading and judging SQL in the file's strings
takes is not counted. CPU is that of the thread, without the collector, the best of some runs.

Memory is the largest resident set of ``pipesense check`` over a folder that holds every Python file of the checkouts
in DIR and nothing else.
"""

from __future__ import annotations

import argparse
import ast
import gc
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SERVER, RULES = HERE.parent.parent / "server", HERE.parent.parent / "rules"
sys.path[:0] = [str(HERE), str(HERE.parent), str(SERVER), str(RULES)]

RUNS = 9
AT_MOST = 2.5
AT_MOST_MB = 400


@dataclass(frozen=True, slots=True)
class Cold:
    """Milliseconds of CPU: of a check, of the SQL in it, and of ``ast.parse`` with one walk."""

    name: str
    lines: int
    check: float
    sql: float
    reading: float

    @property
    def ratio(self) -> float:
        return (self.check - self.sql) / self.reading


class _Clock:
    """Adds up what calls of some functions take that do not stand inside one another."""

    def __init__(self) -> None:
        self.spent = 0.0
        self._inside = False

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **named: Any) -> Any:
            if self._inside:
                return function(*args, **named)
            self._inside, start = True, time.thread_time()
            try:
                return function(*args, **named)
            finally:
                self._inside = False
                self.spent += time.thread_time() - start

        return timed


@contextmanager
def sql_clock() -> Iterator[_Clock]:
    """Counts what is spent on SQL in strings: choosing a dialect, reading, and the rules about statements."""
    from pipesense.engine import link_python
    from pipesense.engine.judge import Judge
    from pipesense.model.sql import Statement

    clock = _Clock()
    embed, script, file, unit = link_python.embed, link_python.embedded_script, Judge._judge, Judge.unit

    def judged(judge: Judge, fact: object, *rest: Any) -> Any:
        return (timed if isinstance(fact, Statement) else file)(judge, fact, *rest)

    timed = clock.around(file)
    link_python.embed, link_python.embedded_script = clock.around(embed), clock.around(script)
    Judge._judge, Judge.unit = judged, clock.around(unit)  # type: ignore[method-assign]
    try:
        yield clock
    finally:
        link_python.embed, link_python.embedded_script = embed, script
        Judge._judge, Judge.unit = file, unit  # type: ignore[method-assign]


def measure(name: str, text: str, runs: int = RUNS) -> Cold:
    """What a cold check of a text costs."""
    _check(text)
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        reading = min(_read(text) for _ in range(runs))
        found = [_check(text) for _ in range(runs)]
    finally:
        gc.enable()
    check, sql = min(found, key=lambda each: each[0] - each[1])
    return Cold(name, text.count("\n"), check * 1e3, sql * 1e3, reading * 1e3)


def _read(text: str) -> float:
    start = time.thread_time()
    for _ in ast.walk(ast.parse(text)):
        pass
    return time.thread_time() - start


def _check(text: str) -> tuple[float, float]:
    from support.memory import workspace

    with sql_clock() as clock:
        made = workspace({"module.py": text})
        start = time.thread_time()
        made.index_all()
        return time.thread_time() - start, clock.spent


def python_files(corpus: Path, into: Path) -> int:
    """Copy the Python files of some checkouts; how many there are."""
    found = 0
    for folder, folders, names in os.walk(corpus):
        folders[:] = [each for each in folders if each != ".git"]
        for name in names:
            source = Path(folder, name)
            if name.endswith(".py") and source.is_file():
                target = into / source.relative_to(corpus)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
                found += 1
    return found


def peak_mb(folder: Path) -> tuple[float, float]:
    """The largest resident set (MB of 1024² bytes) of a check of a folder, and its seconds of CPU."""
    script = (
        "import resource, subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'pipesense', 'check', '--format', 'json', '.'],"
        " stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(used.ru_maxrss, used.ru_utime + used.ru_stime)"
    )
    around = {**os.environ, "PYTHONPATH": os.pathsep.join((str(SERVER), str(RULES)))}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=around, capture_output=True, text=True, check=True
    )
    kilobytes, seconds = done.stdout.split()
    return float(kilobytes) / (1024**2 if sys.platform == "darwin" else 1024), float(seconds)


def page(command: str, found: list[Cold], memory: tuple[int, float, float] | None) -> str:
    """The whole RESULTS-python.md."""
    rows = [
        f"| {each.name} | {each.lines:,} | {each.check:.1f} | {each.sql:.1f} | {each.reading:.1f} | {each.ratio:.1f} × |"
        for each in found
    ]
    told = "Memory was not measured: it wants `--corpus`."
    if memory is not None:
        files, peak, seconds = memory
        reached = "reached" if peak < AT_MOST_MB else "**not reached**"
        told = (
            f"`pipesense check` over {files:,} Python files of public projects: at most {peak:.0f} MB resident, "
            f"{seconds:.0f} s of CPU (target: under {AT_MOST_MB} MB, {reached})."
        )
    return "\n".join(
        [
            "# Cold checks of Python",
            "",
            f"Made by `{command}`; the script says what is measured. The ratio is what a check takes without the SQL,",
            f"beside `ast.parse` and one `ast.walk`; the target is {AT_MOST:g} ×.",
            "",
            "| module | lines | check ms | of it SQL ms | parse + walk ms | ratio |",
            "| --- | ---: | ---: | ---: | ---: | ---: |",
            *rows,
            "",
            told,
            "",
        ]
    )


def main(argv: list[str] | None = None) -> int:
    from inputs import build

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--corpus", type=Path, help="a folder of checkouts of public projects")
    parser.add_argument("--out", type=Path, default=HERE / "RESULTS-python.md")
    parser.add_argument("files", type=Path, nargs="*")
    args = parser.parse_args(argv)
    memory = None
    with tempfile.TemporaryDirectory(prefix="pipesense-cold-") as folder:
        if args.corpus is not None:
            copied = Path(folder) / "files"
            memory = python_files(args.corpus, copied), *peak_mb(copied)
        real = build(Path(folder) / "real", args.corpus, made_up=False)["P2"]
        made = build(Path(folder) / "made", None, made_up=True)["P2"]
        texts = [
            (f"P2, {real.origin}", real.path.read_text(encoding="utf-8")),
            ("P2, made up", made.path.read_text(encoding="utf-8")),
            *((path.name, path.read_text(encoding="utf-8")) for path in args.files),
        ]
    found = [measure(name, text) for name, text in texts]
    given = [f"--corpus {'DIR'}"] if args.corpus else []
    command = shlex.join(["python", "tests/bench/cold_python.py"]) + "".join(
        f" {each}" for each in (*given, *(path.name for path in args.files))
    )
    args.out.write_text(page(command, found, memory), encoding="utf-8")
    print(args.out.read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
