"""Check public projects and write down what was found, how fast, and what was right.

    python tests/corpus/run.py --corpus DIR --out report.md

DIR holds checkouts in folders named owner+name.  The PyPI sources are downloaded into the user's cache.
Nothing of either belongs in the repository: only counts, paths, line numbers and verdicts are kept.
Exit code: 0, or 1 when a check broke (internal error, crash, time-out), or 2 for a wrong command line.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import platform
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from corpus_model import SEVERITIES, BadInput, Run, as_json, project_name, read_check, read_verdicts
from corpus_precision import loud_rules
from corpus_report import Heading, report
from pypi_sources import SOURCES, Unreachable, fetch, user_cache

HERE = Path(__file__).resolve().parent


def check(project: str, folder: Path, python: str, timeout: float) -> Run:
    """Run the check on one folder, from inside it, so that its own configuration and paths hold."""
    command = [python, "-m", "pipesense", "check", ".", "--format", "json", "--verbose"]
    with tempfile.TemporaryDirectory() as work:
        notes, out, err = (Path(work) / name for name in ("notes.json", "out", "err"))
        launch = [sys.executable, "-S", str(HERE / "measured.py"), str(notes), str(timeout), *command]
        with out.open("wb") as stdout, err.open("wb") as stderr:
            subprocess.run(launch, cwd=folder, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, check=True)
        said = json.loads(notes.read_text())
        printed = out.read_text(encoding="utf-8", errors="replace")
        errors = err.read_text(encoding="utf-8", errors="replace")
    return read_check(project, printed, said["exit"], said["wall_seconds"], said["peak_mb"], errors)


def projects(args: argparse.Namespace) -> Iterator[tuple[str, Path]]:
    """(project, folder) of every checkout and every PyPI source that is wanted and can be had."""
    if args.corpus:
        for folder in sorted(p for p in args.corpus.iterdir() if p.is_dir() and "+" in p.name):
            if _wanted(folder.name, args.only):
                yield project_name(folder.name), folder
    for source in SOURCES if args.pypi else ():
        have = args.corpus and (args.corpus / source.folder).is_dir()
        if have or (source.large and not args.large) or not _wanted(source.folder, args.only):
            continue
        try:
            yield project_name(source.folder), fetch(source, args.cache)
        except Unreachable as why:
            print(f"SKIPPED {why}", file=sys.stderr)


def _wanted(folder: str, only: list[str]) -> bool:
    return not only or any(fnmatch.fnmatch(folder, f"*{pattern}*") for pattern in only)


def _version(python: str) -> str:
    done = subprocess.run([python, "-m", "pipesense", "--version"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "pipesense (version unknown)"


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--corpus", type=Path, help="folder of checkouts named owner+name")
    p.add_argument("--out", type=Path, help="write the Markdown report here (default: standard output)")
    p.add_argument("--json", type=Path, help="also write every run as JSON here")
    p.add_argument("--verdicts", type=Path, default=HERE / "verdicts")
    p.add_argument("--list", choices=SEVERITIES, default="warning", help="list every hit down to this severity")
    p.add_argument("--only", action="append", default=[], metavar="GLOB", help="only projects that match (repeatable)")
    p.add_argument("--no-pypi", dest="pypi", action="store_false", help="checkouts only, download nothing")
    p.add_argument("--large", action="store_true", help="also the sources of hundreds of megabytes")
    p.add_argument("--cache", type=Path, default=user_cache(), help="where downloads are kept (default: %(default)s)")
    p.add_argument("--python", default=sys.executable, help="the interpreter that has pipesense installed")
    p.add_argument("--timeout", type=float, default=600, help="seconds per project")
    args = p.parse_args(argv)
    if args.corpus and not args.corpus.is_dir():
        p.error(f"--corpus {args.corpus}: no such folder")
    return args


def main(argv: list[str] | None = None) -> int:
    args = _arguments(argv)
    try:
        verdicts = read_verdicts(args.verdicts) if args.verdicts.exists() else ()
    except BadInput as wrong:
        print(wrong, file=sys.stderr)
        return 2
    runs: list[Run] = []
    for project, folder in projects(args):
        runs.append(check(project, folder, args.python, args.timeout))
        last = runs[-1]
        print(
            f"{project}: {last.files} files, {len(last.hits)} hits, {last.wall_seconds} s {last.trouble}",
            file=sys.stderr,
        )
    command = shlex.join(["python", "tests/corpus/run.py", *(sys.argv[1:] if argv is None else argv)])
    machine = f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores"
    listed = SEVERITIES[: SEVERITIES.index(args.list) + 1]
    rules = loud_rules(HERE.parents[1] / "rules" / "pipesense_rules")
    page = report(Heading(command, _version(args.python), machine), runs, verdicts, listed, rules)
    if args.out:
        args.out.write_text(page, encoding="utf-8")
    else:
        print(page)
    if args.json:
        args.json.write_text(as_json(tuple(runs)), encoding="utf-8")
    return 1 if any(r.failed for r in runs) else 0


if __name__ == "__main__":
    raise SystemExit(main())
