"""Each thing that an editor can ask about a dbt project, once, from the real server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from lsp.wire import PATIENCE, PIPESENSE, VSCODE, Wire, uri

ABLE: dict[str, Any] = deepcopy(VSCODE)
ABLE["textDocument"] |= {
    "codeLens": {},
    "documentLink": {},
    "completion": {},
    "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
}
FILES = {
    "dbt_project.yml": "name: shop\nvars:\n  start_date: '2024-01-01'\n",
    "packages.yml": "packages:\n  - package: dbt-labs/helpers\n    version: 1.0.0\n",
    "dbt_packages/helpers/dbt_project.yml": "name: helpers\n",
    "dbt_packages/helpers/macros/trimmed.sql": "{% macro trimmed(c) %}trim({{ c }}){% endmacro %}\n",
    "dbt_packages/helpers/models/calendar.sql": "select 1 as day\n",
    "models/staging/stg_orders.sql": (
        "select id as order_id, {{ helpers.trimmed('state') }} as state, {{ cents('amount') }} as amount\n"
        "from {{ source('raw', 'orders') }}\n"
    ),
    "models/marts/fct_orders.sql": (
        "{{ config(materialized='table') }}\n"
        "select o.order_id, o.amount, c.day\nfrom {{ ref('stg_orders') }} as o\n"
        "join {{ ref('helpers', 'calendar') }} as c on true\n"
    ),
    "models/docs.md": "{% docs orders %}One row per order.{% enddocs %}\n",
    "macros/cents.sql": "{% macro cents(c) %}({{ c }} / 100){% endmacro %}\n",
    "models/schema.yml": """\
sources:
  - name: raw
    tables:
      - name: orders
models:
  - name: stg_orders
    description: "{{ doc('orders') }}"
    columns:
      - name: order_id
        data_tests:
          - unique
  - name: fct_orders
    columns:
      - name: order_id
        data_tests:
          - relationships:
              to: ref('stg_orders')
              field: order_id
exposures:
  - name: board
    type: dashboard
    depends_on:
      - ref('fct_orders')
    owner: {name: a}
""",
    "dags/daily.py": "run('dbt run --select stg_orders')\n",
}
OPENED = ("models/staging/stg_orders.sql", "models/marts/fct_orders.sql", "models/schema.yml", "macros/cents.sql")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def server(shop: Path) -> Iterator[Wire]:
    wire = Wire(PIPESENSE)
    wire.initialize(ABLE, shop)
    for name in OPENED:
        wire.open(uri(shop / name), FILES[name], "sql" if name.endswith("sql") else "yaml")
    yield wire
    wire.kill()


def position(text: str, offset: int) -> dict[str, int]:
    return {"line": text.count("\n", 0, offset), "character": offset - text.rfind("\n", 0, offset) - 1}


def spot(shop: Path, name: str, marked: str) -> dict[str, Any]:
    """The place of a bar in a stretch of a file."""
    at = FILES[name].index(marked.replace("|", "")) + marked.index("|")
    return {"textDocument": {"uri": uri(shop / name)}, "position": position(FILES[name], at)}


def when(ask: Any, wanted: Any = bool) -> Any:
    """The answer, as soon as it is what it is once the project was read."""
    end = time.monotonic() + PATIENCE
    while not wanted(answer := ask()) and time.monotonic() < end:
        time.sleep(0.02)
    return answer


def named(shop: Path, places: list[dict[str, Any]]) -> list[str]:
    """Places as the file and what stands there, empty stretches as the file alone."""
    found: list[str] = []
    for each in places:
        name = next(key for key in FILES if uri(shop / key) == each["uri"])
        lines = FILES[name].split("\n")
        start, end = each["range"]["start"], each["range"]["end"]
        text = lines[start["line"]][start["character"] : end["character"]] if start["line"] == end["line"] else ""
        found.append(f"{name}: {text}" if text else name)
    return sorted(set(found))


TYPED = {
    "a model": ("sql", "select * from {{ ref('|') }}\n", "stg_orders"),
    "a model of a package": ("sql", "select * from {{ ref('helpers', '|') }}\n", "calendar"),
    "a source": ("sql", "select * from {{ source('|') }}\n", "raw"),
    "a source's table": ("sql", "select * from {{ source('raw', '|') }}\n", "orders"),
    "a macro": ("sql", "select {{ cen| }}\n", "cents"),
    "a macro of a package": ("sql", "select {{ helpers.| }}\n", "helpers.trimmed"),
    "a variable": ("sql", "select '{{ var('|') }}'\n", "start_date"),
    "a key of config": ("sql", "{{ config(mater|) }}\nselect 1 as a\n", "materialized"),
    "a value of config": ("sql", "{{ config(materialized='|') }}\nselect 1 as a\n", "incremental"),
    "a column of a model": ("sql", "select o.| from {{ ref('stg_orders') }} as o\n", "order_id"),
    "a column in YAML": ("yml", "models:\n  - name: stg_orders\n    columns:\n      - name: |\n", "amount"),
    "a key in YAML": ("yml", "models:\n  - name: stg_orders\n    desc|\n", "description"),
    "a value in YAML": ("yml", "models:\n  - name: fct_orders\n    config:\n      materialized: |\n", "ephemeral"),
    "a test": (
        "yml",
        "models:\n  - name: stg_orders\n    columns:\n      - name: order_id\n        data_tests:\n          - |\n",
        "not_null",
    ),
    "a model in YAML": ("yml", "models:\n  - name: |\n", "fct_orders"),
    "a model of an exposure": ("yml", "exposures:\n  - name: b\n    depends_on:\n      - ref('|')\n", "fct_orders"),
}


@pytest.mark.parametrize("what", TYPED)
def test_completion(server: Wire, shop: Path, what: str) -> None:
    ending, typed, wanted = TYPED[what]
    at, text = typed.index("|"), typed.replace("|", "", 1)
    name = uri(shop / f"models/typed_{list(TYPED).index(what)}.{ending}")
    server.open(name, text, "sql" if ending == "sql" else "yaml")
    place = {"textDocument": {"uri": name}, "position": position(text, at)}

    def labels() -> list[str]:
        found = server.request("textDocument/completion", place) or []
        return [each["label"] for each in (found["items"] if isinstance(found, dict) else found)]

    assert wanted in when(labels, lambda found: wanted in found)
    server.notify("textDocument/didClose", {"textDocument": {"uri": name}})


DEFINED = {
    "a model": ("models/marts/fct_orders.sql", "ref('stg_|orders')", ["models/staging/stg_orders.sql"]),
    "a source's table": (OPENED[0], "'or|ders'", ["models/schema.yml: orders"]),
    "a source": (OPENED[0], "'r|aw'", ["models/schema.yml: raw"]),
    "a macro": (OPENED[0], "ce|nts", ["macros/cents.sql: cents"]),
    "a macro of a package": (OPENED[0], "trim|med", ["dbt_packages/helpers/macros/trimmed.sql: trimmed"]),
    "a model of a package": (OPENED[1], "'cal|endar'", ["dbt_packages/helpers/models/calendar.sql"]),
    "a documentation block": ("models/schema.yml", "doc('or|ders')", ["models/docs.md: orders"]),
    "from YAML to SQL": ("models/schema.yml", "- name: fct_|orders", ["models/marts/fct_orders.sql"]),
    "from a column in YAML to SQL": (
        "models/schema.yml",
        "- name: order_|id",
        ["models/staging/stg_orders.sql: order_id"],
    ),
    "from a test in YAML": ("models/schema.yml", "to: ref('stg_|orders')", ["models/staging/stg_orders.sql"]),
    "from an exposure": ("models/schema.yml", "- ref('fct_|orders')", ["models/marts/fct_orders.sql"]),
}


@pytest.mark.parametrize("what", DEFINED)
def test_definition(server: Wire, shop: Path, what: str) -> None:
    name, marked, wanted = DEFINED[what]
    found = when(lambda: server.request("textDocument/definition", spot(shop, name, marked)))
    assert named(shop, found or []) == wanted


REFERRED = {
    "a model": (
        *("models/marts/fct_orders.sql", "ref('stg_|orders')"),
        ["models/marts/fct_orders.sql: stg_orders", "models/schema.yml: stg_orders"],
    ),
    "a model from YAML": (
        *("models/schema.yml", "- name: fct_|orders"),
        ["models/schema.yml: fct_orders"],
    ),
    "a source": (OPENED[0], "'or|ders'", ["models/staging/stg_orders.sql: orders"]),
    "a macro": ("macros/cents.sql", "ce|nts", ["models/staging/stg_orders.sql: cents"]),
}


@pytest.mark.parametrize("what", REFERRED)
def test_references(server: Wire, shop: Path, what: str) -> None:
    name, marked, wanted = REFERRED[what]
    place = {**spot(shop, name, marked), "context": {"includeDeclaration": False}}
    found = when(lambda: server.request("textDocument/references", place), lambda got: len(got or []) >= len(wanted))
    assert named(shop, found) == wanted


RENAMED = {
    "a model": (
        *("models/marts/fct_orders.sql", "ref('stg_|orders')"),
        {"models/marts/fct_orders.sql": 1, "models/schema.yml": 2, "dags/daily.py": 1},
    ),
    "a model in an exposure": ("models/schema.yml", "- name: fct_|orders", {"models/schema.yml": 2}),
    "a source's table": (OPENED[0], "'or|ders'", {"models/schema.yml": 1, "models/staging/stg_orders.sql": 1}),
    "a source": (OPENED[0], "'r|aw'", {"models/schema.yml": 1, "models/staging/stg_orders.sql": 1}),
    "a macro": (OPENED[0], "ce|nts", {"macros/cents.sql": 1, "models/staging/stg_orders.sql": 1}),
    "a column": (
        *("models/schema.yml", "- name: order_|id"),
        {"models/marts/fct_orders.sql": 1, "models/schema.yml": 2, "models/staging/stg_orders.sql": 1},
    ),
}


@pytest.mark.parametrize("what", RENAMED)
def test_rename(server: Wire, shop: Path, what: str) -> None:
    name, marked, wanted = RENAMED[what]
    place = spot(shop, name, marked)
    when(lambda: server.request("textDocument/definition", place))
    edit = server.request("textDocument/rename", {**place, "newName": "fresh"})
    by_file = {
        next(key for key in FILES if uri(shop / key) == each["textDocument"]["uri"]): each["edits"]
        for each in edit["documentChanges"]
        if "edits" in each
    }
    assert {key: len(several) for key, several in by_file.items()} == wanted
    notes = edit.get("changeAnnotations") or {}
    for key, several in by_file.items():
        asks = ["annotationId" in each and notes[each["annotationId"]]["needsConfirmation"] for each in several]
        assert all(asks) if key.startswith("dags") else not any(asks)


HOVERS = {
    "a model": (OPENED[1], "ref('stg_|orders')", ["**Model stg_orders** · view", "One row per order.", "`raw.orders`"]),
    "its columns and tests": (
        OPENED[1],
        "ref('stg_|orders')",
        ["| order_id |  | unique", "- downstream: `fct_orders`"],
    ),
    "a source": (OPENED[0], "'or|ders'", ["**Source raw.orders**", "- read by: `stg_orders`"]),
    "a macro": (OPENED[0], "ce|nts", ["**Macro `cents(c)`**", "cents.sql, line 1"]),
    "a column": ("models/schema.yml", "- name: order_|id", ["**Column order_id** of stg_orders", "`raw.orders.id`"]),
    "the model itself": (OPENED[1], "con|fig", ["**Model fct_orders** · table", "- exposed as: `board`"]),
}


@pytest.mark.parametrize("what", HOVERS)
def test_hover(server: Wire, shop: Path, what: str) -> None:
    name, marked, wanted = HOVERS[what]
    place = spot(shop, name, marked)

    def text() -> str:
        found = server.request("textDocument/hover", place)
        return str(found["contents"]["value"]) if found else ""

    told = when(text, lambda got: all(each in got for each in wanted))
    assert [each for each in wanted if each not in told] == [], told


def test_links_lead_to_models_sources_and_documentation(server: Wire, shop: Path) -> None:
    def links(name: str) -> list[str]:
        found = server.request("textDocument/documentLink", {"textDocument": {"uri": uri(shop / name)}}) or []
        return sorted(next(key for key in FILES if uri(shop / key) == each["target"]) for each in found)

    wanted = ["dbt_packages/helpers/models/calendar.sql", "models/staging/stg_orders.sql"]
    assert when(lambda: links("models/marts/fct_orders.sql"), lambda got: got == wanted) == wanted
    assert "models/docs.md" in when(lambda: links("models/schema.yml"), lambda got: "models/docs.md" in got)


def test_counts_stand_above_a_model(server: Wire, shop: Path) -> None:
    document = {"textDocument": {"uri": uri(shop / OPENED[0])}}
    wanted = "1 upstream · 1 downstream · 1 test"
    found = when(
        lambda: [each["command"]["title"] for each in server.request("textDocument/codeLens", document) or []],
        lambda got: wanted in got,
    )
    assert found == [wanted]


def test_the_outline_of_a_yaml_file_lists_what_it_describes(server: Wire, shop: Path) -> None:
    document = {"textDocument": {"uri": uri(shop / "models/schema.yml")}}
    found = when(lambda: server.request("textDocument/documentSymbol", document))

    def told(several: list[dict[str, Any]]) -> list[Any]:
        return [(each["name"], told(each.get("children") or [])) for each in several]

    assert told(found) == [
        ("raw", [("orders", [])]),
        ("stg_orders", [("order_id", [])]),
        ("fct_orders", [("order_id", [])]),
        ("board", []),
    ]


def test_the_outline_of_a_macro_file_lists_its_macros(server: Wire, shop: Path) -> None:
    document = {"textDocument": {"uri": uri(shop / "macros/cents.sql")}}
    found = when(lambda: server.request("textDocument/documentSymbol", document))
    assert [each["name"] for each in found or []] == ["cents"]
