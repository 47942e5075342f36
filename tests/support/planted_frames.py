"""Rows of a table that is written from a frame, and rows that break one check each.

What runs is what the product wrote into the script: before the write, in the project's own style.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pipesense.engine.checks.forms import Form
from pipesense.engine.report import BuiltFix
from pipesense.model.data import DatasetName
from pipesense.text.edit import apply_edits
from support.memory import ROOT, workspace

ORDERS = DatasetName(("mart", "orders"))
DDL = """\
-- pipesense: dialect=spark
CREATE TABLE mart.orders (
    order_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    email STRING,
    age INT,
    status STRING NOT NULL CHECK (status IN ('new', 'paid', 'sent')),
    discount_pct DOUBLE,
    started_at TIMESTAMP,
    ended_at TIMESTAMP,
    loaded_at TIMESTAMP NOT NULL,
    PRIMARY KEY (order_id)
);
"""
NOW = datetime.now().replace(microsecond=0)
COLUMNS = ("order_id", "customer_id", "email", "age", "status", "discount_pct", "started_at", "ended_at", "loaded_at")
Row = Mapping[str, Any]


def row(order_id: int | None, **changed: Any) -> Row:
    """A clean row, or one with something changed."""
    made = {
        "order_id": order_id,
        "customer_id": 7,
        "email": "ada@example.com",
        "age": 36,
        "status": "paid",
        "discount_pct": 10.0,
        "started_at": NOW - timedelta(hours=2),
        "ended_at": NOW - timedelta(hours=1),
        "loaded_at": NOW,
    }
    return {**made, **changed}


CLEAN = (row(1), row(2, status="new"), row(3, email=None, age=None, discount_pct=None, ended_at=None))


@dataclass(frozen=True)
class Plant:
    """Rows, and the beginning of the name of the one check that they fail; "" where they are clean."""

    name: str
    rows: tuple[Row, ...]
    fails: str = ""
    of_tables: bool = False
    """Only told where times are known to be times."""


PLANTS = (
    Plant("clean", CLEAN),
    Plant("completeness: no customer", (*CLEAN, row(4, customer_id=None)), "customer_id_is_there"),
    Plant("uniqueness: an order twice", (*CLEAN, row(1)), "order_id_is_unique"),
    Plant("validity: a status of no list", (*CLEAN, row(4, status="lost")), "status_is_of_its_list"),
    Plant("validity: an age below zero", (*CLEAN, row(4, age=-5)), "age_is_in_range"),
    Plant("validity: an email without a domain", (*CLEAN, row(4, email="nobody")), "email_has_its_form"),
    Plant("validity: more than all of it", (*CLEAN, row(4, discount_pct=140.0)), "discount_pct_is_in_range"),
    Plant(
        "consistency: ended before it began",
        (*CLEAN, row(4, ended_at=NOW - timedelta(hours=3))),
        "started_at_ended_at_are_in_order",
    ),
    Plant(
        "timeliness: nothing for three days",
        tuple({**each, "loaded_at": NOW - timedelta(days=3)} for each in CLEAN),
        "loaded_at_is_fresh",
        of_tables=True,
    ),
    Plant("volume: nothing came", (), "row_count"),
)


def checked(script: str, pins: str = "") -> str:
    """A script with the checks that its table deserves."""
    path = f"{ROOT}/jobs/script.py"
    made = workspace({"jobs/script.py": script, "ddl/orders.sql": DDL, **({"requirements.txt": pins} if pins else {})})
    made.index_all()
    built = made.checks.write(ORDERS, path, Form.CODE, "below", everything=True)
    assert isinstance(built, BuiltFix), built.why
    return apply_edits(script, list(built.edits[path]))
