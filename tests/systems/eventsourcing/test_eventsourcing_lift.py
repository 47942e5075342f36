"""What is read of code that keeps a position in a log of events, as a table: the body of a function, and how rows and
position are committed."""

from __future__ import annotations

import ast

import pytest

from pipesense.lang.python.module import LinkMemo
from pipesense.model.position import PositionApart
from pipesense.model.value import Version
from pipesense.systems.eventsourcing import SYSTEM
from systems.lifting import Workspace

ROWS = 'conn.execute("INSERT INTO orders VALUES (1)")'
MERGE = 'conn.execute("INSERT INTO orders VALUES (1) ON CONFLICT DO NOTHING")'
POSITION = 'conn.execute("UPDATE projection_position SET position = 7")'
COMMIT = "conn.commit()"
BEFORE, AFTER = "committed before the rows are written", "committed in a transaction of its own, behind the rows"

CASES = [
    ("in one transaction", [ROWS, POSITION, COMMIT], []),
    ("behind a commit", [ROWS, COMMIT, POSITION, COMMIT], [f"projection_position, orders: {AFTER}"]),
    ("before the rows", [POSITION, COMMIT, ROWS, COMMIT], [f"projection_position, orders: {BEFORE}"]),
    (
        "rows that bear a repeat",
        [MERGE, COMMIT, POSITION, COMMIT],
        [f"projection_position, orders (repeatable): {AFTER}"],
    ),
    ("in two blocks", ["with engine.begin() as conn:", f"    {ROWS}", "with engine.begin() as conn:", f"    {POSITION}"],
     [f"projection_position, orders: {AFTER}"]),
    ("in one block", ["with engine.begin() as conn:", f"    {ROWS}", f"    {POSITION}"], []),
    ("in a block of Django", ["with transaction.atomic():", f"    {ROWS}", f"    {POSITION}"], []),
    ("through cursors", ["cur.execute('INSERT INTO orders VALUES (1)')", COMMIT,
                         "cur.execute('UPDATE etl_cursor SET at = 1')", COMMIT],
     [f"etl_cursor, orders: {AFTER}"]),
    ("of self", ["self.conn.execute('DELETE FROM orders')", "self.conn.execute('INSERT INTO orders VALUES (1)')",
                 "self.conn.commit()", "self.conn.execute('UPDATE checkpoints SET at = 1')", "self.conn.commit()"],
     [f"checkpoints, orders: {AFTER}"]),
    ("wrapped in text()", ["conn.execute(text('INSERT INTO orders VALUES (1)'))", COMMIT,
                           "conn.execute(text('UPDATE watermarks SET at = 1'))", COMMIT],
     [f"watermarks, orders: {AFTER}"]),
    ("in a loop", ["for row in rows:", f"    {ROWS}", COMMIT, POSITION, COMMIT],
     [f"projection_position, orders: {AFTER}"]),
    ("merged", ["conn.execute('MERGE INTO orders USING s ON 1 = 1 WHEN MATCHED THEN UPDATE SET a = 1')", COMMIT,
                POSITION, COMMIT],
     [f"projection_position, orders (repeatable): {AFTER}"]),
    ("a position alone", [POSITION, COMMIT], []),
    ("rows alone", [ROWS, COMMIT], []),
    ("a table that only sounds like it", [ROWS, COMMIT, "conn.execute('UPDATE compositions SET a = 1')", COMMIT], []),
    ("a statement that is made elsewhere", [ROWS, COMMIT, "conn.execute(SAVE)", COMMIT], []),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_positions(body: list[str], expected: list[str]) -> None:
    source = "def project(conn, cur, engine, rows):\n" + "".join(f"    {line}\n" for line in body)
    ast.parse(source)
    module = Workspace({"jobs/project.py": source}, LinkMemo()).module("jobs/project.py")
    facts = SYSTEM.lift(module, Version(), lambda *_: None).facts
    told = [
        f"{each.position_table}, {each.rows_table}{' (repeatable)' * each.repeatable}: {each.apart.value}"
        for each in facts
        if isinstance(each, PositionApart)
    ]
    assert told == expected
