"""What a dictionary holds where it is used."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from pipesense.lang.python.module import Module
from pipesense.model.value import Known

Linker = Callable[..., Module]
LastValue = Callable[[Module], ast.expr]
FILES = {
    "common": "BASE = {'a': 1}\nBASE['b'] = 2\n\ndef args(n):\n    return {'a': n, 'b': 3}\n\ndef noise():\n    BASE2['x'] = 1\nBASE2 = {}\n",
}


def entries(module: Module, expr: ast.expr) -> dict[str, object]:
    found = {}
    for key, entry in module.dictionary(expr).entries.items():
        value = module.value(entry.value)
        found[key] = value.value if isinstance(value, Known) else "?"
    return found


CLOSED: list[tuple[str, str, dict[str, object]]] = [
    ("literal", "{'a': 1}", {"a": 1}),
    ("name", "d = {'a': 1}\nd", {"a": 1}),
    ("spread", "c = {'a': 1, 'b': 2}\n{**c, 'a': 3}", {"a": 3, "b": 2}),
    ("union", "c = {'a': 1}\nc | {'b': 2}", {"a": 1, "b": 2}),
    ("union in place", "d = {'a': 1}\nd |= {'b': 2}\nd", {"a": 1, "b": 2}),
    ("dict()", "dict(a=1)", {"a": 1}),
    ("dict() of another", "c = {'a': 1}\ndict(c, b=2)", {"a": 1, "b": 2}),
    ("dict() with spread", "c = {'a': 1}\ndict(**c, b=2)", {"a": 1, "b": 2}),
    ("copy", "c = {'a': 1}\nd = c.copy()\nd['b'] = 2\nd", {"a": 1, "b": 2}),
    ("original of a copy", "c = {'a': 1}\nd = c.copy()\nd['b'] = 2\nc", {"a": 1}),
    ("deepcopy", "import copy\nc = {'a': 1}\ncopy.deepcopy(c)", {"a": 1}),
    ("item", "d = {}\nd['a'] = 1\nd", {"a": 1}),
    ("item with a constant key", "K = 'a'\nd = {K: 1}\nd", {"a": 1}),
    ("update", "d = {}\nd.update({'a': 1})\nd.update(b=2)\nd", {"a": 1, "b": 2}),
    ("changed after the use", "d = {'a': 1}\nf(d)\nuse = d\nd['b'] = 2\nuse = {**{'a': 1}}", {"a": 1}),
    ("function", "def f():\n    return {'a': 1}\nf()", {"a": 1}),
    ("function of a file", "from common import args\nargs(5)", {"a": "?", "b": 3}),
    ("constant of a file", "from common import BASE\nBASE", {"a": 1, "b": 2}),
    ("attribute of a file", "import common\ncommon.BASE", {"a": 1, "b": 2}),
    ("changed here", "from common import BASE\nBASE['c'] = 3\nBASE", {"a": 1, "b": 2, "c": 3}),
    ("same in both branches", "if c:\n    d = {'a': 1}\nelse:\n    d = {'a': 1}\nd", {"a": 1}),
    ("conditional", "{'a': 1} if c else {'a': 1}", {"a": 1}),
    ("nothing", "None", {}),
    ("of a dictionary", "c = {'x': {'a': 1}}\nc['x']", {"a": 1}),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in CLOSED], ids=[row[0] for row in CLOSED])
def test_closed(text: str, expected: dict[str, object], link: Linker, last_value: LastValue) -> None:
    module = link(text, FILES)
    assert module.dictionary(last_value(module)).opened is None
    assert entries(module, last_value(module)) == expected


OPEN: list[tuple[str, str, dict[str, object], str]] = [
    ("call", "load()", {}, "call to load"),
    ("unknown import", "from gone import D\nD", {}, "not in the workspace"),
    ("parameter", "def f(d):\n    return d\nf({})", {}, "parameter"),
    ("spread of unknown before", "{**load(), 'a': 1}", {"a": 1}, "call to load"),
    ("spread of unknown behind", "{'a': 1, **load()}", {}, "call to load"),
    ("computed key", "{'a': 1, k: 2}", {}, "key k"),
    ("conditional item", "d = {'a': 1}\nif c:\n    d['b'] = 2\nd", {"a": 1}, "under a condition"),
    ("conditional overwrite", "d = {'a': 1}\nif c:\n    d['a'] = 2\nd", {}, "under a condition"),
    ("branches differ", "if c:\n    d = {'a': 1}\nelse:\n    d = {}\nd", {}, "branches"),
    ("loop", "d = {}\nfor k in ks:\n    d[k] = 1\nd", {}, "condition"),
    ("pop", "d = {'a': 1}\nd.pop('a')\nd", {}, "changed in place"),
    ("del", "d = {'a': 1}\ndel d['a']\nd", {}, "changed in place"),
    ("given away", "d = {'a': 1}\nfill(d)\nd", {}, "fill"),
    ("other name", "d = {'a': 1}\ne = d\ne['b'] = 1\nd", {"a": 1}, "also changed as e"),
    ("in a function", "d = {'a': 1}\ndef f():\n    d['b'] = 1\nd", {"a": 1}, "another function"),
    ("in a function of a file", "from common import BASE2\nBASE2", {}, "another function"),
    ("comprehension", "{k: 1 for k in x}", {}, "computed"),
    ("generator", "def f():\n    yield {'a': 1}\nf()", {}, "call to f"),
    ("itself", "d = {**d}\nd", {}, "not defined"),
]


@pytest.mark.parametrize(("text", "known", "why"), [row[1:] for row in OPEN], ids=[row[0] for row in OPEN])
def test_open(text: str, known: dict[str, object], why: str, link: Linker, last_value: LastValue) -> None:
    module = link(text, FILES)
    found = module.dictionary(last_value(module))
    assert found.opened is not None
    assert why in found.opened.why
    assert entries(module, last_value(module)) == known


def test_use_in_a_function_sees_what_the_file_did_before_it(link: Linker) -> None:
    module = link("d = {'a': 1}\nd['b'] = 2\ndef f():\n    use(default_args=d)\nd['c'] = 3\n")
    (site,) = (site for site in module.calls() if site.callee == "use")
    found = module.dictionary(site.node.keywords[0].value)
    assert set(found.entries) == {"a", "b"}
    assert found.opened is not None


FIVE_FORMS = """
from datetime import timedelta
COMMON = {"owner": "data", "retries": 3}
A = {**COMMON, "execution_timeout": timedelta(hours=1)}
B = COMMON | {"execution_timeout": timedelta(hours=1)}
C = dict(COMMON, execution_timeout=timedelta(hours=1))
D = {"owner": "data"}
D["retries"] = 3
D.update({"retry_delay": timedelta(minutes=1)})
def tasks():
    dag("a", default_args=A)
    dag("b", default_args=B)
    dag("c", default_args=C)
    dag("d", default_args=D)
    dag("e", default_args={"retries": 3})
tasks()
"""


def test_default_args_in_five_forms(link: Linker) -> None:
    module = link(FIVE_FORMS)
    uses = [site.node.keywords[0].value for site in module.calls() if site.callee == "dag"]
    assert len(uses) == 5
    for use in uses:
        assert module.dictionary(use).opened is None
        assert entries(module, use)["retries"] == 3


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("d = {'a': 1}\nd", "{'a': 1}"),
        ("c = {'a': 1}\nd = {**c, 'b': 2}\nd", "{**c, 'b': 2}"),
        ("c = {'a': 1}\nc | {'b': 2}", "{'b': 2}"),
        ("c = {'a': 1}\nc.copy()", None),
        ("dict(a=1)", "dict(a=1)"),
        ("d = {}\nd['a'] = 1\nd", "{}"),
        ("load()", None),
    ],
)
def test_the_literal_that_a_fix_may_extend(text: str, literal: str | None, link: Linker, last_value: LastValue) -> None:
    module = link(text)
    found = module.dictionary(last_value(module)).literal
    assert (module.text_of(found) if found is not None else None) == literal


def test_entries_know_their_places(link: Linker, last_value: LastValue) -> None:
    text = "x = dict(a=1, **{'b' : 2})\n"
    module = link(text)
    found = module.dictionary(last_value(module)).entries
    assert found["a"].key_loc.span.of(text) == "a"
    assert found["a"].entry_loc.span.of(text) == "a=1"
    assert found["b"].key_loc.span.of(text) == "'b'"
    assert found["b"].entry_loc.span.of(text) == "'b' : 2"


UNSURE: list[tuple[str, str, dict[str, object], set[str] | None]] = [
    ("conditional item", "d = {'a': 1}\nif c:\n    d['b'] = 2\nd", {"a": 1}, {"b"}),
    ("conditional change", "d = {'a': 1, 'b': 0}\nif c:\n    d['b'] = 2\nd", {"a": 1}, {"b"}),
    ("two conditions", "d = {'a': 1}\nif c:\n    d['b'] = 2\nif e:\n    d.update(x=3)\nd", {"a": 1}, {"b", "x"}),
    ("settled later", "d = {'a': 1}\nif c:\n    d['b'] = 2\nd['b'] = 3\nd", {"a": 1, "b": 3}, None),
    ("copied", "d = {'a': 1}\nif c:\n    d['b'] = 2\n{**d, 'x': 3}", {"a": 1, "x": 3}, {"b"}),
    ("overwriting", "d = {}\nif c:\n    d['b'] = 2\n{'a': 1, 'b': 0, **d}", {"a": 1}, {"b"}),
    ("branches", "{'a': 1, 'b': 2} if c else {'a': 1}", {"a": 1}, {"b"}),
    ("branches that disagree", "{'a': 1, 'b': 2} if c else {'a': 1, 'b': 3}", {"a": 1}, {"b"}),
    ("of another file", "from settings import D\nD", {"a": 1}, {"b"}),
    ("anything under a condition", "d = {'a': 1}\nif c:\n    d.update(load())\nd", {}, None),
    ("a computed key under a condition", "d = {'a': 1}\nif c:\n    d[k] = 2\nd", {}, None),
    ("open from the start", "d = load()\nif c:\n    d['b'] = 2\nd", {}, None),
]


@pytest.mark.parametrize(("text", "expected", "unsure"), [row[1:] for row in UNSURE], ids=[row[0] for row in UNSURE])
def test_only_some_keys_are_unsure(
    text: str, expected: dict[str, object], unsure: set[str] | None, link: Linker, last_value: LastValue
) -> None:
    module = link(text, {"settings": "D = {'a': 1}\nif DEV:\n    D['b'] = 2\n"})
    found = module.dictionary(last_value(module))
    assert entries(module, last_value(module)) == expected
    assert found.unsure == unsure
    if unsure is not None:
        assert all(found.why_unsure(key) is not None for key in unsure)
        assert found.why_unsure("a") is None
        assert found.why_unsure("anything else") is None
