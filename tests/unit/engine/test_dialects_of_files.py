"""Who decides about a file's dialect: a directive, the configuration, its dbt project, who runs it, its own words."""

from __future__ import annotations

import pytest

from pipesense.engine.workspace import Workspace
from pipesense.host.rulepacks import load_registry
from support.memory import ROOT, MemoryFiles, settle, workspace

DBT = {
    "dbt_project.yml": "profile: shop\n",
    "profiles.yml": "shop:\n  outputs:\n    dev:\n      type: duckdb\n",
}
RUNS = {
    "dag.py": "from airflow import DAG\nfrom airflow.providers.postgres.operators.postgres import PostgresOperator\n"
    'with DAG("a", schedule=None):\n    PostgresOperator(task_id="b", sql="models/a.sql")\n'
}
CONFIG = {"pipesense.toml": 'dialect = {"models/**" = "mysql"}\n'}
HOOK = """\
from airflow.providers.postgres.hooks.postgres import PostgresHook


def load():
    PostgresHook("warehouse").run("DELETE FROM orders WHERE id = 1")
"""
HINT = "SELECT SAFE_CAST(a AS INT64) FROM t"

CASES = [
    ("a directive", {**DBT, **RUNS, **CONFIG}, f"-- pipesense: dialect=tsql\n{HINT}", ("tsql", "directive")),
    ("the configuration", {**DBT, **RUNS, **CONFIG}, HINT, ("mysql", "configuration")),
    ("its dbt project", {**DBT, **RUNS}, HINT, ("duckdb", "dbt profile shop")),
    ("who runs it", RUNS, HINT, ("postgres", "PostgresOperator")),
    ("its own words", {}, HINT, ("bigquery", "hint: SAFE_CAST")),
    ("nobody", {}, "SELECT 1", ("", "generic")),
]


@pytest.mark.parametrize(("files", "text", "chosen"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_order(files: dict[str, str], text: str, chosen: tuple[str, str]) -> None:
    made = workspace({**files, "models/a.sql": text})
    made.index_all()

    assert made.dialect(f"{ROOT}/models/a.sql", 0) == chosen


def test_a_file_of_hive_says_so_by_its_name() -> None:
    made = workspace({"load.hql": "SELECT 1", "other.hql": "-- pipesense: dialect=trino\nSELECT 1"})
    made.index_all()

    assert made.dialect(f"{ROOT}/load.hql", 0) == ("hive", "the ending .hql")
    assert made.dialect(f"{ROOT}/other.hql", 0) == ("trino", "directive")


def test_a_profile_that_changes_is_read_again() -> None:
    access = MemoryFiles({f"{ROOT}/{name}": text for name, text in {**DBT, "models/a.sql": "SELECT 1"}.items()})
    made = Workspace(load_registry(), access, lambda error: None, roots=[ROOT])
    made.index_all()
    access.texts[f"{ROOT}/profiles.yml"] = DBT["profiles.yml"].replace("duckdb", "snowflake")
    made.touched([f"{ROOT}/profiles.yml"])
    settle(made)

    assert made.dialect(f"{ROOT}/models/a.sql", 0) == ("snowflake", "dbt profile shop")


def test_a_file_that_was_put_away_is_not_read_again_for_its_dialect() -> None:
    made = workspace({"load.hql": "SELECT 1", "plain.sql": "SELECT 1", "load.py": HOOK})
    made.index_all()
    before = made.counters.files_linked

    assert made.dialect(f"{ROOT}/load.hql", 0) == ("hive", "the ending .hql")
    assert made.dialect(f"{ROOT}/plain.sql", 0) == ("", "generic")
    assert made.dialect(f"{ROOT}/load.py", HOOK.index("DELETE")) == ("postgres", "PostgresHook")
    assert made.dialect(f"{ROOT}/load.py", 0) is None
    assert made.counters.files_linked == before
