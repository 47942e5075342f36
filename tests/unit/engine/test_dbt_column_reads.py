"""Columns that a dbt model reads from others: where they are made, who else reads them, what a rename changes."""

from __future__ import annotations

import pytest

from pipesense.engine.features.names import Place
from pipesense.engine.workspace import Workspace
from pipesense.model.change import Refusal
from support.memory import ROOT, settle, workspace

FILES = {
    "dbt_project.yml": "name: shop\nprofile: shop\n",
    "profiles.yml": "shop: {target: d, outputs: {d: {type: duckdb}}}\n",
    "seeds/countries.csv": 'code,"name" ,region\nde,Germany,eu\n',
    "models/stg_orders.sql": (
        "with source as (select * from {{ source('raw', 'orders') }}),\n"
        "renamed as (select id as order_id, user_id, total as amount from source where source.note > '')\n"
        "select * from renamed\n"
    ),
    "models/stg_users.sql": (
        "with renamed as (select id as user_key, name from {{ source('raw', 'users') }})\n"
        "select renamed.user_key, name from renamed where user_key > 0\n"
    ),
    "models/paid.sql": "select * from {{ ref('stg_orders') }} where amount > 0\n",
    "models/orders.sql": (
        "with stg as (select * from {{ ref('paid') }}), places as (select * from {{ ref('countries') }}),\n"
        "final as (select stg.order_id, stg.user_id as buyer, places.region, sum(stg.amount) as total\n"
        "from stg join places on places.code = stg.user_id group by 1, 2, 3)\n"
        "select * from final order by total\n"
    ),
    "models/users.sql": (
        "select u.user_key, h.total as t, p.made, p.guessed, o.order_id\n"
        "from {{ ref('stg_users') }} u join {{ ref('hist') }} h on h.id = u.user_key\n"
        "join {{ ref('py') }} p on p.made = u.name join {{ ref('stg_orders') }} o on o.user_id = u.user_key\n"
    ),
    "models/py.py": "def model(dbt, session):\n    return dbt.ref('orders')\n",
    "snapshots/hist.yml": "snapshots:\n  - name: hist\n    relation: source('raw', 'orders')\n",
    "models/schema.yml": """\
sources:
  - name: raw
    tables:
      - name: orders
        columns:
          - name: id
            description: The shop's own number.
            data_tests: [unique]
          - name: user_id
          - name: total
      - name: users
models:
  - name: py
    columns:
      - name: made
  - name: stg_users
    columns:
      - name: user_key
        description: Who bought.
        data_tests: [not_null]
""",
}
LEADS = {
    "through a star over a CTE": ("models/orders.sql", "stg.order|_id", ["stg_orders.sql:2:order_id"]),
    "what the model passes on by its name": ("models/orders.sql", "stg.user|_id as", ["stg_orders.sql:2:user_id"]),
    "in a condition": ("models/orders.sql", "= stg.user_|id", ["stg_orders.sql:2:user_id"]),
    "of a seed": ("models/orders.sql", "places.re|gion", ["countries.csv:1:region"]),
    "of a model read directly": ("models/users.sql", "select u.user|_key", ["stg_users.sql:2:renamed.user_key"]),
    "of a snapshot in YAML": ("models/users.sql", "h.to|tal", ["schema.yml:10:total"]),
    "of a model in Python that YAML describes": ("models/users.sql", "p.ma|de,", ["schema.yml:15:made"]),
    "of a model in Python": ("models/users.sql", "p.gue|ssed", ["py.py:1:"]),
    "of a source": ("models/stg_orders.sql", "select i|d as", ["schema.yml:6:id"]),
    "of a source that lists no columns": ("models/stg_users.sql", "select i|d as", ["schema.yml:11:users"]),
    "of a source, not listed": ("models/stg_orders.sql", "source.no|te", ["schema.yml:4:orders"]),
    "without a qualifier": ("models/paid.sql", "where am|ount", ["stg_orders.sql:2:amount"]),
    "made in the same file": ("models/stg_users.sql", "renamed.user_k|ey", ["stg_users.sql:1:user_key"]),
    "an alias of its own": ("models/orders.sql", "order by to|tal", ["orders.sql:2:total"]),
    "a source's column in YAML": ("models/schema.yml", "- name: user_i|d", ["schema.yml:9:user_id"]),
}


def project() -> Workspace:
    made = workspace(FILES)
    settle(made)
    return made


def place(path: str, marked: str) -> tuple[str, int]:
    return f"{ROOT}/{path}", FILES[path].index(marked.replace("|", "")) + marked.index("|")


def told(places: tuple[Place, ...]) -> list[str]:
    found: list[str] = []
    for each in places:
        text = FILES[each.path[len(ROOT) + 1 :]]
        line = text.count("\n", 0, each.span.start) + 1
        found.append(f"{each.path.rpartition('/')[2]}:{line}:{each.span.of(text)}")
    return found


@pytest.mark.parametrize("row", LEADS)
def test_a_column_leads_to_where_it_is_made(row: str) -> None:
    path, marked, expected = LEADS[row]
    names = project().features.names_of(*place(path, marked))
    assert told(names.definition(*place(path, marked))) == expected


def test_a_column_is_mentioned_wherever_it_is_read_through_models_that_pass_all_on() -> None:
    at = place("models/orders.sql", "sum(stg.amo|unt)")
    assert sorted(told(project().features.names_of(*at).references(*at))) == [
        "orders.sql:2:amount",
        "paid.sql:1:amount",
        "stg_orders.sql:2:amount",
    ]


def test_a_column_of_a_source_is_mentioned_by_those_that_read_it() -> None:
    at = place("models/schema.yml", "- name: to|tal")
    assert sorted(told(project().features.names_of(*at).references(*at))) == [
        "schema.yml:10:total",
        "stg_orders.sql:2:total",
        "users.sql:1:total",
    ]
    refused = project().features.names_of(*at).renamed(*at)
    assert isinstance(refused, Refusal) and "which dbt does not make" in refused.why


def test_the_same_column_is_marked_in_its_file() -> None:
    at = place("models/orders.sql", "stg.user_|id as")
    spans = project().features.names_of(*at).highlights(*at)
    assert [each.of(FILES["models/orders.sql"]) for each in spans] == ["user_id", "user_id"]


RENAMES = {
    "from a condition of a reader": (
        *("models/paid.sql", "where am|ount"),
        [
            "orders.sql: final as (select stg.order_id, stg.user_id as buyer, places.region, sum(stg.fresh) as total",
            "paid.sql: select * from {{ ref('stg_orders') }} where fresh > 0",
            "stg_orders.sql: renamed as (select id as order_id, user_id, total as fresh from source "
            "where source.note > '')",
        ],
    ),
    "from the CTE that makes it, through a star": (
        *("models/stg_orders.sql", "id as order|_id"),
        [
            "orders.sql: final as (select stg.fresh as order_id, stg.user_id as buyer, places.region, "
            "sum(stg.amount) as total",
            "stg_orders.sql: renamed as (select id as fresh, user_id, total as amount from source "
            "where source.note > '')",
            "users.sql: select u.user_key, h.total as t, p.made, p.guessed, o.fresh as order_id",
        ],
    ),
    "from the CTE that makes it, passed on by its name": (
        *("models/stg_users.sql", "id as user_|key"),
        [
            "schema.yml: - name: fresh",
            "stg_users.sql: select renamed.fresh, name from renamed where fresh > 0",
            "stg_users.sql: with renamed as (select id as fresh, name from {{ source('raw', 'users') }})",
            "users.sql: from {{ ref('stg_users') }} u join {{ ref('hist') }} h on h.id = u.fresh",
            "users.sql: join {{ ref('py') }} p on p.made = u.name join {{ ref('stg_orders') }} o on o.user_id = u.fresh",
            "users.sql: select u.fresh as user_key, h.total as t, p.made, p.guessed, o.order_id",
        ],
    ),
}


@pytest.mark.parametrize("row", RENAMES)
def test_a_rename_changes_the_model_and_its_readers(row: str) -> None:
    path, marked, expected = RENAMES[row]
    at = place(path, marked)
    edits = project().features.names_of(*at).rename(*at, "fresh")
    assert not isinstance(edits, Refusal), edits.why
    found: list[str] = []
    for file, several in edits.items():
        text = before = FILES[file[len(ROOT) + 1 :]]
        for edit in reversed(several):
            text = text[: edit.span.start] + edit.text + text[edit.span.end :]
        lines = zip(before.split("\n"), text.split("\n"), strict=True)
        found += [f"{file.rpartition('/')[2]}: {new.strip()}" for old, new in lines if old != new]
    assert sorted(found) == expected


def _applied(made: Workspace, at: tuple[str, int], name: str) -> None:
    """Rename, and show the workspace what came of it."""
    edits = made.features.names_of(*at).rename(*at, name)
    assert not isinstance(edits, Refusal), edits.why
    for path, several in edits.items():
        buffer = made.text(path)
        assert buffer is not None
        text = buffer.text
        for edit in reversed(several):
            text = text[: edit.span.start] + edit.text + text[edit.span.end :]
        made.open(path, text)
    for path in edits:
        made.analyse(path)


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("models/stg_orders.sql", "id as o|rder_id"),
        ("models/stg_users.sql", "id as u|ser_key"),
        ("models/schema.yml", "- name: u|ser_key"),
        ("models/paid.sql", "where a|mount"),
    ],
)
def test_a_name_that_is_given_and_taken_away_again_leaves_the_same_bytes(path: str, marked: str) -> None:
    made, at = project(), place(path, marked)
    word = marked.replace("|", "").split()[-1]
    _applied(made, at, "fresh")
    changed = {each for each in FILES if (now := made.text(f"{ROOT}/{each}")) is not None and now.text != FILES[each]}
    assert len(changed) > 1
    _applied(made, at, word)
    assert {each: made.text(f"{ROOT}/{each}").text for each in changed} == {each: FILES[each] for each in changed}  # type: ignore[union-attr]


def test_of_several_files_that_define_a_model_every_one_is_shown() -> None:
    one = "select id as key from {{ source('raw', 'users') }}\n"
    files = {
        "dbt_project.yml": "name: shop\n",
        "models/a/users.sql": one,
        "models/b/users.sql": one,
        "models/last.sql": "select u.key from {{ ref('users') }} u\n",
    }
    made = workspace(files)
    settle(made)
    path = f"{ROOT}/models/last.sql"
    found = made.features.names_of(path, 10).definition(path, 10)
    assert sorted(each.path for each in found) == [f"{ROOT}/models/a/users.sql", f"{ROOT}/models/b/users.sql"]
    own, at = f"{ROOT}/models/a/users.sql", one.index("key")
    assert [each.path for each in made.features.names_of(own, at).definition(own, at)] == [own]


VARIABLES = {
    "dbt_project.yml": "name: shop\nvars:\n  start: '2020-01-01'\n  shop:\n    zone: utc\n",
    "models/a.sql": "select '{{ var(\"start\") }}' as a, '{{ var('zone', 'x') }}' as z, {{ var('other', 1) }} as o\n",
    "models/a.yml": "models:\n  - name: a\n    config:\n      enabled: \"{{ var('start') == 1 }}\"\n",
}


def test_a_column_of_a_model_that_cannot_be_read_leads_to_its_file() -> None:
    files = {
        "dbt_project.yml": "name: shop\n",
        "models/odd.sql": "select {{ columns_of_it() }} from {{ source('raw', 'orders') }}\n",
        "models/last.sql": (
            "with o as (select * from {{ ref('odd') }})\nselect day, amount as a, a as b, trim(note) as note from o where kind = 'x'\n"
        ),
    }
    made = workspace(files)
    settle(made)
    path, text = f"{ROOT}/models/last.sql", files["models/last.sql"]
    leads: dict[str, list[str]] = {}
    for word in ("day", "amount", "kind", "note"):
        found = made.features.names_of(path, text.index(word)).definition(path, text.index(word))
        leads[word] = [each.path.rpartition("/")[2] for each in found]
    assert leads == {"day": ["odd.sql"], "amount": ["odd.sql"], "kind": ["odd.sql"], "note": ["odd.sql"]}
    at = text.index("a as b")
    assert all(each.path == path for each in made.features.names_of(path, at).definition(path, at))


def test_an_alias_that_a_template_makes_up_is_not_renamed() -> None:
    text = "with a as (select 1 as n_{{ kind }}_x, 2 as m) select n_{{ kind }}_x, m as k_{{ kind }}_y from a\n"
    made = workspace({"dbt_project.yml": "name: shop\n", "models/last.sql": text})
    settle(made)
    path = f"{ROOT}/models/last.sql"
    for word in ("n_{{", "k_{{"):
        at = text.index(word)
        assert isinstance(made.features.names_of(path, at).rename(path, at, "fresh"), Refusal), word


def test_models_and_sources_that_the_projects_file_names_are_names_as_well() -> None:
    files = {
        "dbt_project.yml": "name: shop\nvars:\n  a: \"{{ source('raw', 'orders') }}\"\n  b: \"{{ ref('last') }}\"\n",
        "models/last.sql": "select 1 as a from {{ source('raw', 'orders') }}\n",
        "models/s.yml": "sources:\n  - name: raw\n    tables:\n      - name: orders\n",
    }
    made = workspace(files)
    settle(made)
    path, text = f"{ROOT}/dbt_project.yml", files["dbt_project.yml"]
    for word, kept in (("raw", "raw"), ("orders", "orders"), ("last", "last")):
        at = text.index(f"'{word}'") + 1
        names = made.features.names_of(path, at)
        assert names.definition(path, at), word
        edits = names.rename(path, at, "fresh")
        assert not isinstance(edits, Refusal), edits.why
        assert [each.span.of(text) for each in edits[path]] == [kept]
    sql = f"{ROOT}/models/last.sql"
    at = files["models/last.sql"].index("orders")
    assert path in {each.path for each in made.features.names_of(sql, at).references(sql, at)}


def test_a_variable_leads_to_the_projects_file_and_is_renamed() -> None:
    made = workspace(VARIABLES)
    settle(made)
    path, text = f"{ROOT}/models/a.sql", VARIABLES["models/a.sql"]
    at = text.index("start")
    names = made.features.names_of(path, at)
    (defined,) = names.definition(path, at)
    assert (defined.path, defined.span.of(VARIABLES["dbt_project.yml"])) == (f"{ROOT}/dbt_project.yml", "start")
    assert sorted(each.path.rpartition("/")[2] for each in names.references(path, at)) == [
        *("a.sql", "a.yml", "dbt_project.yml"),
    ]
    edits = names.rename(path, at, "since")
    assert not isinstance(edits, Refusal)
    assert sorted(each.rpartition("/")[2] for each in edits) == ["a.sql", "a.yml", "dbt_project.yml"]
    assert names.renamed(path, text.index("zone")) != names.renamed(path, at)
    refused = names.rename(path, at, "zone")
    assert refused == Refusal("the project has a variable `zone` already")
    other = made.features.names_of(path, text.index("other")).renamed(path, text.index("other"))
    assert other == Refusal("dbt_project.yml does not define the variable `other`")


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("start", "- dbt_project.yml: `'2020-01-01'`"),
        ("zone", "- dbt_project.yml for the package shop: `utc`"),
        ("other", "- dbt_project.yml does not name it: its value is the default that stands here, or `--vars`"),
    ],
)
def test_a_hover_tells_the_value_of_a_variable(word: str, line: str) -> None:
    made = workspace(VARIABLES)
    settle(made)
    told = made.hover(f"{ROOT}/models/a.sql", VARIABLES["models/a.sql"].index(word) + 1)
    assert told is not None
    assert line in told.markdown


def test_what_is_read_and_passed_on_by_one_word_is_not_renamed() -> None:
    at = place("models/orders.sql", "stg.order|_id")
    refused = project().features.names_of(*at).renamed(*at)
    assert isinstance(refused, Refusal)
    assert "passes on under the same name: rename it in stg_orders, or give it an alias here first" in refused.why


@pytest.mark.parametrize(
    ("path", "marked", "words"),
    [
        ("models/users.sql", "select u.user|_key", ["- tests: `not_null(user_key)`", "Who bought."]),
        ("models/stg_orders.sql", "select i|d as", ["- tests: `unique(id)`", "The shop's own number."]),
        ("models/schema.yml", "- name: i|d", ["**Column id** of the source raw.orders", "The shop's own number."]),
    ],
)
def test_a_hover_says_what_the_yaml_says_of_a_column_that_is_read(path: str, marked: str, words: list[str]) -> None:
    told = project().hover(*place(path, marked))
    assert told is not None
    assert [word for word in words if word not in told.markdown] == []
