"""Results of earlier links are used again exactly while they are true."""

from __future__ import annotations

import ast
from functools import partial
from typing import Any

import pytest

from pipesense.lang.python.module import LinkMemo, Module
from pipesense.lang.python.one_link import OneLink
from pipesense.lang.python.syntax import parse_unit
from pipesense.model.value import known

START = {
    "this": "from other import C\nA = 1\nB = A\nX = 5\nuse(B, C)\ndef f():\n    return X\n",
    "other": "D = 7\nC = D\nE = 1\n",
}


class Counted:
    """Computes two values and counts how often that was necessary."""

    def __init__(self, workspace: type[Any]) -> None:
        self.files = workspace(START)
        self.count = 0

    def result(self) -> list[object]:
        module = self.files.module("this")
        (site,) = (site for site in module.calls() if site.callee == "use")
        return module.memo("use", [site.node], lambda: self._compute(module, site.node))

    def _compute(self, module: Module, call: ast.Call) -> list[object]:
        self.count += 1
        return [getattr(module.value(item), "value", None) for item in call.args]


@pytest.mark.parametrize(
    ("file", "old", "new", "computed", "expected"),
    [
        ("this", "A = 1", "A = 2", 2, [2, 7]),
        ("this", "B = A", "B = A\nB = 9", 2, [9, 7]),
        ("this", "X = 5", "X = 6", 1, [1, 7]),
        ("this", "return X", "return 0", 1, [1, 7]),
        ("this", "use(B, C)", "use(B,  C)", 2, [1, 7]),
        ("this", "A = 1", "Z = 0\nA = 1", 1, [1, 7]),
        ("this", "from other import C", "from other import E as C", 2, [1, 1]),
        ("other", "D = 7", "D = 8", 2, [1, 8]),
        ("other", "E = 1", "E = 2", 1, [1, 7]),
        ("other", "C = D\n", "", 2, [1, None]),
    ],
)
def test_recomputed_only_when_something_it_read_changed(
    file: str, old: str, new: str, computed: int, expected: list[object], workspace: type[Any]
) -> None:
    counted = Counted(workspace)
    assert counted.result() == [1, 7]
    assert old in START[file]
    counted.files.change(file, START[file].replace(old, new))
    assert counted.result() == expected
    assert counted.count == computed


def test_a_file_that_appears_is_noticed(workspace: type[Any]) -> None:
    counted = Counted(workspace)
    text = counted.files.files.pop("other")
    assert counted.result() == [1, None]
    counted.files.change("other", text)
    assert counted.result() == [1, 7]
    assert counted.count == 2


def test_a_result_that_was_not_asked_for_meanwhile_is_looked_at_in_full(workspace: type[Any]) -> None:
    counted = Counted(workspace)
    counted.result()
    counted.files.change("this", START["this"] + "y = 1\n")
    counted.files.module("this")
    counted.files.change("this", START["this"])
    counted.result()
    assert counted.count == 1


def test_results_not_asked_for_are_dropped_once_they_are_many(workspace: type[Any]) -> None:
    files = workspace({"this": "a = 1\n"})
    memo = None
    for number in range(500):
        files.change("this", f"a = {number}\n")
        module = files.module("this")
        module.memo("it", [module.body[0]], lambda: 1)
        memo = module._memo
    assert memo is not None
    assert len(memo._kept) < 150


def test_children_of_a_header_belong_to_it(workspace: type[Any]) -> None:
    body = "".join(f"    t{number} = {number}\n" for number in range(30))
    files = workspace({"this": "with a as b:\n" + body})
    counts = []

    def lift() -> int:
        module = files.module("this")
        header = module.body[0]
        return module.memo("all", [header], lambda: counts.append(1) or len(ast.dump(header)))

    first = lift()
    files.change("this", files.files["this"].replace("t7 = 7", "t7 = 1234567"))
    assert lift() > first
    files.change("this", files.files["this"] + "z = 1\n")
    lift()
    assert len(counts) == 2


@pytest.mark.parametrize(
    ("old", "new", "name", "same"),
    [
        ("D = 7", "D = 8", "D", False),
        ("D = 7", "D = 8", "C", True),
        ("D = 7", "D = 7\nD.append(1)", "D", False),
        ("E = 1\n", "E = 1\n# comment\n", "D", True),
    ],
)
def test_exports_change_with_what_a_name_means(old: str, new: str, name: str, same: bool, workspace: type[Any]) -> None:
    files = workspace(START)
    before = files.module("other").exports()[name]
    files.change("other", START["other"].replace(old, new))
    assert (files.module("other").exports()[name] == before) is same


def test_many_results_are_each_recomputed_only_when_something_they_read_changed(workspace: type[Any]) -> None:
    files = workspace({"this": "from other import C\nA = 1\nB = A\nuse(C)\n", "other": "C = 1\n"})
    computed: list[str] = []

    def look() -> list[object]:
        module = files.module("this")

        def one(statement: ast.stmt) -> object:
            computed.append(ast.unparse(statement))
            names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
            return [module.value(name) for name in names if isinstance(name.ctx, ast.Load)]

        found = module.memo_each("look", module.body, one)
        assert found == [one(statement) for statement in module.body]
        del computed[-len(module.body) :]
        return found

    look()
    assert len(computed) == 4
    for name, old, new, again in [
        ("this", "A = 1", "A = 2", ["A = 2", "B = A"]),
        ("other", "C = 1", "C = 2", None),
        ("this", "A = 2\n", "A = 2\nD = B\n", ["D = B"]),
        ("this", "A = 2\nD = B\n", "", ["B = A"]),
    ]:
        computed.clear()
        files.change(name, files.files[name].replace(old, new))
        look()
        assert again is None or computed == again


def test_a_statement_that_joins_a_header_belongs_to_it(workspace: type[Any]) -> None:
    body = "".join(f"    t{number} = {number}\n" for number in range(30))
    files = workspace({"this": "with a as b:\n" + body})

    def count() -> tuple[int, list[int]]:
        module = files.module("this")
        header = module.body[0]
        assert isinstance(header, ast.With)
        one = module.memo("one", [header], lambda: len(header.body))
        return one, module.memo_each("each", [header], lambda node: len(node.body))

    assert count() == (30, [30])
    files.change("this", files.files["this"].replace("    t7 = 7\n", "    t7 = 7\n    new = 7\n"))
    assert count() == (31, [31])


def test_statements_that_change_places_count_as_changed(workspace: type[Any]) -> None:
    files = workspace({"this": "A = 1\nA = 2\nuse(A)\n"})

    def value() -> object:
        module = files.module("this")
        call = module.body[2].value
        return known(module.memo("value", [call], lambda: module.value(call.args[0]))), known(
            module.value(call.args[0])
        )

    assert value() == (2, 2)
    files.change("this", "A = 2\nA = 1\nuse(A)\n")
    assert value() == (1, 1)


def test_what_one_result_read_anew_is_no_news_about_what_others_rest_on(workspace: type[Any]) -> None:
    files = workspace({"this": "from other import C\nA = C + 0\nB = C + 0\n", "other": "C = 1\n"})

    def values() -> list[object]:
        module = files.module("this")
        return [
            known(module.memo(statement.targets[0].id, [statement], lambda s=statement: module.value(s.value)))
            for statement in module.body
            if isinstance(statement, ast.Assign)
        ]

    assert values() == [1, 1]
    files.change("other", "C = 2\n")
    files.change("this", "from other import C\nA = 0 + C\nB = C + 0\n")
    assert values() == [2, 2]


def test_another_file_that_says_the_same_is_another_place(workspace: type[Any]) -> None:
    files = workspace({"this": "from other import C\nA = C\n", "other": "C = 1\n"})

    def place() -> str:
        module = files.module("this")
        found = module.memo("value", [module.body[1]], lambda: module.value(module.body[1].value))
        return found.loc.file

    assert place() == "/other.py"
    files.paths["other"] = "/dags/other.py"
    del files.units["other"]
    files.modules.clear()
    assert place() == "/dags/other.py"


def test_the_order_of_statements_counts_even_where_they_are_the_same() -> None:
    memo = LinkMemo()
    first, second, use = (
        parse_unit(n, "statement", text) for n, text in enumerate(("A = 1\n", "B = A + 1\n", "use(B)\n"))
    )
    seen = []
    for units in ([first, second, use], [second, first, use], [second, use, first], [use], [first, second, use]):
        module = Module("/this.py", "this", units, None, memo)
        (site,) = module.calls()
        argument = site.node.args[0]
        seen.append(module.memo("use", [site.node], partial(module.value, argument)))
    assert [known(each) for each in seen] == [2, None, None, None, 2]


def test_what_is_linked_once_reads_and_means_the_same(workspace: type[Any]) -> None:
    texts = {
        "this": "from other import C, f\nA = C\nB = f()\nuse(A, B, A)\n",
        "other": "from third import D\nC = 1\ndef f():\n    return D\n",
        "third": "D = 2\n",
    }

    def answers(memo: LinkMemo) -> tuple[object, ...]:
        files = workspace(texts)
        files.memos["this"] = memo
        module = files.module("this")
        (site,) = (site for site in module.calls() if site.callee == "use")
        ask = partial(module.memo, "use", [site.node])
        found = [ask(lambda: [known(module.value(each)) for each in site.node.args]) for _ in range(2)]
        return found, module.memo_each("names", site.node.args, module.qualified), module.reads

    found, _, reads = answers(LinkMemo())
    assert found == [[1, 2, 1], [1, 2, 1]]
    assert ("python", "third", "D") in reads
    assert answers(OneLink()) == answers(LinkMemo())


def test_nothing_is_remembered_for_a_file_that_is_linked_once() -> None:
    units = [parse_unit(number, "statement", text) for number, text in enumerate(("A = 1\n", "use(A)\n"))]
    memo = OneLink()
    module = Module("/this.py", "this", units, None, memo)
    assert known(module.value(module.body[1].value.args[0])) == 1
    assert memo.keep_answer(module, "any", module.body[1].value, None, 1, alone=False) is None
    assert memo.answer(module, "any") is None
