"""What the rules say of connections: rows that are not there without the fix, strings that are refused without it."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from frameworks.proving import Script

pytestmark = pytest.mark.framework


def run(text: str, folder: Path) -> dict[str, Any]:
    """The variables of a script after it ran in a folder."""
    path = folder / "script.py"
    path.write_text(text, encoding="utf-8")
    return runpy.run_path(str(path))


WRITES = """\
import sqlalchemy as sa

engine = sa.create_engine("sqlite:///{folder}/orders.db")
with engine.begin() as connection:
    connection.execute(sa.text("CREATE TABLE orders (id INTEGER)"))
with engine.connect() as other:
    other.execute(sa.text("INSERT INTO orders VALUES (1)"))
"""


def test_rows_written_without_a_commit_are_lost_and_begin_keeps_them(tmp_path: Path) -> None:
    rule = "correctness/uncommitted-write"
    script = Script(WRITES, f"sqlalchemy=={sa.__version__}\n")
    assert script.found(rule).severity.word == "error"
    for number, (text, rows) in enumerate(((WRITES, 0), (script.fixed(rule), 1))):
        folder = tmp_path / str(number)
        folder.mkdir()
        engine = run(text.replace("{folder}", str(folder)), folder)["engine"]
        with engine.connect() as connection:
            assert connection.execute(sa.text("SELECT COUNT(*) FROM orders")).scalar() == rows


def test_a_plain_string_is_refused(tmp_path: Path) -> None:
    text = (
        "import sqlalchemy as sa\n\n"
        'with sa.create_engine("sqlite://").connect() as connection:\n    connection.execute("SELECT 1")\n'
    )
    assert Script(text, f"sqlalchemy=={sa.__version__}\n").found("correctness/raw-string-execute")
    with pytest.raises(sa.exc.ObjectNotExecutableError):
        run(text, tmp_path)


PLAIN = """\
import sqlalchemy as sa

engine = sa.create_engine("sqlite:///{folder}/orders.db")
with engine.begin() as connection:
    connection.execute("CREATE TABLE orders (id INTEGER)")
"""


def test_text_around_a_plain_string_runs_it(tmp_path: Path) -> None:
    rule = "correctness/raw-string-execute"
    script = Script(PLAIN, f"sqlalchemy=={sa.__version__}\n")
    with pytest.raises(sa.exc.ObjectNotExecutableError):
        run(PLAIN.replace("{folder}", str(tmp_path)), tmp_path)
    engine = run(script.fixed(rule).replace("{folder}", str(tmp_path)), tmp_path)["engine"]
    with engine.connect() as connection:
        assert sa.inspect(connection).has_table("orders")


IN_A_LOOP = """\
import sqlalchemy as sa

engine = sa.create_engine("sqlite:///{folder}/orders.db")
with engine.begin() as connection:
    connection.execute(sa.text("CREATE TABLE orders (id INTEGER)"))
with engine.connect() as other:
    for number in range(3):
        other.execute(sa.text("INSERT INTO orders VALUES (:number)"), {"number": number})
"""


def test_rows_of_a_loop_are_there_after_the_fix(tmp_path: Path) -> None:
    rule = "correctness/uncommitted-write"
    for number, (text, rows) in enumerate(
        ((IN_A_LOOP, 0), (Script(IN_A_LOOP, f"sqlalchemy=={sa.__version__}\n").fixed(rule), 3))
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        engine = run(text.replace("{folder}", str(folder)), folder)["engine"]
        with engine.connect() as connection:
            assert connection.execute(sa.text("SELECT COUNT(*) FROM orders")).scalar() == rows


CLOSED = """\
import sqlalchemy as sa

engine = sa.create_engine("sqlite:///{folder}/orders.db")
with engine.begin() as connection:
    connection.execute(sa.text("CREATE TABLE orders (id INTEGER)"))
other = engine.connect()
other.execute(sa.text("INSERT INTO orders VALUES (1)"))
other.close()
"""


def test_rows_of_a_connection_that_is_closed_are_there_after_the_fix(tmp_path: Path) -> None:
    rule = "correctness/uncommitted-write"
    script = Script(CLOSED, f"sqlalchemy=={sa.__version__}\n")
    for number, (text, rows) in enumerate(((CLOSED, 0), (script.fixed(rule), 1))):
        folder = tmp_path / str(number)
        folder.mkdir()
        engine = run(text.replace("{folder}", str(folder)), folder)["engine"]
        with engine.connect() as connection:
            assert connection.execute(sa.text("SELECT COUNT(*) FROM orders")).scalar() == rows


SESSIONS = """\
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)


engine = sa.create_engine("sqlite:///{folder}/orders.db")
Base.metadata.create_all(engine)
Maker = sessionmaker(engine)
{block}
"""
BLOCKS = {
    "a session": "with Session(engine) as session:\n    session.add(Order(id=1))\n    session.flush()",
    "of a maker": "with Maker() as session:\n    session.merge(Order(id=1))",
    "rows at once": 'session = Maker()\nsession.bulk_insert_mappings(Order, [{"id": 1}])\nsession.close()',
    "a statement": "with Session(engine) as session:\n    session.execute(sa.insert(Order), [{'id': 1}])",
}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS)
def test_what_a_session_wrote_is_lost_without_a_commit(block: str, tmp_path: Path) -> None:
    rule = "correctness/uncommitted-write"
    text = SESSIONS.replace("{block}", block)
    script = Script(text, f"sqlalchemy=={sa.__version__}\n")
    for number, (each, rows) in enumerate(((text, 0), (script.fixed(rule), 1))):
        folder = tmp_path / str(number)
        folder.mkdir()
        names = run(each.replace("{folder}", str(folder)), folder)
        with names["engine"].connect() as connection:
            assert connection.execute(sa.text("SELECT COUNT(*) FROM orders")).scalar() == rows


RERUNS = {
    "adds once more": ("session.add(Log(text='x'))", 2),
    "finds the row": ("session.merge(Order(id=1))", 1),
    "is refused": ("session.add(Order(id=1))", None),
}


@pytest.mark.parametrize(("write", "rows"), RERUNS.values(), ids=RERUNS)
def test_what_hovers_tell_of_reruns(write: str, rows: int | None, tmp_path: Path) -> None:
    log = (
        "\n\nclass Log(Base):\n    __tablename__ = 'log'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
        "    text: Mapped[str]\n\n\nengine ="
    )
    once = SESSIONS.replace("\n\nengine =", log).replace("{folder}", str(tmp_path))
    text = once.replace("{block}", f"with Maker.begin() as session:\n    {write}")
    run(text, tmp_path)
    if rows is None:
        with pytest.raises(sa.exc.IntegrityError):
            run(text, tmp_path)
        return
    engine = run(text, tmp_path)["engine"]
    with engine.connect() as connection:
        counts = [connection.execute(sa.text(f"SELECT COUNT(*) FROM {name}")).scalar() for name in ("orders", "log")]
        assert max(counts) == rows


def test_a_session_refuses_a_plain_string_with_another_error(tmp_path: Path) -> None:
    text = SESSIONS.replace("{block}", 'with Session(engine) as session:\n    session.execute("SELECT 1")')
    found = Script(text, f"sqlalchemy=={sa.__version__}\n").found("correctness/raw-string-execute")
    assert "ArgumentError" in found.message
    with pytest.raises(sa.exc.ArgumentError):
        run(text.replace("{folder}", str(tmp_path)), tmp_path)
