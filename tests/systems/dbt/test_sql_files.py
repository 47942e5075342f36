"""What the tags of a project's SQL files say: configuration, references, calls, macros, snapshots."""

from __future__ import annotations

import pytest

from pipesense.model.dbt import DbtFile, Dynamic
from pipesense.model.where import Loc
from pipesense.systems.dbt.sql import Whereabouts, read_sql


def read(text: str, kind: str = "model") -> DbtFile:
    where = Whereabouts(f"/p/{kind}s/thing.sql", "/p", "shop", kind, ())
    return read_sql(text, where, lambda span: Loc(where.path, 1, span))


SETTINGS = [
    ("{{ config(materialized='table') }}", {"materialized": "table"}),
    ('{{ config({"materialized": "incremental", "unique_key": ["a", "b"]}) }}', {"materialized": "incremental", "unique_key": ("a", "b")}),
    ("{{ config(materialized='table', tags=['x'], meta={'owner': 'me'}) }}", {"materialized": "table", "tags": ("x",), "meta": (("owner", "me"),)}),
    ("{{ config(enabled=var('x')) }}", {"enabled": Dynamic("")}),
    ("{{ config(materialized='view' if target.name == 'dev' else 'table') }}", {"materialized": Dynamic("")}),
    ("{% if target.name == 'dev' %}{{ config(enabled=false) }}{% endif %}", {"enabled": Dynamic("")}),
    ("{{ config(materialized='table') }}\n{{ config(alias='x') }}", {"materialized": "table", "alias": "x"}),
    ("{{- config(**settings) -}}", {"**": Dynamic("")}),
    ("{{ config(post_hook=\"grant select on {{ this }} to group x\") }}", {"post_hook": "grant select on {{ this }} to group x"}),
    ("{{ config.get('materialized') }}", {}),
    ("{# {{ config(enabled=false) }} #}", {}),
    ("{% raw %}{{ config(enabled=false) }}{% endraw %}", {}),
    ("{{ config(partition_by={'field': 'd', 'data_type': 'date'}) }}", {"partition_by": (("field", "d"), ("data_type", "date"))}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SETTINGS)
def test_settings(text: str, expected: dict[str, object]) -> None:
    found = {each.key: each.value for each in read(text).nodes[0].settings}
    assert {key: Dynamic("") if isinstance(value, Dynamic) else value for key, value in found.items()} == expected


REFERENCES = [
    ("select * from {{ ref('a') }}", ["ref a"]),
    ('select * from {{ ref("pkg", "a") }}', ["ref pkg.a"]),
    ("select * from {{ ref('a', v=2) }}", ["ref a v2"]),
    ("select * from {{ ref('a', version='x') }}", ["ref a vx"]),
    ("select * from {{ source('raw', 'orders') }}", ["source raw.orders"]),
    ("select * from {{ builtins.ref('a') }}", ["ref a"]),
    ("select * from {{ ref('a_' ~ x) }}", ["ref ?"]),
    ("select * from {{ ref(name) }}", ["ref ?"]),
    ("-- depends_on: {{ ref('a') }}\nselect 1", ["ref a hint"]),
    ("{# {{ ref('a') }} #} select 1", []),
    ("{% set cols = adapter.get_columns_in_relation(ref('a')) %}", ["ref a"]),
    ("{{ dbt_utils.union_relations(relations=[ref('a'), ref('b')]) }}", ["ref a", "ref b"]),
    ("{% if is_incremental() %} select * from {{ ref('a') }} {% endif %}", ["ref a maybe"]),
    ("{% for x in [ref('a')] %}{{ x }}{% endfor %}", ["ref a"]),
    ("select * from {{ ref('a').include(database=false) }}", ["ref a"]),
]


@pytest.mark.parametrize(("text", "expected"), REFERENCES)
def test_references(text: str, expected: list[str]) -> None:
    found = [
        f"{each.kind} {'.'.join(each.names) or '?'}"
        + (f" v{each.version}" if each.version else "")
        + (" hint" if each.hint else "")
        + (" maybe" if each.optional else "")
        for each in read(text).references
    ]
    assert found == expected


CALLS = [
    ("{{ cents_to_dollars('x') }}", ["cents_to_dollars"]),
    ("{{ dbt_utils.star(from=ref('a')) }}", ["dbt_utils.star"]),
    ("{% if is_incremental() %} x {% endif %}", ["is_incremental"]),
    ("{% for f in fs %}{{ f() }}{% endfor %}", []),
    ("{% set f = namespace(x=1) %}{{ f.x }}", ["namespace"]),
    ("{% call statement('x') %}select 1{% endcall %}", ["statement"]),
    ("{{ x | default(y()) }}", ["y"]),
    ("{% do log(z()) %}", ["log", "z"]),
]


@pytest.mark.parametrize(("text", "expected"), CALLS)
def test_calls(text: str, expected: list[str]) -> None:
    assert [each.name for each in read(text).calls] == expected


def test_macros_and_what_they_call() -> None:
    text = """
    {% macro a(x, y=none) %}{{ b(x) }}{{ caller() }}{% endmacro %}
    {% macro c() %}{{ return(adapter.dispatch('c', 'shop')()) }}{% endmacro %}
    {% test positive(model, column_name) %}select * from {{ model }} where {{ d(column_name) }}{% endtest %}
    {% materialization special, default %}{{ e() }}{% endmaterialization %}
    """
    found = {each.name: (each.kind, sorted(each.calls)) for each in read(text, "macro").macros}
    assert found == {
        "a": ("macro", ["b"]),
        "c": ("macro", ["adapter.dispatch", "dispatch:c", "return"]),
        "positive": ("test", ["d"]),
        "special": ("materialization", ["e"]),
    }


def test_snapshots_have_their_own_configuration() -> None:
    text = """
    {% snapshot first %}{{ config(strategy='check', check_cols='all') }}select * from {{ ref('a') }}{% endsnapshot %}
    {% snapshot second %}{{ config(strategy='timestamp') }}select * from {{ source('s', 't') }}{% endsnapshot %}
    """
    nodes = read(text, "snapshot").nodes
    assert [
        (node.name, [each.value for each in node.settings], [each.name for each in node.references]) for node in nodes
    ] == [
        ("first", ["check", "all"], ["a"]),
        ("second", ["timestamp"], ["t"]),
    ]


PROBLEMS = [
    ("select 1 {% endif %}", [("endif", "", True)]),
    ("{% if x %} select 1", [("if x", "endif", False)]),
    ("{% if x %}{% for a in b %}{% endif %}", [("endif", "endfor", False)]),
    ("{{ ref('a' }}", [("ref('a'", "", False)]),
    ("select {{ x", [("x", "}}", False)]),
    ("{% raw %}{% endif %}{% endraw %}", []),
    ("{% if x %}{% elif y %}{% else %}{% endif %}", []),
    ("{% set x %}text{% endset %}", []),
    ("{% set x = 1 %}", []),
]


@pytest.mark.parametrize(("text", "expected"), PROBLEMS)
def test_tags_that_fit_no_other(text: str, expected: list[tuple[str, str, bool]]) -> None:
    assert [(each.text, each.expected, each.orphan) for each in read(text).problems] == expected


SEMICOLONS = [
    ("select 1;", True),
    ("select 1;\n-- done\n", True),
    ("select 1; /* done */ {# so #}", True),
    ("select 1", False),
    ("select ';'", False),
    ("select 1 -- ;", False),
    ("{{ config(post_hook='x;') }}", False),
    ("select 1; select 2", False),
    ("select 1 -- a; b\n" + "-- c -- d ------\n" * 60 + "/* e */ {# f #}" * 60 + "from t", False),
]


@pytest.mark.parametrize(("text", "expected"), SEMICOLONS)
def test_trailing_semicolon(text: str, expected: bool) -> None:
    assert (read(text).semicolon is not None) is expected
