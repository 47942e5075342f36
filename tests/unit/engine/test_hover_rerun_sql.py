"""What a hover on a written table says of running the statement once more; the place is marked by ``|``."""

from __future__ import annotations

import pytest

from support.memory import ROOT, settle, workspace

LOAD = "INSERT INTO mart.or|ders SELECT id FROM raw.orders;\n"
PYTHON = 'import sqlite3\n\nsqlite3.connect("w").execute("""{}""")\n'


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("load.sql", LOAD, "adds"),
        ("load.sql", f"DELETE FROM mart.orders;\n{LOAD}", "writes `mart.orders` anew: it deletes from it first"),
        ("load.sql", f"TRUNCATE TABLE mart.orders;\n{LOAD}", "writes `mart.orders` anew"),
        ("load.sql", "UPDATE mart.or|ders SET paid = 1 WHERE id = 2;\n", "sets the same rows"),
        (
            "load.sql",
            "MERGE INTO mart.or|ders t USING raw.orders s ON t.id = s.id WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id);\n",
            "merges into `mart.orders` by its key",
        ),
        ("load.py", PYTHON.format(LOAD.strip()), "adds"),
        ("load.sql", "SELECT id FROM mart.or|ders;\n", ""),
        ("load.sql", "DELETE FROM mart.or|ders WHERE id = 1;\n", ""),
    ],
)
def test_a_rerun(file: str, text: str, said: str) -> None:
    made = workspace({file: text.replace("|", "", 1)})
    settle(made)
    hover = made.hover(f"{ROOT}/{file}", text.index("|"))
    found = hover.markdown if hover is not None else ""
    line = next((line for line in found.splitlines() if line.startswith("- a rerun ")), "")
    assert said in line if said else not line
