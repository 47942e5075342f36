"""A dbt project in an editor, from the real server: counts, links, hovers, documentation blocks, renames."""

from __future__ import annotations

import time
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from lsp.wire import NOTHING, PATIENCE, PIPESENSE, VSCODE, Wire, uri

ABLE: dict[str, Any] = deepcopy(VSCODE)
ABLE["textDocument"] |= {"codeLens": {}, "documentLink": {}, "completion": {}}
ABLE["workspace"] |= {"codeLens": {"refreshSupport": True}}
MART = "select order_id, amount from {{ ref('orders') }}\n"
FILES = {
    "dbt_project.yml": "name: shop\n",
    "models/orders.sql": "select id as order_id, amount from {{ source('raw', 'orders') }}\n",
    "models/mart.sql": MART,
    "models/docs.md": "{% docs orders %}One row per order.{% enddocs %}\n",
    "models/schema.yml": (
        "sources:\n  - name: raw\n    tables:\n      - name: orders\nmodels:\n  - name: orders\n"
        "    description: \"{{ doc('orders') }}\"\n    columns:\n      - name: order_id\n        data_tests: [unique]\n"
    ),
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def server(shop: Path) -> Iterator[Wire]:
    wire = Wire(PIPESENSE)
    wire.promised = wire.initialize(ABLE, shop)["capabilities"]
    for name in ("models/mart.sql", "models/schema.yml"):
        wire.open(uri(shop / name), FILES[name], "sql" if name.endswith("sql") else "yaml")
    yield wire
    wire.kill()


def when(ask: Any, wanted: Any) -> Any:
    """The answer, as soon as it is what it is once the project was read."""
    end = time.monotonic() + PATIENCE
    while not wanted(answer := ask()) and time.monotonic() < end:
        time.sleep(0.02)
    return answer


def test_tests_and_neighbours_are_counted_above_a_model(server: Wire, shop: Path) -> None:
    assert server.promised["codeLensProvider"] == {"resolveProvider": False}
    document = {"textDocument": {"uri": uri(shop / "models/schema.yml")}}
    lenses = when(
        lambda: server.request("textDocument/codeLens", document), lambda found: any("1 test" in str(e) for e in found)
    )
    told = [(each["range"]["start"]["line"], each["command"]) for each in lenses]
    assert told == [
        (5, {"title": "1 upstream · 1 downstream · 1 test", "command": ""}),
        (3, {"title": "1 downstream · no tests", "command": ""}),
    ]


def test_a_reference_is_a_link_to_the_models_file(server: Wire, shop: Path) -> None:
    document = {"textDocument": {"uri": uri(shop / "models/mart.sql")}}
    (link,) = when(lambda: server.request("textDocument/documentLink", document), bool)
    at = MART.index("orders')")
    assert link == {
        "range": {"start": {"line": 0, "character": at}, "end": {"line": 0, "character": at + 6}},
        "target": uri(shop / "models/orders.sql"),
        "tooltip": "Model orders",
    }


def test_a_hover_tells_of_the_model_with_its_documentation_block(server: Wire, shop: Path) -> None:
    name, at = uri(shop / "models/mart.sql"), MART.index("orders')")
    found = when(lambda: server.hover(name, 0, at), lambda each: each and "unique" in str(each))
    text = found["contents"]["value"]
    for words in ("**Model orders** · view", "One row per order.", "- downstream: `mart`", "| order_id |  | unique |"):
        assert words in text


def test_a_documentation_block_is_found_in_its_file(server: Wire, shop: Path) -> None:
    line = FILES["models/schema.yml"].splitlines()[6]
    place = {
        "textDocument": {"uri": uri(shop / "models/schema.yml")},
        "position": {"line": 6, "character": line.index("orders")},
    }
    (found,) = when(lambda: server.request("textDocument/definition", place), bool)
    assert found["uri"] == uri(shop / "models/docs.md")
    assert found["range"]["start"] == {"line": 0, "character": 8}


def test_a_rename_asks_about_what_only_may_be_the_model(server: Wire, shop: Path) -> None:
    dag = shop / "dag.py"
    dag.write_text("run('dbt run --select orders')\n")
    place = {
        "textDocument": {"uri": uri(shop / "models/mart.sql")},
        "position": {"line": 0, "character": MART.index("orders')")},
        "newName": "base",
    }
    when(lambda: server.request("textDocument/definition", {k: place[k] for k in ("textDocument", "position")}), bool)
    edit = server.request("textDocument/rename", place)
    (label,) = edit["changeAnnotations"].values()
    assert label["needsConfirmation"] is True
    by_file = {each["textDocument"]["uri"]: each["edits"] for each in edit["documentChanges"] if "edits" in each}
    assert set(by_file) == {uri(shop / name) for name in ("models/mart.sql", "models/schema.yml", "dag.py")}
    for name, edits in by_file.items():
        assert all(("annotationId" in each) is (name == uri(dag)) for each in edits)
    assert edit["documentChanges"][-1]["kind"] == "rename"


def test_a_column_is_renamed_in_every_file(server: Wire, shop: Path) -> None:
    line = FILES["models/schema.yml"].splitlines()[8]
    place = {
        "textDocument": {"uri": uri(shop / "models/schema.yml")},
        "position": {"line": 8, "character": line.index("order_id")},
    }
    # Until the query is read, the YAML entry is all that is known of the column.
    defined = lambda: server.request("textDocument/definition", place) or ()  # noqa: E731
    when(defined, lambda found: any(each["uri"].endswith(".sql") for each in found))
    edit = server.request("textDocument/rename", {**place, "newName": "order_key"})
    told = {each["textDocument"]["uri"]: [e["newText"] for e in each["edits"]] for each in edit["documentChanges"]}
    assert told == {
        uri(shop / "models/orders.sql"): ["order_key"],
        uri(shop / "models/mart.sql"): ["order_key as order_id"],
        uri(shop / "models/schema.yml"): ["order_key"],
    }


def test_a_client_that_shows_no_counts_is_promised_none(tmp_path: Path) -> None:
    wire = Wire(PIPESENSE)
    promised = wire.initialize(NOTHING, tmp_path)["capabilities"]
    wire.kill()
    assert not {"codeLensProvider", "documentLinkProvider"} & set(promised)
