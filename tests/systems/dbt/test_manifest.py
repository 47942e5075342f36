"""What a manifest of dbt adds, and that nothing that is wrong with one misleads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipesense.engine.workspace import Workspace
from support.memory import ROOT, MemoryFiles, settle, workspace

MANIFEST: dict[str, Any] = {
    "metadata": {"dbt_version": "1.10.2", "project_name": "shop"},
    "nodes": {
        "model.stripe.stripe__charges": {
            "resource_type": "model",
            "package_name": "stripe",
            "name": "stripe__charges",
            "description": "One row per charge.",
            "columns": {
                "charge_id": {"name": "charge_id", "description": "the key", "data_type": "text"},
                "amount": {"name": "amount", "description": "", "data_type": None},
            },
        },
        "model.shop.gone": {
            "resource_type": "model",
            "package_name": "shop",
            "name": "gone",
            "original_file_path": "models/gone.sql",
            "columns": {},
        },
        "model.shop.made": {
            "resource_type": "model",
            "package_name": "shop",
            "name": "made",
            "original_file_path": "generated/made.sql",
            "columns": {},
        },
    },
    "sources": {
        "source.stripe.stripe.charge": {
            "package_name": "stripe",
            "source_name": "stripe",
            "name": "charge",
            "schema": "stripe",
            "identifier": "charge",
            "columns": {"id": {"name": "id", "description": ""}},
        }
    },
    "macros": {
        "macro.stripe.date_timezone": {
            "package_name": "stripe",
            "name": "date_timezone",
            "description": "A moment in the account's time zone.",
            "macro_sql": "{% macro date_timezone(column, zone='utc') -%}\n{{ column }}\n{%- endmacro %}",
        },
        "macro.dbt.is_incremental": {"package_name": "dbt", "name": "is_incremental", "macro_sql": ""},
    },
    "parent_map": {},
}
FILES = {
    "dbt_project.yml": "name: shop\n",
    "packages.yml": "packages:\n  - package: fivetran/stripe\n    version: 1.0.0\n",
    "models/charges.sql": "select charge_id from {{ ref('stripe__charges') }}\n",
    "models/dated.sql": "select {{ stripe.date_timezone('at') }} as a from {{ ref('charges') }}\n",
}
ALONE = {
    "dbt_project.yml": "name: shop\n",
    "models/a.sql": "select 1 as a from {{ ref('gone') }}\n",
    "models/b.sql": "select 1 as a from {{ ref('made') }}\n",
}
AT = "target/manifest.json"


def _settled(files: dict[str, str]) -> Workspace:
    made = workspace(files)
    settle(made)
    return made


def _missing(made: Workspace) -> set[str]:
    return {
        path.removeprefix(ROOT + "/")
        for path in made.paths()
        for each in made.findings(path)
        if each.rule == "lineage/ref-missing"
    }


def _hover(made: Workspace, path: str, word: str) -> str:
    text = FILES[path]
    found = made.hover(f"{ROOT}/{path}", text.index(word) + 1)
    return found.markdown if found is not None else ""


def test_hovers_know_models_of_packages_that_are_not_installed() -> None:
    made = _settled({**FILES, AT: json.dumps(MANIFEST)})

    shown = _hover(made, "models/charges.sql", "stripe__charges")

    assert "One row per charge." in shown
    assert "the package stripe, which is not here" in shown
    assert "| charge_id | TEXT |  | the key |" in shown
    assert "More columns may exist" in shown
    assert "the package stripe" not in _hover(_settled(FILES), "models/charges.sql", "stripe__charges")


def test_hovers_know_how_macros_of_packages_are_called() -> None:
    made = _settled({**FILES, AT: json.dumps(MANIFEST)})

    assert "date_timezone(column, zone='utc')" in _hover(made, "models/dated.sql", "date_timezone")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("select 1 from {{ ref('stripe__", "stripe__charges"),
        ("select 1 from {{ source('str", "stripe"),
        ("select 1 from {{ source('stripe', 'c", "charge"),
        ("select {{ stripe.da", "stripe.date_timezone"),
    ],
)
def test_completion_offers_what_packages_bring(typed: str, name: str) -> None:
    made = _settled({**FILES, AT: json.dumps(MANIFEST), "models/new.sql": typed})

    found = made.features.complete(f"{ROOT}/models/new.sql", len(typed))

    assert name in [item.label for item in found]


def test_a_file_that_was_not_read_is_not_called_missing_but_one_that_is_gone_is() -> None:
    assert _missing(_settled(ALONE)) == {"models/a.sql", "models/b.sql"}
    assert _missing(_settled({**ALONE, AT: json.dumps(MANIFEST), "generated/made.sql": "select 1"})) == {"models/a.sql"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "not json",
        '{"nodes": 1}',
        '{"nodes": {"a": 1, "b": {"package_name": 3}}}',
        json.dumps(MANIFEST)[:-200],
        json.dumps(MANIFEST)[:300] + "}",
        "[" * 100_000 + "}",
        '{"nodes": ' + '{"a":' * 50_000 + "}" * 50_000 + "}",
    ],
    ids=range(11),
)
def test_what_is_torn_or_no_manifest_tells_nothing(text: str) -> None:
    made = _settled({**ALONE, AT: text, "generated/made.sql": "select 1"})

    assert _missing(made) == {"models/a.sql", "models/b.sql"}


def test_a_manifest_older_than_the_list_of_packages_tells_nothing() -> None:
    made = workspace({**FILES, AT: json.dumps(MANIFEST)})
    assert isinstance(made._files, MemoryFiles)
    made._files.times[f"{ROOT}/packages.yml"] = 5
    settle(made)

    assert "One row per charge." not in _hover(made, "models/charges.sql", "stripe__charges")


def test_a_manifest_that_dbt_writes_while_an_editor_runs_is_read() -> None:
    made = _settled(FILES)
    assert isinstance(made._files, MemoryFiles)
    made._files.texts[f"{ROOT}/{AT}"] = json.dumps(MANIFEST)
    made.touched([f"{ROOT}/{AT}"])
    settle(made)

    assert "One row per charge." in _hover(made, "models/charges.sql", "stripe__charges")


def test_no_finding_comes_of_a_manifest() -> None:
    files = {**FILES, **ALONE, "models/c.sql": "select c.nope from {{ ref('stripe__charges') }} c\n"}

    def told(made: Workspace) -> set[tuple[str, str, int]]:
        return {
            (path, each.rule, each.span.start)
            for path in made.paths()
            if not path.endswith(".json")
            for each in made.findings(path)
        }

    assert told(_settled({**files, AT: json.dumps(MANIFEST)})) <= told(_settled(files))
