"""Edits in a dbt project reach exactly the files whose facts they change, and lead where a fresh look leads."""

from __future__ import annotations

import random

from pipesense.engine.record import FileRecord
from pipesense.engine.workspace import Workspace
from pipesense.host.rulepacks import load_registry
from pipesense.text.encoding import PositionEncoding
from support.memory import ROOT, everything, settle, workspace

REGISTRY = load_registry()
FILES = {
    "dbt_project.yml": "name: shop\nmodels:\n  shop:\n    +materialized: view\n",
    "models/sources.yml": "sources:\n  - name: raw\n    tables:\n      - name: orders\n      - name: customers\n",
    "models/schema.yml": (
        "models:\n  - name: stg_orders\n    columns:\n      - name: id\n        tests: [unique]\n"
        "  - name: orders\n    config:\n      materialized: table\n"
    ),
    "models/stg_orders.sql": "select 1 as id, amount from {{ source('raw', 'orders') }}\n",
    "models/stg_customers.sql": "select 1 as id from {{ source('raw', 'customers') }}\n",
    "models/orders.sql": "select id, amount from {{ ref('stg_orders') }}\n",
    "models/report.sql": "select id from {{ ref('orders') }}\n",
    "macros/money.sql": "{% macro cents(x) %}{{ x }} / 100{% endmacro %}\n",
    "models/paid.sql": "select {{ cents('amount') }} as euros from {{ ref('orders') }}\n",
}


def made(files: dict[str, str] | None = None) -> Workspace:
    work = workspace(files or FILES, registry=REGISTRY)
    work.index_all()
    for name in files or FILES:
        work.open(f"{ROOT}/{name}", (files or FILES)[name])
    settle(work)
    return work


def edited(work: Workspace, name: str, old: str, new: str) -> frozenset[str]:
    """Replace the first occurrence of ``old``; the files that were judged again."""
    path = f"{ROOT}/{name}"
    buffer = work.text(path)
    assert buffer is not None
    at = buffer.text.index(old)
    start, end = buffer.lines.position(at), buffer.lines.position(at + len(old))
    judged: set[str] = set()
    judge = Workspace._judge

    def noted(record: FileRecord) -> None:
        judged.add(record.path[len(ROOT) + 1 :])
        judge(work, record)

    work._judge = noted  # type: ignore[method-assign]
    work.change(path, start, end, new, PositionEncoding.UTF32)
    settle(work)
    del work._judge
    return frozenset(judged)


def rules(work: Workspace, name: str) -> set[str]:
    return {found.rule for found in work.findings(f"{ROOT}/{name}")}


def test_a_key_in_a_model_judges_that_model_alone() -> None:
    work = made()
    assert edited(work, "models/stg_customers.sql", "1 as id", "12 as id") == {"models/stg_customers.sql"}


def test_a_comment_in_yaml_judges_that_file_alone() -> None:
    work = made()
    assert edited(work, "models/schema.yml", "models:\n", "models: # ours\n") == {"models/schema.yml"}


def test_a_setting_in_yaml_reaches_the_models_that_asked_for_it() -> None:
    work = made()
    judged = edited(work, "models/schema.yml", "materialized: table", "enabled: false")
    assert {"models/schema.yml", "models/orders.sql", "models/report.sql"} <= judged
    assert "models/stg_customers.sql" not in judged
    assert "lineage/ref-disabled" in rules(work, "models/report.sql")


def test_a_table_that_is_declared_ends_a_finding() -> None:
    work = made()
    edited(work, "models/stg_orders.sql", "'orders'", "'payments'")
    assert "lineage/source-undefined" in rules(work, "models/stg_orders.sql")
    judged = edited(work, "models/sources.yml", "- name: customers", "- name: customers\n      - name: payments")
    assert "lineage/source-undefined" not in rules(work, "models/stg_orders.sql")
    assert "models/stg_customers.sql" not in judged


def test_a_macro_that_is_renamed_is_missed_by_those_who_call_it() -> None:
    work = made()
    judged = edited(work, "macros/money.sql", "macro cents", "macro in_cents")
    assert "lineage/unknown-macro" in rules(work, "models/paid.sql")
    assert judged == {"macros/money.sql", "models/paid.sql"}


def test_a_model_that_is_closed_to_its_circle_and_back() -> None:
    work = made()
    edited(work, "models/stg_orders.sql", "source('raw', 'orders')", "ref('report')")
    assert "lineage/cycle" in rules(work, "models/report.sql")
    edited(work, "models/stg_orders.sql", "ref('report')", "source('raw', 'orders')")
    assert "lineage/cycle" not in rules(work, "models/report.sql")


EDITS = (
    ("models/orders.sql", "stg_orders", "stg_order"),
    ("models/orders.sql", "stg_order'", "stg_orders'"),
    ("models/schema.yml", "- name: orders", "- name: order"),
    ("models/schema.yml", "unique", "uniqe"),
    ("models/sources.yml", "customers", "{{ x }}"),
    ("models/report.sql", "}}", "}"),
    ("models/report.sql", "select", "{% if x %}select"),
    ("dbt_project.yml", "view", "table"),
    ("dbt_project.yml", "+materialized", "materialized"),
    ("models/schema.yml", "\n      - name: id", "\n\t- name: id"),
    ("macros/money.sql", "endmacro", "endmacr"),
    ("models/stg_customers.sql", "source", "ref"),
)


def test_random_edits_lead_where_a_fresh_look_leads() -> None:
    chance = random.Random(7)
    work = made()
    texts = dict(FILES)
    for _ in range(40):
        name, old, new = chance.choice(EDITS)
        if chance.random() < 0.5:
            old, new = new, old
        if old not in texts[name]:
            continue
        edited(work, name, old, new)
        texts[name] = texts[name].replace(old, new, 1)
        fresh = made(texts)
        assert everything(work) == everything(fresh), (name, old, new)


def test_each_of_several_projects_is_read_to_its_end() -> None:
    both = {"sub/dbt_project.yml": "name: sub\n", "models/deep/orders.sql": "select 1 as id\n"}
    work = workspace(FILES | both, registry=REGISTRY)
    work.touched([f"{ROOT}/dbt_project.yml"])
    settle(work)
    assert "lineage/duplicate-name" in rules(work, "models/orders.sql")
