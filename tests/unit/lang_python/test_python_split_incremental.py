"""Cutting again after an edit gives what cutting from scratch gives, once the text is at rest."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipesense.lang.cut import Cut
from pipesense.lang.python.split import LARGE, resplit, split
from pipesense.lang.python.syntax import parse_unit
from pipesense.text.buffer import TextBuffer
from pipesense.text.span import Span

TASKS = "".join(f'    t{n} = Op(\n        task_id="t{n}",\n        sql="select {n}",\n    )\n' for n in range(9))
DAG_FILE = f'''"""A pipeline."""
from airflow.sdk import DAG
import os

ARGS = {{
    "retries": 3,
}}

@task(
    retries=1,
)
def load(x):
    """Load

    it."""
    return x

with DAG(
    "d",
    default_args=ARGS,
) as dag:
    # tasks
{TASKS}
    t0 >> t1

if ARGS:
    x = 1
else:
    x = 2
load(x)
'''
CLASS_FILE = (
    "class C(Base):\n"
    + "".join(f"    def m{n}(self):\n        return [\n            {n},\n        ]\n\n" for n in range(8))
    + "y = C()\n"
)
STEPS = "".join(f"        value_{n} = step(\n            {n},\n        )\n" for n in range(9))
NESTED_FILE = f"""\
with DAG("d") as dag:
    first = Op(task_id="first")

    @task_group(
        group_id="g",
    )
    def group(x):
        '''Steps.

        in order'''
{STEPS}
        value_0 >> value_1

    # between
    class Local:
        y = 1

        def method(self):
{STEPS.replace("        ", "            ")}
    if first:
{STEPS}
    else:
        last = 1

    group(first)
print(dag)
"""
TEXTS = [
    DAG_FILE,
    CLASS_FILE,
    NESTED_FILE,
    NESTED_FILE.replace("    ", "\t"),
    DAG_FILE.replace("\n", "\r\n"),
    "# only a comment\n",
    "x = 1",
]


class Edited:
    """A text with its cuts, changed as an editor does."""

    def __init__(self, text: str) -> None:
        self.buffer = TextBuffer(text)
        self.cuts = split(text)
        self.settled = True

    def replace(self, start: int, end: int, new: str) -> None:
        splice = self.buffer.replace(Span(start, end), new)
        found = resplit(self.buffer.text, self.cuts, splice)
        moved = [Cut(cut.start + splice.delta, cut.end + splice.delta, cut.kind) for cut in self.cuts[found.last :]]
        self.cuts = [*self.cuts[: found.first], *found.fresh, *moved]
        self.settled = self.settled and found.settled

    def check(self) -> None:
        text = self.buffer.text
        assert "".join(text[cut.start : cut.end] for cut in self.cuts) == text
        assert all(cut.start < cut.end for cut in self.cuts)
        if self.settled and self.is_readable():
            assert self.cuts == split(text)

    def is_readable(self) -> bool:
        """Whether every unit parses. Where one does not, two errors far apart can change how the splitter found its
        way between them; whoever keeps the cuts splits such a text again once it is at rest.
        """
        units = [parse_unit(at, cut.kind, self.buffer.text[cut.start : cut.end]) for at, cut in enumerate(self.cuts)]
        return all(unit.problem is None for unit in units)


SNIPPETS = [
    "",
    "\n",
    "x",
    " ",
    "    ",
    "(",
    ")",
    "{",
    "]",
    '"',
    "'",
    '"""',
    "'''",
    "#",
    "\\\n",
    ":",
    "else:\n",
    "@task\n",
    "\r\n",
]
SNIPPETS += [
    "y = 2\n",
    "        w = 4\n",
    "    else:\n",
    "    def g():\n",
    "    z = 3\n",
    "def f():\n    pass\n",
    "import os\n",
    "f'{x}'",
    "try:\n",
    "except E:\n",
    "    )\n",
    "\f",
    "async ",
]


@given(st.data(), st.sampled_from(TEXTS))
@settings(max_examples=300, deadline=None)
def test_resplit_equals_split(data: st.DataObject, text: str) -> None:
    edited = Edited(text)
    for _ in range(data.draw(st.integers(1, 6))):
        length = len(edited.buffer.text)
        start = data.draw(st.integers(0, length))
        end = min(length, start + data.draw(st.sampled_from([0, 0, 0, 1, 3, 40])))
        edited.replace(start, end, data.draw(st.sampled_from(SNIPPETS)))
        edited.check()
        if not (edited.settled and edited.is_readable()):
            edited.cuts, edited.settled = split(edited.buffer.text), True


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_typing_in_one_place_never_loses_the_rest(data: st.DataObject) -> None:
    """Boundaries behind the edit stay while a statement is being typed, whatever is typed."""
    edited = Edited(DAG_FILE)
    at = DAG_FILE.index("ARGS = {") + data.draw(st.sampled_from([0, 7, 8, 20]))
    for character in data.draw(st.sampled_from(['f("""', "x = [(", "'''a", 'f"{', "DAG(a="])):
        edited.replace(at, at, character)
        at += 1
        edited.check()
        behind = [edited.buffer.text[cut.start : cut.start + 4] for cut in edited.cuts if cut.kind != "child"]
        assert behind[-4:] == ["@tas", "with", "if A", "load"]


def test_text_at_rest_after_typing_is_the_fresh_cut() -> None:
    edited = Edited(DAG_FILE)
    at = DAG_FILE.index("ARGS = {")
    edited.replace(at, at, 'Q = """')
    edited.replace(at + 7, at + 7, 'select"""\n')
    assert edited.buffer.text[at : at + 17] == 'Q = """select"""\n'
    assert edited.cuts == split(edited.buffer.text)


@pytest.mark.parametrize(
    ("where", "new", "units"),
    [
        ("t4 = Op(", "x", 2),
        ('sql="select 7"', "x", 1),
        ("# tasks", "x", 1),
        ('"d",', "x", 1),
        ('"retries": 3', "x", 1),
    ],
)
def test_a_keystroke_replaces_few_units(where: str, new: str, units: int) -> None:
    buffer = TextBuffer(DAG_FILE)
    cuts = split(DAG_FILE)
    at = DAG_FILE.index(where) + 2
    found = resplit(DAG_FILE[:at] + new + DAG_FILE[at:], cuts, buffer.replace(Span(at, at), new))
    assert found.settled
    assert len(found.fresh) <= units
    assert found.last - found.first <= units


def test_a_body_that_shrinks_below_the_limit_becomes_whole_again() -> None:
    edited = Edited("with a:\n" + "    x = 1\n" * LARGE)
    assert [cut.kind for cut in edited.cuts][:2] == ["header", "child"]
    edited.replace(8, 18, "")
    assert edited.cuts == [Cut(0, len(edited.buffer.text), "statement")]


@pytest.mark.parametrize(
    ("where", "new"), [("value_3 = step(", "x"), ("            4,", "4"), ("in order", "x"), ("value_0 >>", "x")]
)
def test_a_keystroke_deep_inside_replaces_one_statement(where: str, new: str) -> None:
    buffer = TextBuffer(NESTED_FILE)
    cuts = split(NESTED_FILE)
    at = NESTED_FILE.index(where) + len(where)
    text = NESTED_FILE[:at] + new + NESTED_FILE[at:]
    found = resplit(text, cuts, buffer.replace(Span(at, at), new))
    assert found.settled
    before = {NESTED_FILE[cut.start : cut.end] for cut in cuts}
    changed = [cut.kind for cut in found.fresh if text[cut.start : cut.end] not in before]
    assert changed == ["inner child"]
