"""What the parts of the test run share: counting, saying, running. Standard library only."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
VENVS = ROOT / ".venvs"


@dataclass
class Tally:
    """What ran, what failed, what was left out."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    broken: list[str] = field(default_factory=list)
    shaky: list[str] = field(default_factory=list)
    """What did not pass at the first try."""
    left_out: list[tuple[str, str]] = field(default_factory=list)
    """(what, the one command that brings it)"""

    def add_report(self, report: Path) -> None:
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            count = {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors", "skipped")}
            bad = count["failures"] + count["errors"]
            self.failed += bad
            self.skipped += count["skipped"]
            self.passed += max(0, count["tests"] - bad - count["skipped"])


def say(text: str) -> None:
    print(f"\n== {text}", flush=True)


def run(command: list[str | Path], folder: Path = ROOT, **environment: str) -> int:
    return subprocess.run([str(part) for part in command], cwd=folder, env={**os.environ, **environment}).returncode
