"""The SQL of what dbt leaves out is never run: nothing is said of it."""

from __future__ import annotations

import pytest

from pipesense.engine.workspace import Workspace
from support.memory import ROOT, settle, workspace

PROJECT = "name: shop\n"
OFF = "name: shop\nmodels:\n  shop:\n    old:\n      +enabled: false\n"
ENTRY = "models:\n  - name: orders\n    config:\n      enabled: {}\n"
QUERY = """\
select c.id, c.nmae, o.total from {{ ref('customers') }} as c
left join {{ ref('carts') }} as o on o.id = c.id
where o.status = 'paid' and c.id = null
"""
CUSTOMERS = "select 1 as id, 'x' as name\n"
OF_A_STATEMENT, OF_A_FILE = "correctness/equals-null", "schema/unknown-column"


def said(files: dict[str, str], path: str) -> set[str]:
    made = workspace({"dbt_project.yml": PROJECT, "models/customers.sql": CUSTOMERS, **files})
    settle(made)
    return rules(made, path)


def rules(made: Workspace, path: str) -> set[str]:
    return {each.rule for each in made.findings(f"{ROOT}/{path}")}


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"models/old/orders.sql": "{{ config(enabled=false) }}\n" + QUERY}, id="in the file"),
        pytest.param({"models/old/orders.sql": QUERY, "models/old/m.yml": ENTRY.format("false")}, id="in its entry"),
        pytest.param({"models/old/orders.sql": QUERY, "dbt_project.yml": OFF}, id="in the project"),
    ],
)
def test_nothing_is_said_of_a_model_that_is_off(files: dict[str, str]) -> None:
    assert not said(files, "models/old/orders.sql") & {OF_A_STATEMENT, OF_A_FILE}


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"models/old/orders.sql": "{{ config(enabled=true) }}\n" + QUERY}, id="on"),
        pytest.param(
            {"models/old/orders.sql": "{{ config(enabled=env_var('OLD') == '1') }}\n" + QUERY}, id="nobody knows"
        ),
        pytest.param(
            {"models/old/orders.sql": "{{ config(enabled=true) }}\n" + QUERY, "dbt_project.yml": OFF},
            id="on again in the file",
        ),
    ],
)
def test_what_may_run_is_judged(files: dict[str, str]) -> None:
    assert {OF_A_STATEMENT, OF_A_FILE} <= said(files, "models/old/orders.sql")


def test_a_model_is_judged_as_soon_as_it_is_switched_on() -> None:
    made = workspace({"dbt_project.yml": OFF, "models/customers.sql": CUSTOMERS, "models/old/orders.sql": QUERY})
    made.open(f"{ROOT}/models/old/orders.sql", QUERY)
    settle(made)
    assert not rules(made, "models/old/orders.sql") & {OF_A_STATEMENT, OF_A_FILE}
    made.open(f"{ROOT}/dbt_project.yml", PROJECT)
    settle(made)
    assert {OF_A_STATEMENT, OF_A_FILE} <= rules(made, "models/old/orders.sql")
