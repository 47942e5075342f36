"""Tests that PipeSense writes, put on disk and run by pytest in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from pipesense.engine.report import BuiltFix
from pipesense.engine.workspace import Workspace
from pipesense.host.rulepacks import load_registry
from pipesense.host.testing import MemoryFiles
from pipesense.text.span import Span

ROOT = "/project"


def project(folder: Path, files: Mapping[str, str], name: str, words: str, title: str) -> Path:
    """The files on disk with the test that is offered under that title at the first of ``words`` in file ``name``."""
    made = Workspace(
        load_registry(), MemoryFiles({f"{ROOT}/{each}": text for each, text in files.items()}), print, roots=[ROOT]
    )
    made.index_all()
    path = f"{ROOT}/{name}"
    start = files[name].index(words)
    offers = made.features.scaffolds.offers(path, Span(start, start))
    offer = next((each for each in offers if title in each.title), None)
    assert offer is not None, [each.title for each in offers]
    built = made.features.scaffolds.build(offer.id, path)
    assert isinstance(built, BuiltFix), built
    written = {each.removeprefix(f"{ROOT}/"): text for each, text in built.creates.items()}
    for each, text in {**files, **written}.items():
        (folder / each).parent.mkdir(parents=True, exist_ok=True)
        (folder / each).write_text(text, encoding="utf-8")
    return folder


def run_tests(folder: Path, **environment: str) -> tuple[bool, str]:
    """Whether pytest is green in a folder, and what it said."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-vv", "-p", "no:cacheprovider", "tests"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    return ran.returncode == 0, ran.stdout
