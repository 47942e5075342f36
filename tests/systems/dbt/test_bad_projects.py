"""Projects that are broken, circular or nested: a clear finding or silence, in bounded work, never a crash."""

from __future__ import annotations

import pytest

from pipesense.engine.workspace import Workspace
from support.memory import ROOT, settle, workspace

PROJECT = {"dbt_project.yml": "name: shop\nrequire-dbt-version: '>=1.8.0'\n"}


def made(files: dict[str, str]) -> Workspace:
    """A project that was read to its end; an internal error fails the test."""
    work = workspace({**PROJECT, **files})
    settle(work)
    return work


def rules(work: Workspace, name: str) -> set[str]:
    return {each.rule for each in work.findings(f"{ROOT}/{name}")}


MANIFEST = (
    '{"metadata": {"dbt_version": "1.9.0"}, "nodes": {"model.shop.gone": {"name": "gone", "resource_type": "model"'
)


@pytest.mark.parametrize("manifest", [MANIFEST, "", "\x00\x01", "[" * 50_000, MANIFEST + "}}}"])
def test_a_manifest_whole_or_torn_changes_nothing_that_is_said(manifest: str) -> None:
    files = {
        "models/a.sql": "select * from {{ ref('gone') }}\n",
        "models/b.sql": "select 1 as id\n",
        "models/schema.yml": "models:\n  - name: b\n    columns:\n      - name: id\n        tests: [unique]\n",
    }
    without, beside = made(files), made({**files, "target/manifest.json": manifest})
    for name in files:
        path = f"{ROOT}/{name}"
        assert [str(each) for each in beside.findings(path)] == [str(each) for each in without.findings(path)]
    assert "lineage/ref-missing" in rules(beside, "models/a.sql")


def test_models_in_a_circle_are_told_each_and_their_columns_are_open() -> None:
    names = ("a", "b", "c")
    circle = {
        f"models/{name}.sql": f"select * from {{{{ ref('{names[at - 1]}') }}}}\n" for at, name in enumerate(names)
    }
    work = made({**circle, "models/reader.sql": "select nothing from {{ ref('a') }}\n"})
    for name in names:
        assert "lineage/cycle" in rules(work, f"models/{name}.sql")
    assert "schema/unknown-column" not in rules(work, "models/reader.sql")
    hovered = work.hover(f"{ROOT}/models/reader.sql", "select nothing from {{ ref('a') }}".index("a')"))
    assert hovered is not None and "More columns may exist" in hovered.markdown


def test_a_model_that_refers_to_itself_is_told_so_and_shown_the_way() -> None:
    work = made({"models/me.sql": "select * from {{ ref('me') }}\n"})
    assert "lineage/cycle" in rules(work, "models/me.sql")
    (found,) = [each for each in work.findings(f"{ROOT}/models/me.sql") if each.rule == "lineage/cycle"]
    assert work.offers(found)


def test_macros_that_call_each_other_for_ever_are_followed_once() -> None:
    count = 300
    chain = "".join(
        f"{{% macro m{at}(x) %}}{{{{ m{(at + 1) % count}(x) }}}}{{{{ m{(at * 7) % count}(x) }}}}{{% endmacro %}}\n"
        for at in range(count)
    )
    model = "{{ config(materialized='incremental', unique_key='id') }}\nselect id, {{ m0('x') }} as y from raw.events\n"
    work = made({"macros/loops.sql": chain, "models/a.sql": model})
    assert "idempotency/incremental-no-filter" in rules(work, "models/a.sql")


def test_a_project_inside_a_project_is_one_of_its_own() -> None:
    inner = {
        "models/inner/dbt_project.yml": "name: inner\n",
        "models/inner/models/orders.sql": "select * from {{ ref('only_outside') }}\n",
        "models/only_outside.sql": "select 1 as id\n",
        "models/orders.sql": "select * from {{ ref('only_outside') }}\n",
    }
    work = made(inner)
    assert rules(work, "models/orders.sql") == set()
    assert "lineage/ref-missing" in rules(work, "models/inner/models/orders.sql")
    assert "lineage/duplicate-name" not in rules(work, "models/inner/models/orders.sql")


BROKEN = {
    "a tab": "models:\n\t- name: a\n",
    "a key twice": "models:\n  - name: a\nmodels:\n  - name: a\n",
    "a merge key": "base: &base\n  description: x\nmodels:\n  - <<: *base\n    name: a\n",
    "an alias of nothing": "models: *nobody\n",
    "a list where a mapping is due": "- models\n- a\n",
    "a template": "{% if x %}\nmodels:\n  - name: a\n{% endif %}\n",
    "a torn end": 'models:\n  - name: a\n    description: "no end\n',
    "a number for a name": "models:\n  - name: a\n    columns:\n      - name: 2\n",
    "null everywhere": "models:\nsources:\nexposures:\nunit_tests:\nseeds: ~\n",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_yaml_that_is_not_what_it_should_be_costs_no_true_word(kind: str) -> None:
    work = made({"models/a.sql": "select 1 as id\n", "models/schema.yml": BROKEN[kind]})
    assert "lineage/orphan-properties" not in rules(work, "models/schema.yml")
    assert "lineage/ref-missing" not in rules(work, "models/a.sql")


def test_a_bomb_of_aliases_in_yaml_is_not_unfolded() -> None:
    layers = "".join(f"b{at}: &b{at} [{', '.join([f'*b{at - 1}'] * 9)}]\n" for at in range(1, 12))
    work = made({"models/a.sql": "select 1 as id\n", "models/schema.yml": f"b0: &b0 [x]\n{layers}models: *b11\n"})
    assert "lineage/ref-missing" not in rules(work, "models/a.sql")


def test_a_schema_of_ten_thousand_columns_is_read() -> None:
    columns = "".join(f"      - name: c{at}\n        description: number {at}\n" for at in range(10_000))
    text = f"models:\n  - name: a\n    columns:\n{columns}"
    work = made({"models/a.sql": "select 1 as c0\n", "models/schema.yml": text})
    (found,) = [e for e in work.findings(f"{ROOT}/models/schema.yml") if e.rule == "schema/documented-column-missing"]
    assert "and 9995 more" in found.message


def test_what_of_a_query_cannot_be_read_may_hold_the_filter_of_later_runs() -> None:
    model = "{{{{ config(materialized='incremental', unique_key='id') }}}}\nselect id from raw.events {}\n"
    work = made({"models/a.sql": model.format("prewhere kind = '1'"), "models/b.sql": model.format("")})
    assert "idempotency/incremental-no-filter" not in rules(work, "models/a.sql")
    assert "idempotency/incremental-no-filter" in rules(work, "models/b.sql")
