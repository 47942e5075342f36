"""The texts of tests for assets and jobs.

``tests/frameworks/dagster/test_dagster_scaffolds.py`` runs what is written here on Dagster 1.13.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_LOADS: Final = '''"""Every file of this project with assets and jobs can be imported, and fit together."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import dagster as dg
import pytest

ROOT = Path(__file__).resolve().parent{up}{root}
FILES = sorted(
    path.relative_to(ROOT) for path in (ROOT{folder}).rglob("*.py") if "dagster" in path.read_text(encoding="utf-8")
)
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent{up})]


def loaded(path: Path) -> ModuleType:
    parts = path.with_suffix("").parts
    return importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_file_loads(path: Path) -> None:
    loaded(path)


def test_what_is_defined_fits_together() -> None:
    modules = [loaded(path) for path in FILES]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, dg.Definitions)]
    if not found:
        checks = dg.load_asset_checks_from_modules(modules)
        found = [dg.Definitions(assets=dg.load_assets_from_modules(modules), asset_checks=checks)]
    for definitions in found:
        dg.Definitions.validate_loadable(definitions)
'''

_TWICE: Final = '''"""Materializing {asset} twice leaves the same rows in {table} as materializing it once."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import dagster as dg
import pytest
{imports}
ROOT = Path(__file__).resolve().parent{up}{root}
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent{up})]
pipeline = importlib.import_module("{module}")

# The asset is really made here, so it runs only where somebody says that its services are those for tests.
pytestmark = pytest.mark.skipif("SERVICES_FOR_TESTS" not in os.environ, reason="set SERVICES_FOR_TESTS=1 to run assets")

ASSETS = {assets}  # with all that they are made from
PARTITION: str | None = None  # the key of one partition, where there are any


def definitions() -> dg.Definitions:
    """What the file itself defines, resources included; else its assets alone."""
    found = [value for value in vars(pipeline).values() if isinstance(value, dg.Definitions)]
    return found[0] if found else dg.Definitions(assets=dg.load_assets_from_modules([pipeline]))


def rows() -> list:
    """All rows of {table}, in a fixed order."""
{read}


def run_once() -> list:
    job = definitions().resolve_implicit_global_asset_job_def()
    keys = [dg.AssetKey.from_user_string(name) for name in ASSETS]
    assert job.execute_in_process(asset_selection=keys, partition_key=PARTITION).success
    return rows()


def test_a_second_run_changes_nothing() -> None:
    once = run_once()
    assert once, "the run loaded nothing, so that this test would say nothing"
    assert run_once() == once
'''


def loads(up: int, root: tuple[str, ...], folder: tuple[str, ...]) -> str:
    """A test that imports every file below ``folder`` that uses Dagster, and validates what they define."""
    return _LOADS.format(up=".parent" * up, root=_joined(root), folder=_joined(folder))


def twice(
    up: int,
    root: tuple[str, ...],
    module: str,
    *,
    asset: str,
    assets: Sequence[str],
    table: str,
    imports: Sequence[str],
    read: Sequence[str],
) -> str:
    """A test that makes an asset two times, ``assets`` being it and what it is made from."""
    more = sorted({*imports} - {"import os", "import sys", "import dagster as dg"})
    return _TWICE.format(
        up=".parent" * up,
        root=_joined(root),
        module=module,
        imports="".join(f"{line}\n" for line in more),
        asset=asset,
        assets="[" + ", ".join(f'"{name}"' for name in assets) + "]",
        table=table,
        read="\n".join(f"    {line}" for line in read),
    )


def _joined(parts: tuple[str, ...]) -> str:
    return "".join(f' / "{part}"' for part in parts)
