"""A changed column reaches exactly the files that read its table, directly or through views; places wake nobody."""

from __future__ import annotations

from dataclasses import asdict

from pipesense.engine.record import FileRecord
from pipesense.engine.workspace import Workspace
from pipesense.host.rulepacks import load_registry
from pipesense.text.encoding import PositionEncoding
from support.memory import ROOT, everything, settle, workspace

REGISTRY = load_registry()
FILES = {
    "ddl.sql": "CREATE TABLE shop.orders (id INT, total INT);\nCREATE TABLE shop.other (id INT, note TEXT);\n",
    "view.sql": "CREATE VIEW shop.big AS\nSELECT * FROM shop.orders WHERE id > 10;\n",
    "second.sql": "CREATE VIEW shop.bigger AS\nSELECT b.* FROM shop.big AS b;\n",
    "direct.sql": "SELECT o.total FROM shop.orders AS o;\n",
    "through.sql": "SELECT b.total FROM shop.bigger AS b;\n",
    "apart.sql": "SELECT o.note FROM shop.other AS o;\n",
    "nothing.sql": "SELECT 1 AS one;\n",
}
UNKNOWN = "schema/unknown-column"


def made() -> Workspace:
    work = workspace(FILES, registry=REGISTRY)
    work.index_all()
    work.open(f"{ROOT}/ddl.sql", FILES["ddl.sql"])
    work.open(f"{ROOT}/view.sql", FILES["view.sql"])
    settle(work)
    return work


def edited(work: Workspace, name: str, old: str, new: str) -> tuple[dict[str, int], frozenset[str]]:
    """Replace the first occurrence of ``old``; the work that it cost, and the files that were looked at again."""
    path = f"{ROOT}/{name}"
    buffer = work.text(path)
    assert buffer is not None
    at = buffer.text.index(old)
    before, start, end = asdict(work.counters), buffer.lines.position(at), buffer.lines.position(at + len(old))
    judged: set[str] = set()
    judge = Workspace._judge

    def noted(record: FileRecord) -> None:
        judged.add(record.path[len(ROOT) + 1 :])
        judge(work, record)

    work._judge = noted  # type: ignore[method-assign]
    work.change(path, start, end, new, PositionEncoding.UTF32)
    settle(work)
    del work._judge
    return {key: count - before[key] for key, count in asdict(work.counters).items()}, frozenset(judged)


def unknown(work: Workspace) -> set[str]:
    return {path[len(ROOT) + 1 :] for path in work.paths() for found in work.findings(path) if found.rule == UNKNOWN}


def test_a_renamed_column_reaches_its_readers_only() -> None:
    work = made()
    assert unknown(work) == set()
    _, again = edited(work, "ddl.sql", "total INT", "net INT")
    assert unknown(work) == {"direct.sql", "through.sql"}
    assert again == {"ddl.sql", "direct.sql", "through.sql", "view.sql", "second.sql"}


def test_a_key_that_changes_no_column_wakes_nobody() -> None:
    work = made()
    _, again = edited(work, "ddl.sql", "shop.orders (id INT,", "shop.orders (id  INT,")
    assert again == {"ddl.sql"}
    _, again = edited(work, "view.sql", "id > 10", "id > 100")
    assert again == {"view.sql"}


def test_a_column_of_a_view_reaches_its_readers_only() -> None:
    work = made()
    _, again = edited(work, "view.sql", "SELECT * FROM", "SELECT id FROM")
    assert unknown(work) == {"through.sql"}
    assert "direct.sql" not in again and "apart.sql" not in again


def test_a_table_that_appears_closes_what_was_open() -> None:
    work = made()
    _, again = edited(work, "ddl.sql", "shop.other (", "shop.others (")
    assert "apart.sql" in again and unknown(work) == set()
    edited(work, "ddl.sql", "note TEXT", "comment TEXT")
    edited(work, "ddl.sql", "shop.others (", "shop.other (")
    assert unknown(work) == {"apart.sql"}


def test_every_edit_leads_where_a_fresh_look_leads() -> None:
    work = made()
    texts = dict(FILES)
    steps = [
        ("ddl.sql", "total INT", "net INT"),
        ("view.sql", "SELECT *", "SELECT *, id AS total"),
        ("ddl.sql", "CREATE TABLE shop.orders", "CREATE TABLE shop.gone"),
        ("ddl.sql", "CREATE TABLE shop.gone", "DROP TABLE shop.orders;\nCREATE TABLE shop.orders"),
        ("view.sql", "shop.big", "shop.bigger"),
        ("ddl.sql", "net INT);", "net INT);\nALTER TABLE shop.orders RENAME COLUMN net TO total;"),
    ]
    for name, old, new in steps:
        edited(work, name, old, new)
        texts[name] = texts[name].replace(old, new, 1)
        cold = workspace(texts, registry=REGISTRY)
        settle(cold)
        assert everything(work) == everything(cold), (name, old)
