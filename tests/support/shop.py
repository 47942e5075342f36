"""A small dbt project on DuckDB, written, fixed and run in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from pipesense.host.rulepacks import load_registry
from pipesense.host.testing import EngineChecker

Files = Mapping[str, str]
CHECKER = EngineChecker(load_registry())
SEED = {"seeds/orders.csv": "order_id,cents\n1,250\n2,300\n"}
PROJECT = {
    "dbt_project.yml": "name: shop\nversion: '1.0'\nprofile: shop\nrequire-dbt-version: '>=1.10.6'\n",
    "profiles.yml": "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb}\n",
}


def fixed(files: Files, rule: str) -> Files:
    """The project after the first fix of the one finding of a rule, which is gone then."""
    (seen,) = [each for each in CHECKER.check({**PROJECT, **files}).findings if each.rule == rule]
    after = CHECKER.fix({**PROJECT, **files}, seen, seen.fixes[0])
    assert not isinstance(after, str), after
    assert not [each for each in CHECKER.check(after).findings if each.rule == rule]
    return after


class Shop:
    """A project in a folder, and its database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, files: Files) -> None:
        for name, text in {**PROJECT, **files}.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")

    def dbt(self, *words: str) -> tuple[bool, str]:
        run = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--no-use-colors", *words]
        environment = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        done = subprocess.run(
            [*run, "--profiles-dir", "."], cwd=self.folder, env=environment, capture_output=True, text=True
        )
        return done.returncode == 0, done.stdout + done.stderr

    def run(self, *words: str) -> str:
        success, said = self.dbt(*words)
        assert success, said
        return said

    def sql(self, query: str) -> list[tuple[object, ...]]:
        import duckdb

        with duckdb.connect(str(self.folder / "shop.duckdb")) as connection:
            return connection.execute(query).fetchall()
