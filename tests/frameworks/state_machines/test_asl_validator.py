"""What PipeSense writes into state machines, read by asl-validator, which checks their paths and ways as well."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipesense.host.rulepacks import load_registry
from pipesense.rule.page import strip_expectations

VALIDATOR = Path(__file__).with_name("node_modules") / "asl-validator" / "dist" / "bin" / "asl-validator.js"
NODE = shutil.which("node")

pytestmark = [
    pytest.mark.framework,
    pytest.mark.skipif(NODE is None or not VALIDATOR.exists(), reason="asl-validator is not installed (npm ci)"),
]


def examples(verdict: str, rule: str = "") -> list[Any]:
    registry, found = load_registry(), []
    for each in registry:
        page = registry.page(each.meta.id) if rule in each.meta.id else None
        for block in page.examples if page is not None else ():
            if block.verdict == verdict and block.file.endswith((".asl.json", ".asl.yaml")):
                found.append(pytest.param(block.file, block.text, id=f"{each.meta.id}-line-{block.line}"))
    return found


def validated(folder: Path, file: str, text: str) -> subprocess.CompletedProcess[str]:
    path = folder / file.rpartition("/")[2]
    path.write_text(strip_expectations(text), encoding="utf-8")
    option = "--json-path" if path.suffix == ".json" else "--yaml-path"
    command = [str(NODE), str(VALIDATOR), option, str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(("file", "text"), examples("fixed"))
def test_what_is_fixed_is_accepted(file: str, text: str, tmp_path: Path) -> None:
    done = validated(tmp_path, file, text)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("file", "text"), examples("invalid", "missing-next"))
def test_what_is_called_an_error_is_refused(file: str, text: str, tmp_path: Path) -> None:
    done = validated(tmp_path, file, text)
    assert done.returncode == 1, done.stdout + done.stderr
