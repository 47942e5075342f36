"""Files that somebody types in: what is lifted after an edit is compared with what is lifted from scratch."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from hypothesis import strategies as st

from pipesense.lang.python.module import LinkMemo, Module
from pipesense.lang.python.split import split
from pipesense.lang.python.syntax import ParsedUnit, parse_unit
from pipesense.model.value import Version
from pipesense.model.where import Loc
from pipesense.systems.system import PythonSystem

Edit = tuple[str, int, int, str]


@dataclass
class Editor:
    """Keeps the units whose text did not change, as the engine does."""

    system: PythonSystem
    memo: LinkMemo = field(default_factory=LinkMemo)
    units: dict[tuple[str, str, int], ParsedUnit] = field(default_factory=dict)

    def lift(self, text: str) -> object:
        """Everything lifted, with units named by their place in the file."""
        seen: dict[tuple[str, str], int] = {}
        units: list[ParsedUnit] = []
        for cut in split(text):
            part = text[cut.start : cut.end]
            count = seen[cut.kind, part] = seen.get((cut.kind, part), 0) + 1
            key = (cut.kind, part, count)
            if key not in self.units:
                self.units[key] = parse_unit(len(self.units) + 1, cut.kind, part)
            units.append(self.units[key])
        module = Module("/project/flows/orders.py", "orders", units, None, self.memo)
        found = self.system.lift(module, Version(), lambda *_: 1)
        return placed(found, {unit.unit: at for at, unit in enumerate(units)})


def placed(value: object, order: Mapping[int, int]) -> object:
    """A value in which each place names its unit by the unit's place in the file."""
    if isinstance(value, Loc):
        return (value.file, order.get(value.unit), value.span)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return (type(value).__name__, *(placed(getattr(value, each.name), order) for each in dataclasses.fields(value)))
    if isinstance(value, tuple | list):
        return tuple(placed(each, order) for each in value)
    return value


def scripts(text: str) -> st.SearchStrategy[list[Edit]]:
    """Random sequences of edits of a text."""
    places = st.integers(0, text.count("\n") + 20)
    typed = st.sampled_from(["x", " ", '"', "(", ")", "#", "\n", ".", "=", "@"])
    edits: st.SearchStrategy[Edit] = st.one_of(
        st.tuples(st.just("type"), places, st.integers(0, 60), typed),
        st.tuples(st.just("erase"), places, st.integers(0, 60), st.just("")),
        st.tuples(st.just("drop"), places, st.just(0), st.just("")),
        st.tuples(st.just("copy"), places, places, st.just("")),
        st.tuples(st.just("swap"), places, places, st.just("")),
        st.tuples(st.just("back"), st.just(0), st.just(0), st.just("")),
    )
    return st.lists(edits, min_size=1, max_size=6)


def edited(text: str, edit: Edit, original: str) -> str:
    """The text after one edit."""
    kind, first, second, typed = edit
    lines = text.splitlines(keepends=True) or [""]
    at = first % len(lines)
    column = second % (len(lines[at]) or 1)
    match kind:
        case "type":
            lines[at] = lines[at][:column] + typed + lines[at][column:]
        case "erase":
            lines[at] = lines[at][:column] + lines[at][column + 1 :]
        case "drop":
            del lines[at]
        case "copy":
            lines.insert(at, lines[second % len(lines)])
        case "swap":
            other = second % len(lines)
            lines[at], lines[other] = lines[other], lines[at]
        case "back":
            return original
    return "".join(lines)


def check_script(make: Callable[[], Editor], original: str, script: list[Edit]) -> None:
    """Whatever was lifted before, each text gives what it gives when it is read for the first time."""
    editor = make()
    editor.lift(original)
    text = original
    for edit in script:
        text = edited(text, edit, original)
        assert editor.lift(text) == make().lift(text)
