"""Run every test of the project and say what could not be run. Standard library only.

    python tests/suite.py [--quick | --frameworks | --engines | --editors]

Called by ``make test`` with the interpreter of ``.venv``. Environments for other interpreters and for real
frameworks are made by uv under ``.venvs/`` and kept until what they are made of changes.

A framework proof is a folder ``tests/frameworks/<name>/`` with tests and a ``requirements.txt``; a comment
``# python: 3.12`` in that file asks for an interpreter, ``# debian: postgresql`` names a package that continuous
integration installs. Its tests run in an environment with exactly those requirements, the project and pytest.

Exit code: 0 when nothing failed, else 1. The last line counts all tests.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import suite_editors
from tally import ROOT, VENVS, Tally, run, say

BIN = Path(sys.executable).parent
SUITES = ("unit", "rules", "systems", "incremental", "lsp", "arch", "corpus", "bench")
"""Folders of tests/ that run on the main interpreter."""
EVERY_INTERPRETER = ("unit", "rules")
COMPILED = ("unit/lang_sql", "unit/engine", "rules", "incremental")
"""What reads SQL, and so has to hold with the compiled parser (extra ``fast``) as with the plain one."""
OWN_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
NO_TESTS = 5  # pytest's exit code for "nothing collected"


def lint(tally: Tally) -> None:
    """Linter, formatter, type checker: each counts as one test."""
    for name, command in (
        ("ruff check", [BIN / "ruff", "check", "--quiet", "."]),
        ("ruff format", [BIN / "ruff", "format", "--check", "--quiet", "."]),
        ("mypy --strict", [BIN / "mypy"]),
    ):
        say(name)
        if run(command) == 0:
            tally.passed += 1
        else:
            tally.failed += 1
            tally.broken.append(f"{name}; try: make format" if "format" in name else name)


def pytest(tally: Tally, python: Path, folders: list[Path], name: str, *options: str) -> None:
    """Run the tests below some folders and add their outcomes."""
    present = [str(folder.relative_to(ROOT)) for folder in folders if any(folder.rglob("test_*.py"))]
    if not present:
        return
    say(name)
    report = VENVS / "report.xml"
    report.parent.mkdir(exist_ok=True)
    report.unlink(missing_ok=True)
    code = run([python, "-m", "pytest", "-q", f"--junitxml={report}", "-p", "no:cacheprovider", *options, *present])
    if report.exists():
        tally.add_report(report)
    if code not in (0, NO_TESTS):
        tally.broken.append(name)
        if not report.exists():
            tally.failed += 1


def interpreters() -> dict[str, Path]:
    """Every Python of a version we support that can be started, by "3.x"."""
    found: dict[str, Path] = {}
    for version in VERSIONS:
        for candidate in candidates(version):
            if starts(candidate, version):
                found[version] = candidate
                break
    return found


def candidates(version: str) -> Iterator[Path]:
    for folder in os.get_exec_path():
        yield Path(folder) / f"python{version}"
    home = Path.home()
    for pattern in (f".pyenv/versions/{version}.*", f".local/share/uv/python/cpython-{version}.*"):
        yield from (path / "bin" / "python" for path in sorted(home.glob(pattern), reverse=True))


def starts(python: Path, version: str) -> bool:
    """Whether it is a real interpreter of that version; version managers put scripts on the path that are not."""
    if not python.exists():
        return False
    asked = "import sys, venv; print('%d.%d' % sys.version_info[:2], sys.implementation.name)"
    try:
        told = subprocess.run([python, "-c", asked], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return told.returncode == 0 and told.stdout.split() == [version, "cpython"]


def environment(name: str, base: Path, wanted: list[str]) -> Path | None:
    """The interpreter of ``.venvs/<name>`` with what is wanted in it; None when it cannot be made."""
    folder = VENVS / name
    python = folder / "bin" / "python"
    stamp = folder / ".made-of"
    parts = [str(base), *wanted, (ROOT / "pyproject.toml").read_text("utf-8")]
    parts += [Path(part[2:]).read_text("utf-8") for part in wanted if part.startswith("-r")]
    made_of = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == made_of and python.exists():
        return python
    say(f"making .venvs/{name}")
    uv = BIN / "uv"
    if run([uv, "venv", "--quiet", "--clear", "--python", base, folder]) != 0:
        return None
    arguments = [piece for part in wanted for piece in (["-r", part[2:]] if part.startswith("-r") else [part])]
    if run([uv, "pip", "install", "--quiet", "--python", python, *arguments]) != 0:
        return None
    stamp.write_text(made_of)
    return python


def other_interpreters(tally: Tally, found: dict[str, Path]) -> None:
    for version in VERSIONS:
        if version == OWN_VERSION:
            continue
        if version not in found:
            tally.left_out.append(
                (f"the tests on Python {version}", f".venv/bin/uv python install {version} && make test")
            )
            continue
        python = environment(version, found[version], ["--editable", ".", "--group", "test"])
        if python is None:
            tally.broken.append(f"environment for Python {version}")
            tally.failed += 1
            continue
        folders = [ROOT / "tests" / name for name in EVERY_INTERPRETER]
        pytest(tally, python, folders, f"Python {version}: {', '.join(EVERY_INTERPRETER)}", "-n2")


def compiled_parser(tally: Tally) -> None:
    """The tests that read SQL, with sqlglot's compiled build. There is no wheel of it for every platform."""
    python = environment("fast", Path(sys.executable), ["--editable", ".[fast]", "--group", "test"])
    asked = "import sqlglot.parser as p; raise SystemExit(p.__file__.endswith('.py'))"
    if python is None or run([python, "-c", asked]) != 0:
        what = "the SQL tests with the compiled parser, which could not be installed"
        tally.left_out.append((what, ".venv/bin/uv pip install 'sqlglot[c]>=30.30,<31' && make test"))
        return
    folders = [ROOT / "tests" / name for name in COMPILED]
    pytest(tally, python, folders, f"compiled sqlglot: {', '.join(COMPILED)}", "-n2")


def frameworks(tally: Tally, found: dict[str, Path], *, engines: bool = False) -> None:
    """The proofs against real frameworks, each in its own environment; or those on engines, which want a JDK."""
    for requirements in sorted((ROOT / "tests" / "frameworks").glob("*/requirements.txt")):
        name = requirements.parent.name
        if bool(re.search(r"^# engine$", requirements.read_text("utf-8"), re.M)) is not engines:
            continue
        asked = re.search(r"^# python: (\S+)", requirements.read_text("utf-8"), re.M)
        version = asked.group(1) if asked else OWN_VERSION
        base = found.get(version)
        if base is None:
            what = f"the proofs on {name}, which want Python {version}"
            tally.left_out.append((what, f".venv/bin/uv python install {version} && make test"))
            continue
        python = environment(name, base, [f"-r{requirements}", "--editable", ".", "pytest"])
        if python is None:
            tally.broken.append(f"environment for the proofs on {name}")
            tally.failed += 1
            continue
        node_packages(tally, requirements.parent)
        ran = tally.passed + tally.failed
        pytest(
            tally, python, [requirements.parent], f"proofs on {name}", "-o", "addopts=--import-mode=importlib", "-rs"
        )
        if tally.passed + tally.failed == ran:
            package = re.search(r"^# debian: (\S+)", requirements.read_text("utf-8"), re.M)
            target = "make test-engines" if engines else "make test"
            command = f"sudo apt-get install {package.group(1)} && {target}" if package else target
            tally.left_out.append((f"the proofs on {name}: each was skipped", command))


def node_packages(tally: Tally, folder: Path) -> None:
    """What proofs want from npm, beside them; without it those that want it are skipped, and that is said."""
    if not (folder / "package-lock.json").exists():
        return
    if shutil.which("npm") is None:
        what = f"the proofs on {folder.name} that want Node.js"
        tally.left_out.append((what, "see https://nodejs.org"))
    elif run([*suite_editors.NPM, "ci"], folder) != 0:
        tally.broken.append(f"npm ci in tests/frameworks/{folder.name}")
        tally.failed += 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--quick", action="store_true", help="this interpreter and the plain parser only, no frameworks")
    which.add_argument("--frameworks", action="store_true", help="the proofs on real frameworks only")
    which.add_argument("--engines", action="store_true", help="the proofs on Spark and Flink only; they want a JDK")
    which.add_argument("--editors", action="store_true", help="the VS Code extension and the tests in editors only")
    options = parser.parse_args()
    everything = not (options.quick or options.frameworks or options.engines or options.editors)

    start = time.monotonic()
    tally = Tally()
    found = {} if options.quick else interpreters()
    if everything or options.quick:
        lint(tally)
        folders = [ROOT / "tests" / name for name in SUITES]
        pytest(tally, Path(sys.executable), folders, f"all suites on Python {sys.version.split()[0]}", "-n2")
    if options.quick:
        what = "the other interpreters, the compiled parser, the editors and the proofs on real frameworks"
        tally.left_out.append((what, "make test"))
    if everything:
        compiled_parser(tally)
        other_interpreters(tally, found)
    if everything or options.editors:
        suite_editors.extension(tally)
        suite_editors.real_editors(tally, found.values())
    if everything or options.frameworks:
        frameworks(tally, found)
    if options.engines:
        frameworks(tally, found, engines=True)
    elif everything:
        tally.left_out.append(("the proofs on Spark and Flink", "make test-engines"))
    return closing(tally, time.monotonic() - start)


def closing(tally: Tally, seconds: float) -> int:
    """Print what was left out and what failed, then the count."""
    say(f"{seconds:.0f} seconds")
    if tally.left_out:
        print(f"LEFT OUT: {len(tally.left_out)}")
        for what, command in tally.left_out:
            print(f"  {what}\n      {command}")
    for name in tally.shaky:
        print(f"NOT AT THE FIRST TRY: {name}")
    for name in tally.broken:
        print(f"FAILED: {name}")
    print(f"{tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped", flush=True)
    return 1 if tally.broken or tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
