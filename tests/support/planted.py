"""A table of ten typed columns, a load of clean rows, and rows that break one check each.

What a database runs here is what the product wrote: the text of ``checks/orders.sql``, statement by statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Protocol

from pipesense.engine.checks.forms import Form
from pipesense.engine.report import BuiltFix
from pipesense.model.data import DatasetName
from pipesense.model.quality import CheckPlan, Dimension
from support.memory import ROOT, workspace

ORDERS = DatasetName(("orders",))
COLUMNS = "order_id, customer_id, status, email, age, country_code, total_amount, discount_pct, ordered_on, loaded_at"
LOAD = f"""\
DELETE FROM orders;
INSERT INTO orders ({COLUMNS})
SELECT {COLUMNS}
FROM landing_orders;
"""
ENUM = "CREATE TYPE order_status AS ENUM ('new', 'paid', 'sent');\n"
SCHEMA = """\
CREATE TABLE customers (customer_id BIGINT PRIMARY KEY, name VARCHAR(50));
CREATE TABLE orders (
    order_id BIGINT PRIMARY KEY,
    customer_id BIGINT NOT NULL REFERENCES customers (customer_id),
    status order_status NOT NULL,
    email VARCHAR(200),
    age INTEGER,
    country_code CHAR(2),
    total_amount DECIMAL(12, 2) NOT NULL,
    discount_pct DOUBLE PRECISION,
    ordered_on DATE NOT NULL,
    loaded_at TIMESTAMP NOT NULL
);
CREATE TABLE order_items (
    item_id BIGINT PRIMARY KEY,
    order_id BIGINT NOT NULL REFERENCES orders (order_id),
    quantity INTEGER NOT NULL,
    unit_price DECIMAL(12, 2) NOT NULL
);
"""
BARE = """\
CREATE TABLE customers (customer_id BIGINT, name VARCHAR(50));
CREATE TABLE orders (
    order_id BIGINT, customer_id BIGINT, status VARCHAR(20), email VARCHAR(200), age INTEGER,
    country_code VARCHAR(20), total_amount DECIMAL(12, 2), discount_pct DOUBLE PRECISION, ordered_on DATE,
    loaded_at TIMESTAMP
);
CREATE TABLE order_items (item_id BIGINT, order_id BIGINT, quantity INTEGER, unit_price DECIMAL(12, 2));
"""
"""The same tables as a warehouse has them: nothing is refused."""
LANDING = """\
CREATE TABLE landing_orders (
    order_id BIGINT, customer_id BIGINT, status {status}, email VARCHAR(200), age INTEGER,
    country_code VARCHAR(20), total_amount DECIMAL(12, 2), discount_pct DOUBLE PRECISION, ordered_on DATE,
    loaded_at TIMESTAMP
);
"""
INSERT_LANDING = f"INSERT INTO landing_orders ({COLUMNS}) VALUES "


class Database(Protocol):
    """One empty database."""

    def run(self, statement: str) -> Sequence[tuple[Any, ...]]:
        """Run one statement; its rows."""


@dataclass(frozen=True)
class Plant:
    """Wrong data: what changes in the source before the load, or in the tables behind it, and what must turn red.

    ``red`` are the beginnings of "<dimension>: <reason>". ``refused``: a database with constraints does not
    let it in.
    """

    name: str
    red: tuple[str, ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    refused: bool = False


def _set(what: str, table: str = "landing_orders", where: str = "order_id = 1") -> str:
    return f"UPDATE {table} SET {what} WHERE {where}"


PLANTS = (
    Plant("clean", ()),
    Plant("optional values are missing", (), (_set("email = NULL, age = NULL, country_code = NULL", where="true"),)),
    Plant(
        "completeness: no customer",
        ("completeness: customer_id",),
        (_set("customer_id = NULL"),),
        refused=True,
    ),
    Plant(
        "uniqueness: an order twice",
        ("uniqueness: order_id",),
        (f"INSERT INTO landing_orders SELECT {COLUMNS} FROM landing_orders WHERE order_id = 1",),
        refused=True,
    ),
    Plant("validity: a status of no list", ("validity: status",), (_set("status = 'lost'"),), refused=True),
    Plant("validity: an age below zero", ("validity: age",), (_set("age = -5"),)),
    Plant("validity: an age of Methuselah", ("validity: age",), (_set("age = 969"),)),
    Plant("validity: an email without a domain", ("validity: email",), (_set("email = 'nobody@nowhere'"),)),
    Plant("validity: a country in small letters", ("validity: country_code",), (_set("country_code = 'de'"),)),
    Plant("validity: more than all of it", ("validity: discount_pct",), (_set("discount_pct = 140"),)),
    Plant(
        "validity: an amount below zero",
        ("validity: total_amount",),
        (_set("total_amount = -30"),),
        (_set("unit_price = -10", "order_items"),),
    ),
    Plant("consistency: nobody's order", ("consistency: customer_id",), (_set("customer_id = 99"),), refused=True),
    Plant(
        "consistency: an item more than the total",
        ("consistency: order_items",),
        after=(_set("quantity = quantity + 1", "order_items", "item_id = 1"),),
    ),
    Plant(
        "timeliness: nothing for three days",
        ("timeliness: loaded_at",),
        (_set("loaded_at = loaded_at - INTERVAL '3' DAY", where="true"),),
    ),
    Plant(
        "accuracy: a row that never arrived",
        ("accuracy: its load brings every row",),
        after=(
            f"INSERT INTO landing_orders SELECT 1000, {COLUMNS.partition(', ')[2].replace('total_amount', '0')} "
            "FROM landing_orders WHERE order_id = 1",
        ),
    ),
    Plant(
        "accuracy: an amount that changed on its way",
        ("accuracy: total_amount is copied",),
        after=(_set("total_amount = total_amount + 1"),),
    ),
    Plant("volume: nothing came", ("volume: every other check",), ("DELETE FROM landing_orders",)),
    Plant(
        "volume: a tenth of yesterday",
        ("volume: loaded_at",),
        ("DELETE FROM landing_orders WHERE order_id BETWEEN 2 AND 10",),
    ),
)


def files(dialect: str) -> dict[str, str]:
    """The project: what defines the table and what loads it."""
    head = f"-- pipesense: dialect={dialect}\n"
    return {"sql/schema.sql": f"{head}{ENUM}{SCHEMA}", "sql/load.sql": f"{head}{LOAD}"}


def plan(dialect: str, *, everything: bool) -> CheckPlan:
    """What the product proposes for the table."""
    made = workspace(files(dialect))
    made.index_all()
    return made.checks.plan(ORDERS, everything=everything)


def written(dialect: str, *, everything: bool) -> str:
    """The file with checks that the product writes."""
    made = workspace(files(dialect))
    made.index_all()
    built = made.checks.write(ORDERS, f"{ROOT}/sql/schema.sql", Form.SQL, "file", everything=everything)
    assert isinstance(built, BuiltFix), built.why
    return built.creates[f"{ROOT}/checks/orders.sql"]


@dataclass
class Checked:
    """A database with the tables, rows in the source, and the checks that the product wrote for it."""

    database: Database
    checks: dict[str, str] = field(default_factory=dict)

    def fill(self) -> None:
        """Three customers, ten orders of today and ten of yesterday, two items each."""
        now = datetime.now(timezone.utc).replace(tzinfo=None, microsecond=0) - timedelta(minutes=1)
        self.database.run("INSERT INTO customers VALUES (1, 'Ada'), (2, 'Grace'), (3, 'Edsger')")
        rows = []
        for number in range(1, 21):
            when = now - timedelta(days=number > 10)
            rows.append(
                f"({number}, {number % 3 + 1}, 'paid', 'p{number}@example.org', {20 + number}, 'DE', 30.00, 12.5, "
                f"DATE '{when:%Y-%m-%d}', TIMESTAMP '{when:%Y-%m-%d %H:%M:%S}')"
            )
        self.database.run(INSERT_LANDING + ", ".join(rows))

    def load(self) -> None:
        """Run the project's load, and bring the items."""
        for statement in statements(LOAD):
            self.database.run(statement)
        self.database.run(
            "INSERT INTO order_items SELECT DISTINCT order_id * 2 - 1, order_id, 1, 10 FROM orders "
            "UNION ALL SELECT DISTINCT order_id * 2, order_id, 2, 10 FROM orders"
        )

    def red(self) -> set[str]:
        """The checks that return something wrong, as "<dimension>: <reason>"."""
        return {name for name, query in self.checks.items() if self.database.run(query)}


def statements(text: str) -> list[str]:
    """The statements of a script whose strings hold no semicolon."""
    return [each.strip() for each in text.split(";\n") if each.strip()]


def by_name(text: str) -> dict[str, str]:
    """The written checks, by "<dimension>: <reason>"."""
    found: dict[str, str] = {}
    for statement in statements(text):
        named = re.search(r"^-- (\w+) check: (.*)$", statement, re.M)
        assert named is not None, statement
        found[f"{named.group(1)}: {named.group(2)}"] = statement
    return found


def set_up(database: Database, schema: Iterable[str], checks: str) -> Checked:
    """The tables, with clean rows in the source."""
    for statement in schema:
        database.run(statement)
    made = Checked(database, by_name(checks))
    made.fill()
    return made


def unconstrained(database: Database, dialect: str) -> Checked:
    """Tables that refuse nothing, and checks that ask for everything."""
    schema = (*statements(BARE), *statements(LANDING.format(status="VARCHAR(20)")))
    return set_up(database, schema, written(dialect, everything=True))


def constrained(database: Database, dialect: str, status: str) -> Checked:
    """Tables with all their constraints, and the checks that are left to ask for."""
    schema = (*statements(ENUM), *statements(SCHEMA), *statements(LANDING.format(status=status)))
    return set_up(database, schema, written(dialect, everything=False))


def outcome(checked: Checked, plant: Plant) -> set[str]:
    """What turns red, each as the beginning that the plant names where one fits."""
    for statement in plant.before:
        checked.database.run(statement)
    checked.load()
    for statement in plant.after:
        checked.database.run(statement)
    return {next((start for start in plant.red if name.startswith(start)), name) for name in checked.red()}


def covered(made: CheckPlan) -> set[Dimension]:
    """The dimensions with a check or a reason why there is none."""
    return {each.dimension for each in made.checks} | {each.dimension for each in made.left_out if each.why}
