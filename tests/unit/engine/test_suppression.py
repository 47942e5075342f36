"""Comments that silence findings: the line, the next statement, the file; and those that silence nothing."""

from __future__ import annotations

import pytest

from pipesense.host.rulepacks import load_registry
from pipesense.text.edit import apply_edits
from support.memory import ROOT, workspace

REGISTRY = load_registry()


def rules(name: str, text: str) -> list[tuple[str, int]]:
    """The findings of one file: rule and 0-based line."""
    made = workspace({name: text}, registry=REGISTRY)
    made.index_all()
    path = f"{ROOT}/{name}"
    buffer = made.text(path)
    assert buffer is not None
    return [(each.rule, buffer.lines.position(each.span.start)[0]) for each in made.findings(path)]


NULL = "correctness/equals-null"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SELECT a FROM t WHERE b = NULL;\n", [(NULL, 0)]),
        (f"SELECT a FROM t WHERE b = NULL; -- pipesense: ignore[{NULL}] legacy\n", []),
        ("SELECT a FROM t WHERE b = NULL; /* pipesense: ignore[correctness] */\n", []),
        (
            f"-- pipesense: ignore[{NULL}]\nSELECT a\nFROM t\nWHERE b = NULL;\nSELECT 1 FROM t WHERE c = NULL;\n",
            [(NULL, 4)],
        ),
        (f"SELECT 1;\n-- pipesense: ignore-file[{NULL}]\nSELECT a FROM t WHERE b = NULL;\n", []),
        (f"{{# pipesense: ignore[{NULL}] #}}\nSELECT a FROM t WHERE b = NULL;\n", []),
        (
            "SELECT a FROM t WHERE b = NULL; -- pipesense: ignore\n",
            [(NULL, 0), ("maintainability/bare-suppression", 0)],
        ),
        (
            f"SELECT a FROM t WHERE b = 1; -- pipesense: ignore[{NULL}]\n",
            [("maintainability/unused-suppression", 0)],
        ),
        (
            "SELECT 1; -- pipesense: ignore[correctness/equal-null]\n",
            [("maintainability/unknown-rule-in-suppression", 0)],
        ),
        (f"SELECT '-- pipesense: ignore[{NULL}]' FROM t WHERE b = NULL;\n", [(NULL, 0)]),
    ],
)
def test_sql(text: str, found: list[tuple[str, int]]) -> None:
    assert rules("a.sql", text) == found


HOURS = "correctness/timedelta-attribute"
HEAD = "from datetime import datetime\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("age = (datetime.now() - datetime(2024, 1, 1)).hours\n", [(HOURS, 1)]),
        (f"age = (datetime.now() - datetime(2024, 1, 1)).hours  # pipesense: ignore[{HOURS}]\n", []),
        (f"# pipesense: ignore[{HOURS}]\n\nage = (\n    datetime.now() - datetime(2024, 1, 1)\n).hours\n", []),
        (f"text = '# pipesense: ignore[{HOURS}]'; age = (datetime.now() - datetime(2024, 1, 1)).hours\n", [(HOURS, 1)]),
        (f"def f():\n    # pipesense: ignore[{HOURS}]\n    return (datetime.now() - datetime(2024, 1, 1)).hours\n", []),
    ],
)
def test_python(text: str, found: list[tuple[str, int]]) -> None:
    assert rules("a.py", HEAD + text) == found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.sql", "SELECT a FROM t WHERE b = NULL;\n"),
        ("b.sql", "SELECT a FROM t\nWHERE b = NULL -- why\n  AND c = 1;\n"),
        ("c.sql", "SELECT 'x\n' FROM t WHERE b = NULL AND c = '\n';\n"),
        ("a.py", HEAD + "age = (datetime.now() - datetime(2024, 1, 1)).hours\n"),
        ("b.py", HEAD + "age = (datetime.now() - datetime(2024, 1, 1)).hours, '''\n'''\n"),
        ("c.py", HEAD + "age = (datetime.now() - datetime(2024, 1, 1)).hours + \\\n    1\n"),
    ],
)
def test_ignore_here_silences_exactly_that(name: str, text: str) -> None:
    made = workspace({name: text}, registry=REGISTRY)
    made.index_all()
    path = f"{ROOT}/{name}"
    (reported,) = made.findings(path)
    after = apply_edits(text, made.suppression(reported))
    assert rules(name, after) == []


def test_an_unused_comment_is_deleted_by_its_fix() -> None:
    text = "SELECT 1;\n-- pipesense: ignore[correctness/equals-null] was needed\nSELECT 2;  -- pipesense: ignore\n"
    made = workspace({"a.sql": text}, registry=REGISTRY)
    made.index_all()
    edits, fixed = made.fix_all(f"{ROOT}/a.sql")
    assert sorted(fixed) == ["maintainability/bare-suppression", "maintainability/unused-suppression"]
    assert apply_edits(text, edits) == "SELECT 1;\nSELECT 2;\n"


BROKEN = {
    "an unclosed bracket": "x = foo(\n\n",
    "an unclosed quote": "def h():\n    x = 'abc\n\n",
    "a wrong dedent": "def h():\n        x = 1\n    y = 2\n\n",
}
SPOKEN = (
    "from datetime import datetime\n"
    "def f(latest):\n"
    f"    # pipesense: ignore[{HOURS}]\n"
    "    return max(\n"
    "        (datetime.now() - latest).hours,\n"
    "        1)\n"
    "def g(latest):\n"
    f"    return (datetime.now() - latest).hours  # pipesense: ignore[{HOURS}]\n"
)


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("where", ["before", "behind"])
def test_what_is_broken_elsewhere_takes_no_suppression_away(broken: str, where: str) -> None:
    assert rules("a.py", broken + SPOKEN if where == "before" else SPOKEN + broken) == []


def test_a_suppression_does_not_count_as_unused_while_its_statement_cannot_be_read() -> None:
    assert rules("a.sql", f"SELECT (( FROM t WHERE b = NULL; -- pipesense: ignore[{NULL}]\n") == []


@pytest.mark.parametrize("odd", ["SELECT $$it's$$;\n", "SELECT 'it\\'s';\n"])
def test_quotes_of_another_statement_hide_no_comment(odd: str) -> None:
    assert rules("a.sql", f"{odd}SELECT a FROM t WHERE b = NULL; -- pipesense: ignore[{NULL}]\nSELECT 'x';\n") == []
