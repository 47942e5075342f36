"""What an editor asks about names in a dbt project: where they are made, who mentions them, renames, completion."""

from __future__ import annotations

import pytest

from pipesense.engine.features.names import Place
from pipesense.engine.workspace import Workspace
from pipesense.model.change import Refusal
from support.memory import ROOT, settle, workspace

FILES = {
    "dbt_project.yml": "name: shop\nmodel-paths: [models]\nvars:\n  start_date: '2020-01-01'\n  shop:\n    tz: utc\n",
    "models/staging/stg_orders.sql": (
        "select id as order_id, customer_id, amount\nfrom {{ source('raw', 'orders') }}\n"
    ),
    "models/marts/orders.sql": (
        "{{ config(materialized='table') }}\nselect o.order_id, {{ cents('o.amount') }} as amount\n"
        "from {{ ref('stg_orders') }} o\n"
    ),
    "models/marts/late.sql": '-- reads {{ ref("stg_orders") }} too\nselect 1 as a\n',
    "models/schema.yml": """\
version: 2
sources:
  - name: raw
    tables:
      - name: orders
models:
  - name: stg_orders
    columns:
      - name: order_id
        data_tests:
          - unique
          - relationships:
              to: ref('orders')
              field: order_id
  - name: orders
    columns:
      - name: order_id
        data_tests:
          - not_null
    config:
      materialized: table
exposures:
  - name: board
    type: dashboard
    depends_on:
      - ref('stg_orders')
    owner: {name: a}
""",
    "macros/cents.sql": (
        "{% macro cents(c) %}({{ c }} / 100){% endmacro %}\n"
        "{% test positive(model, column_name) %}select 1{% endtest %}\n"
    ),
}
PLACES = {
    "a reference": ("models/marts/orders.sql", "stg_orders"),
    "a reference in a comment": ("models/marts/late.sql", "stg_orders"),
    "a model's entry": ("models/schema.yml", "stg_orders"),
    "a source": ("models/staging/stg_orders.sql", "'orders'"),
    "a source's table": ("models/schema.yml", "orders"),
    "a macro": ("models/marts/orders.sql", "cents"),
    "a macro's own name": ("macros/cents.sql", "cents"),
}
MODEL = "models/staging/stg_orders.sql:"
OF_MODEL = [
    "models/marts/late.sql:stg_orders",
    "models/marts/orders.sql:stg_orders",
    "models/schema.yml:stg_orders",
    "models/schema.yml:stg_orders",
]
OF_SOURCE = ["models/schema.yml:orders", "models/staging/stg_orders.sql:orders"]
OF_MACRO = ["macros/cents.sql:cents", "models/marts/orders.sql:cents"]
EXPECTED = {
    "a reference": (MODEL, OF_MODEL),
    "a reference in a comment": (MODEL, OF_MODEL),
    "a model's entry": (MODEL, OF_MODEL),
    "a source": ("models/schema.yml:orders", OF_SOURCE),
    "a source's table": ("models/schema.yml:orders", OF_SOURCE),
    "a macro": ("macros/cents.sql:cents", OF_MACRO),
    "a macro's own name": ("macros/cents.sql:cents", OF_MACRO),
}


def project() -> Workspace:
    made = workspace(FILES)
    settle(made)
    return made


def offset(row: str) -> tuple[str, int]:
    path, needle = PLACES[row]
    return f"{ROOT}/{path}", FILES[path].index(needle) + 1


def told(places: tuple[Place, ...]) -> list[str]:
    return [f"{each.path[len(ROOT) + 1 :]}:{each.span.of(FILES[each.path[len(ROOT) + 1 :]])}" for each in places]


@pytest.mark.parametrize("row", PLACES)
def test_definition_and_references(row: str) -> None:
    path, at = offset(row)
    names = project().features.names_of(path, at)
    defined, mentioned = EXPECTED[row]
    assert told(names.definition(path, at)) == [defined]
    assert sorted(set(told(names.references(path, at))) - {MODEL}) == sorted(set(mentioned))
    assert len(names.references(path, at)) == len(mentioned) + (defined == MODEL)


@pytest.mark.parametrize("row", PLACES)
def test_a_rename_writes_the_new_name_at_every_mention(row: str) -> None:
    path, at = offset(row)
    made = project()
    names = made.features.names_of(path, at)
    edits = names.rename(path, at, "fresh_name")
    assert not isinstance(edits, Refusal)
    written = sorted(
        f"{file[len(ROOT) + 1 :]}:{edit.span.of(FILES[file[len(ROOT) + 1 :]])}"
        for file, several in edits.items()
        for edit in several
    )
    assert written == sorted(EXPECTED[row][1])
    moved = names.moved(path, at, "fresh_name")
    is_model = EXPECTED[row][0] == MODEL
    renamed = {f"{ROOT}/models/staging/stg_orders.sql": f"{ROOT}/models/staging/fresh_name.sql"}
    assert moved == (renamed if is_model else {})


@pytest.mark.parametrize(
    ("row", "name", "why"),
    [
        ("a reference", "orders", "the project has a model `orders` already"),
        ("a macro", "9 lives", "`9 lives` cannot be a name of dbt's: use letters, digits and _"),
    ],
)
def test_a_rename_that_would_break_something_is_refused(row: str, name: str, why: str) -> None:
    path, at = offset(row)
    assert project().features.names_of(path, at).rename(path, at, name) == Refusal(why)


def test_a_model_that_nobody_defines_is_not_renamed() -> None:
    made = workspace({**FILES, "models/marts/late.sql": "select * from {{ ref('gone') }}\n"})
    settle(made)
    path = f"{ROOT}/models/marts/late.sql"
    answer = made.features.names_of(path, 23).rename(path, 23, "back")
    assert isinstance(answer, Refusal)
    assert "no file of the project defines" in answer.why


def test_columns_and_tables_of_a_models_sql_are_still_sqls() -> None:
    made = project()
    path = f"{ROOT}/models/marts/orders.sql"
    at = FILES["models/marts/orders.sql"].index("o.order_id")
    assert told(made.features.names_of(path, at).definition(path, at)) == ["models/marts/orders.sql:o"]


TYPED = {
    "a macro": ("models/marts/late.sql", "select {{ ce|", "cents"),
    "a key of config": ("models/marts/late.sql", "{{ config(materialized='table', |", "unique_key="),
    "a value of config": ("models/marts/late.sql", "{{ config(materialized='|", "incremental"),
    "a variable": ("models/marts/late.sql", "{% if var('|", "start_date"),
    "a variable of a package": ("models/marts/late.sql", "{% if var('|", "tz"),
    "a source": ("models/marts/late.sql", "select 1 from {{ source('|", "raw"),
    "a source's table": ("models/marts/late.sql", "select 1 from {{ source('raw', '|", "orders"),
    "a model": ("models/marts/late.sql", "select 1 from {{ ref('|", "stg_orders"),
    "a column in YAML": (
        "models/schema.yml",
        "models:\n  - name: stg_orders\n    columns:\n      - name: |",
        "customer_id",
    ),
    "a test": ("models/schema.yml", "models:\n  - name: orders\n    data_tests:\n      - |", "positive"),
    "a test in a list of one line": (
        "models/schema.yml",
        "models:\n  - name: orders\n    columns:\n      - name: a\n        data_tests: [unique, n|]\n",
        "not_null",
    ),
    "a test of dbt's": (
        "models/schema.yml",
        "models:\n  - name: orders\n    columns:\n      - name: a\n        data_tests:\n          - |",
        "unique",
    ),
    "a model in YAML": ("models/schema.yml", "models:\n  - name: l|", "late"),
    "a model in a test": (
        "models/schema.yml",
        "models:\n  - name: orders\n    columns:\n      - name: a\n        data_tests:\n          - relationships:\n"
        "              to: ref('|",
        "stg_orders",
    ),
    "a key of a model": ("models/schema.yml", "models:\n  - name: orders\n    de|", "description: "),
    "a key of a source": ("models/schema.yml", "sources:\n  - name: raw\n    |", "tables: "),
    "a setting": ("models/schema.yml", "models:\n  - name: orders\n    config:\n      on|", "on_schema_change: "),
    "a setting's value": (
        "models/schema.yml",
        "models:\n  - name: orders\n    config:\n      materialized: |",
        "ephemeral",
    ),
    "a section": ("models/schema.yml", "mo|", "models: "),
}


@pytest.mark.parametrize("row", TYPED)
def test_completion(row: str) -> None:
    path, typed, wanted = TYPED[row]
    made = project()
    at = typed.index("|")
    made.open(f"{ROOT}/{path}", typed.replace("|", "\n", 1))
    made.analyse(f"{ROOT}/{path}")
    items = made.features.complete(f"{ROOT}/{path}", at)
    found = next((item for item in items if item.insert == wanted), None)
    assert found is not None, [item.insert for item in items]
    assert found.span.end == at


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("models/marts/late.sql", "{{ 'text |"),
        ("models/schema.yml", "models:\n  - name: orders\n    description: some words |"),
        ("models/schema.yml", "# models |"),
    ],
)
def test_nothing_is_offered_where_nobody_can_tell(path: str, typed: str) -> None:
    made = project()
    made.open(f"{ROOT}/{path}", typed.replace("|", "\n", 1))
    made.analyse(f"{ROOT}/{path}")
    assert made.features.complete(f"{ROOT}/{path}", typed.index("|")) == ()


def test_a_rename_right_after_the_surroundings_changed_finds_every_mention() -> None:
    made = project()
    path, at = offset("a reference")
    made.add_root(f"{ROOT}/elsewhere")
    edits = made.features.names_of(path, at).rename(path, at, "fresh_name")
    assert not isinstance(edits, Refusal)
    assert {file[len(ROOT) + 1 :] for file in edits} == {name.partition(":")[0] for name in OF_MODEL}


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("models:\n\t- name: a\n", "\t"),
        ("models:\n  - name: a\n    columns: [\n", ""),
        ("models:\n  - name: a\n  description: {{ x }}: [\n", None),
    ],
)
def test_yaml_of_a_project_that_is_torn_is_told_of_unless_a_template_may_mend_it(text: str, at: str | None) -> None:
    made = workspace({"dbt_project.yml": "name: shop\n", "models/schema.yml": text})
    settle(made)
    told = made.not_analysed(f"{ROOT}/models/schema.yml")
    assert [each.why for each in told] == (
        [] if at is None else ["From here on this is no YAML, so dbt refuses to parse the project."]
    )
    if at:
        assert text[told[0].span.start] == at


MACROS = {
    "dbt_project.yml": "name: shop\n",
    "macros/m.sql": (
        "{% macro plain(x) %}{{ x }}{% endmacro %}\n"
        "{% macro kind() %}{{ return(adapter.dispatch('kind')()) }}{% endmacro %}\n"
        "{% macro default__kind() %}int{% endmacro %}\n"
    ),
    "models/a.sql": "select {{ plain(1) }} as a, {{ shop.plain(2) }} as b, cast(1 as {{ shop.kind() }}) as c\n",
}


def test_a_macro_that_is_called_by_its_own_projects_name_is_renamed_there() -> None:
    made = workspace(MACROS)
    settle(made)
    path = f"{ROOT}/models/a.sql"
    at = MACROS["models/a.sql"].index("plain(2)")
    names = made.features.names_of(path, at)
    edits = names.rename(path, at, "fresh")
    assert not isinstance(edits, Refusal)
    assert {file.rpartition("/")[2]: len(several) for file, several in edits.items()} == {"a.sql": 2, "m.sql": 1}


@pytest.mark.parametrize("name", ["kind() }}) as c", "kind() %}{{ return", "default__kind"])
def test_a_macro_that_is_dispatched_is_not_renamed_alone(name: str) -> None:
    made = workspace(MACROS)
    settle(made)
    file = next(each for each in MACROS if name in MACROS[each])
    path, at = f"{ROOT}/{file}", MACROS[file].index(name)
    refused = made.features.names_of(path, at).renamed(path, at)
    assert isinstance(refused, Refusal)
    assert "adapter.dispatch finds" in refused.why
