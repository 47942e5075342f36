"""Writes systems/dbt/tables/names.py from an installed dbt: run it with the Python of an environment that holds dbt.

python tests/frameworks/generate_dbt_tables.py > server/pipesense/systems/dbt/tables/names.py
"""

from __future__ import annotations

import glob
import os
import re
import sys
import textwrap


def words(title: str, names: object, doc: str) -> str:
    body = textwrap.fill(" ".join(sorted(names)), 114, initial_indent=" " * 4, subsequent_indent=" " * 4)  # type: ignore[call-overload]
    return f'{title}: Final = frozenset(\n    """\n{body}\n    """.split()  # noqa: SIM905\n)\n"""{doc}"""\n'


def main() -> None:
    import dbt
    import dbt.include
    import dbt.version
    from dbt.artifacts.resources.v1.config import TestConfig
    from dbt.artifacts.resources.v1.model import ModelConfig
    from dbt.artifacts.resources.v1.seed import SeedConfig
    from dbt.artifacts.resources.v1.snapshot import SnapshotConfig

    macros: set[str] = set()
    folders = {*dbt.__path__, *dbt.include.__path__}
    for folder in folders:
        for path in glob.glob(os.path.join(folder, "**", "*.sql"), recursive=True):
            with open(path, encoding="utf-8") as file:
                macros.update(re.findall(r"\{%-?\s*(?:macro|test)\s+(\w+)", file.read()))
    configs = set()
    for config in (ModelConfig, SeedConfig, SnapshotConfig):
        configs |= {name for name in config.__dataclass_fields__ if not name.startswith("_")}
    tests = {name for name in TestConfig.__dataclass_fields__ if not name.startswith("_")}
    adapters = sorted(os.listdir(dbt.include.__path__[0])) if dbt.include.__path__ else []
    adapters = [
        name
        for name in adapters
        if "." not in name and name not in ("__pycache__", "global_project", "starter_project")
    ]
    print(f'"""dbt\'s own names, generated from dbt-core {dbt.version.installed.to_version_string(skip_matcher=True)}')
    print(f'with the adapters {", ".join(adapters)}."""')
    print("\nfrom __future__ import annotations\n\nfrom typing import Final\n")
    print(
        words(
            "MACROS",
            {name for name in macros if "__" not in name},
            "Macros of dbt and its adapters, their implementations left out.",
        )
    )
    print(words("NODE_CONFIGS", configs, "What models, seeds and snapshots can be configured with."))
    print(words("TEST_CONFIGS", tests, "What a test can be configured with."), end="")


if __name__ == "__main__":
    sys.exit(main())
