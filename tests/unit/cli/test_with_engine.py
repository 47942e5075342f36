"""The command with the real engine: one project, from its files to what is printed and written."""

from __future__ import annotations

import json
import sys

import pytest

from pipesense.cli import check
from unit.cli.conftest import Project

WORKSPACE = check._workspace
"""Taken before the project fixture puts the engine that finds words in its place."""


@pytest.fixture
def real(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr(check, "_workspace", WORKSPACE)
    return project


NULL = "SELECT id\nFROM orders\nWHERE paid_at = NULL;  -- never true\n"
DAG = """\
from datetime import datetime

import requests
from airflow.sdk import DAG
from airflow.providers.standard.operators.python import PythonOperator


def pull():
    requests.get("https://example.org")


with DAG("orders", start_date=datetime(2024, 1, 1), schedule="@daily"):
    PythonOperator(task_id="pull", python_callable=pull)
"""


def test_a_finding_and_its_fix(real: Project) -> None:
    real.write({"sql/orders.sql": NULL})
    before = real.check("--format", "json")
    assert (before.code, before.found) == (1, ["sql/orders.sql:3:7 error"])
    assert [fix["applicability"] for fix in before.data["findings"][0]["fixes"]] == ["safe"]
    assert real.check("--fix").code == 0
    assert real.read("sql/orders.sql") == "SELECT id\nFROM orders\nWHERE paid_at IS NULL;  -- never true\n"


def test_what_is_no_python_of_this_version_is_told_with_the_version(real: Project) -> None:
    real.write({"a.py": "def = 1\n", "b.py": "x = (1\n"})
    told = real.check().out
    mine = f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert f"a.py:1:5: not analysed: invalid syntax, as Python {mine} reads it; for newer syntax" in told
    assert f"Python {mine}" not in next(line for line in told.splitlines() if line.startswith("b.py"))


def test_a_fix_in_sarif_is_the_fix_on_disk(real: Project) -> None:
    real.write({"orders.sql": NULL})
    (result,) = json.loads(real.check("--format", "sarif").out)["runs"][0]["results"]
    (change,) = result["fixes"][0]["artifactChanges"]
    real.check("--fix")
    text = NULL
    for replacement in reversed(change["replacements"]):
        region = replacement["deletedRegion"]
        starts = [0, *(at + 1 for at, character in enumerate(text) if character == "\n")]
        start = starts[region["startLine"] - 1] + region["startColumn"] - 1
        end = starts[region["endLine"] - 1] + region["endColumn"] - 1
        text = text[:start] + replacement["insertedContent"]["text"] + text[end:]
    assert text == real.read("orders.sql")


def test_a_dag(real: Project) -> None:
    real.write({"dags/orders.py": DAG})
    ran = real.check("dags/orders.py", "--format", "json")
    assert ran.code == 1
    assert "reliability/no-retries" in {row["rule"] for row in ran.data["findings"]}
    assert ran.data["failures"] == []


IGNORES = [
    ("-- pipesense: ignore[correctness/equals-null] shown on purpose\n" + NULL, [], 0),
    (NULL, ["--ignore", "correctness/equals-null"], 0),
    (NULL, ["--ignore", "correctness"], 0),
    (NULL, ["--select", "reliability"], 0),
    (NULL, ["--select", "correctness/equals-null,reliability"], 1),
]


@pytest.mark.parametrize(("text", "arguments", "code"), IGNORES)
def test_what_is_silenced(real: Project, text: str, arguments: list[str], code: int) -> None:
    real.write({"orders.sql": text})
    assert real.check(*arguments).code == code


def test_a_mistake_in_the_settings_hides_nothing(real: Project) -> None:
    real.write({"pipesense.toml": 'selct = ["all"]\n', "sql/orders.sql": NULL})
    ran = real.check("sql/orders.sql")
    assert ran.code == 2
    assert 'pipesense.toml:1:1: error: "selct" is not a setting. Did you mean "select"?' in ran.out
    assert "sql/orders.sql:3:7: error" in ran.out


HARD = [
    ("nothing at all", ""),
    ("10,000 parentheses", "SELECT " + "(" * 10_000 + "1" + ")" * 10_000 + ";\n"),
    ("10,000 parentheses, never closed", "SELECT " + "(" * 10_000),
    ("10,000 CASEs", "SELECT " + "CASE WHEN a THEN " * 10_000),
    ("an unclosed quote", "SELECT 'a\nFROM b;\n" * 100),
    ("every control character", "SELECT " + "".join(map(chr, range(1, 32)))),
]


@pytest.mark.parametrize("text", [row[1] for row in HARD], ids=[row[0] for row in HARD])
@pytest.mark.parametrize("name", ["hard.sql", "hard.py"])
def test_no_file_costs_another_its_findings(real: Project, name: str, text: str) -> None:
    real.write({name: text, "orders.sql": NULL})
    ran = real.check("--format", "json")
    assert "orders.sql:3:7 error" in ran.found
    assert ran.data["failures"] == []
    assert ran.code == 1


def test_the_baseline_survives_edits_elsewhere(real: Project) -> None:
    real.write({"orders.sql": NULL})
    real.check("--baseline", "known.json", "--write-baseline")
    real.write({"orders.sql": "SELECT 1;\n\n" + NULL})
    assert real.check("--baseline", "known.json").code == 0


SHOP = {
    "dbt_project.yml": "name: shop\n",
    "models/staging/sources.yml": "sources:\n  - name: shop\n    freshness: null\n    tables:\n      - name: orders\n"
    "      - name: customers\n        columns:\n          - name: id\n          - name: name\n",
    "models/staging/stg_orders.sql": "select id, customer_id from {{ source('shop', 'orders') }}\n",
    "models/marts/fct_orders.sql": (
        "select o.id, c.name\nfrom {{ ref('stg_orders') }} as o\n"
        "join {{ source('shop', 'customers') }} as c on c.id = o.customer_id\n"
    ),
}
READS_STAGED = SHOP["models/marts/fct_orders.sql"].replace("source('shop', 'customers')", "ref('stg_shop__customers')")
STAGED = "select\n    id,\n    name\nfrom {{ source('shop', 'customers') }}\n"
JOINED, BARE = "modelling/join-to-source", "maintainability/undocumented"


def test_a_fix_writes_a_new_file_and_reads_it(real: Project) -> None:
    real.write(SHOP)
    assert "modelling/join-to-source" in real.check("--select", JOINED).out
    ran = real.check("--fix", "--unsafe-fixes", "--select", JOINED)
    assert (ran.code, "1 finding fixed." in ran.out) == (0, True), ran.out
    assert real.read("models/marts/fct_orders.sql") == READS_STAGED
    assert real.read("models/staging/stg_shop__customers.sql") == STAGED


def test_a_new_file_is_part_of_the_patch(real: Project) -> None:
    real.write(SHOP)
    patch = real.check("--diff", "--unsafe-fixes", "--select", JOINED).out
    assert "+++ b/models/staging/stg_shop__customers.sql" in patch
    assert "+from {{ source('shop', 'customers') }}" in patch
    assert not (real.root / "models/staging/stg_shop__customers.sql").exists()


def test_a_finding_in_a_model_is_fixed_in_yaml(real: Project) -> None:
    real.write({**SHOP, "models/marts/schema.yml": "models:\n  - name: other # kept\n    description: Another\n"})
    real.check("models/marts/fct_orders.sql", "--fix", "--unsafe-fixes", "--level", "hint", "--select", BARE)
    text = real.read("models/marts/schema.yml")
    assert text.startswith("models:\n  - name: other # kept\n    description: Another\n  - name: fct_orders\n")
    assert real.read("models/marts/fct_orders.sql") == SHOP["models/marts/fct_orders.sql"]


def test_a_file_that_is_there_is_not_written_over(real: Project) -> None:
    taken = "seeds:\n  - name: regions\n"
    real.write({**SHOP, "models/marts/_marts__models.yml": taken})
    ran = real.check("--fix", "--unsafe-fixes", "--level", "hint", "--select", BARE)
    assert "there is a file _marts__models.yml already" in ran.out
    assert real.read("models/marts/_marts__models.yml") == taken
    (real.root / "models/marts/_marts__models.yml").unlink()
    real.check("--fix", "--unsafe-fixes", "--level", "hint", "--select", BARE)
    assert real.read("models/marts/_marts__models.yml").startswith("version: 2\n\nmodels:\n  - name: fct_orders\n")


def test_a_model_that_is_written_may_not_lack_what_is_read(real: Project) -> None:
    model = SHOP["models/marts/fct_orders.sql"].replace("c.name", "c.name, c.city")
    real.write({**SHOP, "models/marts/fct_orders.sql": model})
    ran = real.check("--fix", "--unsafe-fixes", "--select", f"{JOINED},schema/unknown-column")
    assert "the fix would bring a finding of schema/unknown-column" in ran.out
    assert real.read("models/marts/fct_orders.sql") == model
    assert not (real.root / "models/staging/stg_shop__customers.sql").exists()
