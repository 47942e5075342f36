"""The texts of tests for flows.

``prefect_test_harness`` gives a test a database of Prefect's own (the same name in 2.20 and 3.8);
``tests/frameworks/prefect/test_prefect_scaffolds.py`` runs what is written here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_LOADS: Final = r'''"""Every file of this project that makes flows can be imported, and makes at least one."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest
from prefect import Flow

ROOT = Path(__file__).resolve().parent{up}{root}
MAKES_FLOWS = re.compile(r"@(?:\w+\.)?flow\b")
FILES = sorted(
    path.relative_to(ROOT)
    for path in (ROOT{folder}).rglob("*.py")
    if MAKES_FLOWS.search(path.read_text(encoding="utf-8"))
)
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent{up})]


def test_there_are_files_with_flows() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_file_loads_and_makes_flows(path: Path) -> None:
    module = importlib.import_module(".".join(path.with_suffix("").parts))
    assert [name for name, value in vars(module).items() if isinstance(value, Flow)]
'''

_HEAD: Final = """from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.testing.utilities import prefect_test_harness
{imports}
ROOT = Path(__file__).resolve().parent{up}{root}
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent{up})]
pipeline = importlib.import_module("{module}")

# The flow does its real work here, so it runs only where somebody says that its services are those for tests.
pytestmark = pytest.mark.skipif("SERVICES_FOR_TESTS" not in os.environ, reason="set SERVICES_FOR_TESTS=1 to run flows")


@pytest.fixture(scope="module", autouse=True)
def harness() -> Iterator[None]:
    with prefect_test_harness():
        yield
"""

_RUN: Final = '''"""Flow {flow} ends well."""

{head}

# One line for each run: what the flow is given.
CASES: list[dict] = [
    {case},
]


def test_there_are_cases() -> None:
    assert CASES, "write down what {flow} is to be run with"


@pytest.mark.parametrize("given", CASES, ids=str)
def test_{name}_ends_well(given: dict) -> None:
    state = {call}
    assert state.is_completed(), state.message
'''

_TWICE: Final = '''"""Running {flow} twice leaves the same rows in {table} as running it once."""

{head}

GIVEN: dict = {given}


def rows() -> list:
    """All rows of {table}, in a fixed order."""
{read}


def run_once() -> list:
    assert ... not in GIVEN.values(), "write down what {flow} is to be run with"
    state = {call}
    assert state.is_completed(), state.message
    return rows()


def test_a_second_run_changes_nothing() -> None:
    once = run_once()
    assert once, "the run loaded nothing, so that this test would say nothing"
    assert run_once() == once
'''


def loads(up: int, root: tuple[str, ...], folder: tuple[str, ...]) -> str:
    """A test that imports every file with flows below ``folder``; ``root`` is where imports start."""
    return _LOADS.format(up=".parent" * up, root=_joined(root), folder=_joined(folder))


def run(up: int, root: tuple[str, ...], module: str, *, flow: str, needs: Sequence[str], waits: bool) -> str:
    """A test that runs a flow; ``needs`` are the parameters that have no default, ``waits`` says that it is async."""
    given = "{" + ", ".join(f'"{name}": ...' for name in needs) + "}"
    return _RUN.format(
        head=_head(up, root, module, (), waits),
        flow=flow,
        name=flow,
        case=f"# {given}" if needs else "{}",
        call=_call(flow, "given", waits),
    )


def twice(
    up: int,
    root: tuple[str, ...],
    module: str,
    *,
    flow: str,
    needs: Sequence[str],
    waits: bool,
    table: str,
    imports: Sequence[str],
    read: Sequence[str],
) -> str:
    """A test that runs a flow two times and compares what is in a table; ``read`` are the lines that read it."""
    return _TWICE.format(
        head=_head(up, root, module, imports, waits),
        flow=flow,
        given="{" + ", ".join(f'"{name}": ...' for name in needs) + "}",
        call=_call(flow, "GIVEN", waits),
        table=table,
        read="\n".join(f"    {line}" for line in read),
    )


def _head(up: int, root: tuple[str, ...], module: str, imports: Sequence[str], waits: bool) -> str:
    more = sorted({*imports, *(["import asyncio"] if waits else [])} - {"import os", "import sys"})
    return (
        _HEAD.format(
            up=".parent" * up, root=_joined(root), module=module, imports="".join(f"{line}\n" for line in more)
        ).rstrip("\n")
        + "\n"
    )


def _call(flow: str, given: str, waits: bool) -> str:
    call = f"pipeline.{flow}(**{given}, return_state=True)"
    return f"asyncio.run({call})" if waits else call


def _joined(parts: tuple[str, ...]) -> str:
    return "".join(f' / "{part}"' for part in parts)
