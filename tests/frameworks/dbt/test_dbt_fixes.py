"""What fixes write is what dbt reads: the project of examples/ before and after, parsed and built by dbt itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.framework

EXAMPLE = Path(__file__).parents[3] / "examples" / "dbt"
FOLDER_OF_MARTS = "models/marts/fct_orders.sql"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the example, in which dbt runs."""
    shutil.copytree(EXAMPLE, tmp_path / "shop")
    monkeypatch.chdir(tmp_path / "shop")
    monkeypatch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
    return tmp_path / "shop"


def dbt(*words: str) -> tuple[bool, str]:
    """Whether a command of dbt succeeded, and all that it said; each in a process of its own, as dbt keeps count."""
    run = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--no-use-colors", *words]
    done = subprocess.run([*run, "--profiles-dir", ".", "--show-all-deprecations"], capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


def fixed(project: Path) -> None:
    """Apply every fix, the unsafe ones too."""
    run = [sys.executable, "-m", "pipesense", "check", str(project), "--fix", "--unsafe-fixes", "--level", "hint"]
    done = subprocess.run(run, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr


def by_hand(project: Path) -> None:
    """What no fix can know."""
    schema, history = project / "models/schema.yml", project / "snapshots/customers_history.sql"
    text = schema.read_text("utf-8").replace("field: id", "field: customer_id")
    schema.write_text(text.replace("[paid, refunded, paid]", "[paid, refunded]"), "utf-8")
    text = history.read_text("utf-8")
    history.write_text(text.replace("unique_key=", "updated_at='updated_at', unique_key="), "utf-8")


def rows(project: Path, table: str) -> int:
    with duckdb.connect(str(project / "shop.duckdb")) as connection:
        found = connection.execute(f"select count(*) from {table}").fetchone()
    assert found is not None
    return int(found[0])


def test_the_example_is_refused_as_it_is(project: Path) -> None:
    success, said = dbt("parse")
    assert not success
    assert "stg_order" in said or "updated_at" in said


def test_the_fixed_example_is_built_and_its_tests_run(project: Path) -> None:
    fixed(project)
    by_hand(project)
    success, said = dbt("build")
    assert success, said
    assert rows(project, "fct_orders") == 3
    with duckdb.connect(str(project / "shop.duckdb")) as connection:
        connection.execute("insert into fct_orders select * from fct_orders limit 1")
    success, said = dbt("test", "--select", "fct_orders")
    assert not success
    assert "unique_fct_orders_order_id" in said


@pytest.mark.parametrize("keyed", [False, True])
def test_a_second_run_repeats_rows_unless_the_key_is_set(project: Path, keyed: bool) -> None:
    model = project / FOLDER_OF_MARTS
    before = model.read_text("utf-8")
    fixed(project)
    by_hand(project)
    assert "unique_key='order_id'" in model.read_text("utf-8")
    if not keyed:
        model.write_text(before, "utf-8")
    success, said = dbt("seed")
    assert success, said
    for _ in range(2):
        success, said = dbt("run", "--select", "+fct_orders")
        assert success, said
    assert rows(project, "fct_orders") == (3 if keyed else 6)


OLD = """models:
  - name: stg_orders
    tags: # of the night
      - nightly
    columns:
      - name: status
        tests:
          - accepted_values:
              values: [paid, refunded]
"""
DEPRECATED = ("PropertyMovedToConfigDeprecation", "MissingArgumentsPropertyInGenericTestDeprecation")


def test_what_newer_versions_moved_is_moved_so_that_they_are_silent(project: Path) -> None:
    fixed(project)
    by_hand(project)
    (project / "dbt_project.yml").write_text(
        (project / "dbt_project.yml").read_text("utf-8").replace(">=1.9.0", ">=1.10.6"), "utf-8"
    )
    (project / "models/old.yml").write_text(OLD, "utf-8")
    success, said = dbt("parse")
    assert success, said
    assert DEPRECATED[1] in said
    fixed(project)
    success, said = dbt("parse")
    assert success, said
    assert "config:\n      tags: # of the night\n" in (project / "models/old.yml").read_text("utf-8")
    assert not [word for word in DEPRECATED if word in said], said
