"""Small insertions, removals and replacements that keep the file's style.

All results are Replace values, relative to the unit of the node they change. Places are found in the text
itself (commas, comments, closing brackets), as trees do not hold them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipesense.lang.python.import_place import Group, blank_between, group_of, import_place
from pipesense.lang.python.syntax import parsed_of
from pipesense.model.change import Refusal, Replace, Rewrite, imported
from pipesense.model.where import Loc
from pipesense.text.regex import regex
from pipesense.text.span import Span

if TYPE_CHECKING:
    from pipesense.lang.python.module import Module

_GAP: Final = regex(r"#[^\r\n]*|[,)]|[^\s#,)]+|\s+")
_LONGEST: Final = 100
"""A line of code that gets longer is written over several."""
_LINE_BREAK: Final = regex(r"\r\n|\n|\r")
_QUOTED: Final = regex(r"[A-Za-z]{0,2}(['\"])")


@dataclass(frozen=True, slots=True)
class _Item:
    """An argument or entry with its name or key: its range, and the offset behind its comma (None without one)."""

    span: Span
    comma: int | None


def _items(text: str, spans: Sequence[Span], close: int) -> list[_Item]:
    """Add to each range the parentheses around its value, and find its comma."""
    found: list[_Item] = []
    for span in spans:
        end, comma = span.end, None
        for token in _GAP.finditer(text, span.end, close):
            if token[0] == ")":
                end = token.end()
            elif token[0] == ",":
                comma = token.end()
                break
        found.append(_Item(Span(span.start, end), comma))
    return found


def _call_spans(call: ast.Call) -> list[Span]:
    unit = parsed_of(call)
    nodes: list[ast.expr | ast.keyword] = [*call.args, *call.keywords]
    return sorted(unit.span_of(node) for node in nodes)


def _dict_spans(node: ast.Dict) -> list[Span]:
    """The ranges of a literal's entries; that of ``**other`` starts at the stars."""
    unit = parsed_of(node)
    found: list[Span] = []
    for key, value in zip(node.keys, node.values, strict=True):
        span = unit.span_of(value)
        start = unit.text.rfind("**", 0, span.start) if key is None else unit.span_of(key).start
        found.append(Span(start, span.end))
    return found


def _line_start(text: str, at: int) -> int:
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1


def _line_end(text: str, at: int) -> int:
    found = _LINE_BREAK.search(text, at)
    return found.start() if found else len(text)


def _newline(text: str) -> str:
    found = _LINE_BREAK.search(text)
    return found.group() if found else "\n"


def _indent(text: str, at: int) -> str | None:
    """The indentation before ``at`` where nothing else stands before it in its line."""
    before = text[_line_start(text, at) : at]
    return before if not before.strip() else None


def _at(module: Module, node: ast.AST, start: int, end: int, text: str) -> Replace:
    return Replace(module.loc(node).at(Span(start, end)), text)


def _append(module: Module, node: ast.AST, spans: Sequence[Span], items: Sequence[str]) -> tuple[Replace, ...]:
    """Add items behind the last one of a bracket that ends with ``node``."""
    text = parsed_of(node).text
    close = module.loc(node).span.end - 1
    if not items:
        return ()
    if not spans:
        return (_at(module, node, close, close, ", ".join(items)),)
    last = _items(text, spans, close)[-1]
    if last.span.end > close:
        # A lone generator expression shares its parentheses with the call.
        return ()
    indent = _indent(text, last.span.start)
    if indent is None:
        return _append_inline(module, node, last, close, items)
    line = _newline(text) + indent
    comma = last.comma is not None
    if "\n" not in text[last.span.end : close].replace("\r", "\n"):
        # The bracket closes in the line of the last item.
        at = last.comma if last.comma is not None else last.span.end
        added = ",".join(line + item for item in items)
        return (_at(module, node, at, at, added + "," if comma else "," + added),)
    end = _line_end(text, last.comma if last.comma is not None else last.span.end)
    added = ",".join(line + item for item in items) + ("," if comma else "")
    if comma:
        return (_at(module, node, end, end, added),)
    if end == last.span.end:
        return (_at(module, node, end, end, "," + added),)
    return (_at(module, node, last.span.end, last.span.end, ","), _at(module, node, end, end, added))


def _append_inline(module: Module, node: ast.AST, last: _Item, close: int, items: Sequence[str]) -> tuple[Replace, ...]:
    if last.comma is None:
        return (_at(module, node, last.span.end, last.span.end, ", " + ", ".join(items)),)
    return (_at(module, node, last.comma, last.comma, " " + ", ".join(items) + ","),)


def quote(module: Module, text: str, near: ast.AST) -> str:
    """``text`` as a string literal in the quotes used near a node."""
    found = _QUOTED.search(module.text_of(near)) or _QUOTED.search(parsed_of(near).text)
    mark = found.group(1) if found else '"'
    if mark in text:
        mark = "'" if mark == '"' else '"'
    escaped = text.replace("\\", "\\\\").replace(mark, "\\" + mark).replace("\n", "\\n")
    return f"{mark}{escaped}{mark}"


def add_keywords(module: Module, call: ast.Call, items: Sequence[tuple[str, str]]) -> tuple[Replace, ...]:
    """Add ``name=value`` arguments (values are source text) at the end of a call, before ``**kwargs``.

    Empty where the call has no room for them (a lone generator expression).
    """
    written = [f"{name}={value}" for name, value in items]
    spread = next((keyword for keyword in call.keywords if keyword.arg is None), None)
    if spread is None or not written:
        return _append(module, call, _call_spans(call), written)
    at = module.loc(spread).span.start
    text = parsed_of(call).text
    indent = _indent(text, at)
    behind = ", " if indent is None else "," + _newline(text) + indent
    return (_at(module, call, at, at, "".join(item + behind for item in written)),)


def add_long_keywords(
    module: Module,
    call: ast.Call,
    items: Sequence[tuple[str, str]],
    folded: Callable[[str], Sequence[tuple[str, str]]] | None = None,
) -> tuple[Replace, ...]:
    """``add_keywords``; a call in one line that would become too long for it gets a line for each argument.

    ``folded`` gives the items as they are written then, by the indentation of the arguments.
    """
    text, loc = parsed_of(call).text, module.loc(call)
    line = text[_line_start(text, loc.span.start) : _line_end(text, loc.span.end)]
    length = len(line) + sum(len(name) + len(value) + 3 for name, value in items)
    own = module.text_of(call)
    if length <= _LONGEST or "\n" in own or not (call.args or call.keywords) or "#" in own:
        return add_keywords(module, call, items)
    newline = _newline(text)
    indent = line[: len(line) - len(line.lstrip())]
    given = [module.text_of(each) for each in (*call.args, *call.keywords) if getattr(each, "arg", "") is not None]
    spread = [module.text_of(each) for each in call.keywords if each.arg is None]
    added = items if folded is None else folded(f"{indent}    ")
    lines = [*given, *(f"{name}={value}" for name, value in added), *spread]
    inside = "".join(f"{newline}{indent}    {each}," for each in lines)
    return (replace_node(module, call, f"{module.text_of(call.func)}({inside}{newline}{indent})"),)


def add_entries(module: Module, node: ast.Dict, items: Sequence[tuple[str, str]]) -> tuple[Replace, ...]:
    """Add entries to a dict literal; keys are plain strings and get the quotes in use, values are source text."""
    return _append(module, node, _dict_spans(node), [f"{quote(module, key, node)}: {value}" for key, value in items])


def add_elements(module: Module, node: ast.List | ast.Tuple, items: Sequence[str]) -> tuple[Replace, ...]:
    """Add elements (source text) at the end of a list literal."""
    return _append(module, node, [parsed_of(node).span_of(element) for element in node.elts], items)


def add_import(
    module: Module, name: str, from_module: str, leaving: ast.stmt | None = None
) -> tuple[str, tuple[Replace, ...]]:
    """Make ``from_module.name`` usable at top level: what to write for it, and the edits.

    An existing import (an alias, or the whole module) is used as it is; an existing ``from`` import of the same
    module is extended; else a line is added behind the imports at the top. A name that means something else in the
    file is imported under another one; what the statement ``leaving`` binds is given up by the same change.
    """
    top = [statement for statement in module.body if isinstance(statement, ast.Import | ast.ImportFrom)]
    package, _, last = from_module.rpartition(".")
    for statement in top:
        for alias in statement.names:
            if isinstance(statement, ast.ImportFrom):
                if alias.name == name and module.absolute(statement) == from_module:
                    return alias.asname or name, ()
                if alias.name == last and module.absolute(statement) == package:
                    return f"{alias.asname or last}.{name}", ()
            elif alias.name == from_module and (alias.asname or "." not in alias.name):
                return f"{alias.asname or alias.name}.{name}", ()
    given_up = parsed_of(leaving) if leaving is not None else None
    taken = any(unit is not given_up for unit in module.table.mentions(name))
    written = f"{name} as {name}_" if taken else name
    local = f"{name}_" if taken else name
    for statement in top:
        extends = isinstance(statement, ast.ImportFrom) and not statement.level and statement.module == from_module
        if isinstance(statement, ast.ImportFrom) and extends and statement.names[0].name != "*":
            return local, _extend(module, statement, written)
    # Of an import of several names one is given up, and the others stay where they are.
    gone = leaving if isinstance(leaving, ast.ImportFrom) and len(leaving.names) == 1 else None
    return local, _new_import(module, f"from {from_module} import {written}", gone)


def add_module_import(module: Module, source: str, alias: str) -> tuple[str, tuple[Replace, ...]]:
    """Make a whole module usable at top level, as ``alias`` where it is not imported yet: its name, and the edits."""
    for statement in module.body:
        for each in statement.names if isinstance(statement, ast.Import) else ():
            if each.name == source and (each.asname or "." not in each.name):
                return each.asname or each.name, ()
    local = f"{alias}_" if module.table.mentions(alias) else alias
    return local, _new_import(module, f"import {source} as {local}")


def with_imports(module: Module, change: Rewrite) -> tuple[Replace, ...]:
    """The replacements of a change in this file's own spelling, with the imports that they need."""
    parts = list(change.parts)
    edits: list[Replace] = []
    for source in dict.fromkeys(source for _, source in change.imports):
        written, added = add_imports(module, [name for name, its in change.imports if its == source], source)
        for name, spelled in written.items():
            parts = [Replace(part.loc, part.text.replace(imported(name), spelled)) for part in parts]
        edits += added
    return (*parts, *joined_imports(module, edits))


def joined_imports(module: Module, edits: Sequence[Replace]) -> tuple[Replace, ...]:
    """Edits that make names usable; whole lines for one place become one text, with a blank line between groups."""
    at: dict[Loc, list[str]] = {}
    for edit in dict.fromkeys(edits):
        at.setdefault(edit.loc, []).append(edit.text)
    return tuple(Replace(loc, _lines_as_one(module, texts)) for loc, texts in at.items())


def _lines_as_one(module: Module, texts: Sequence[str]) -> str:
    if len(texts) < 2 or not all(each.lstrip().startswith(("from ", "import ")) for each in texts):
        return "".join(texts)
    first, last = texts[0], texts[-1]
    newline = _newline(first)
    joined = ""
    group: Group | None = None
    for each in sorted(map(str.strip, texts), key=lambda line: (group_of(line.split()[1], module), line)):
        own = group_of(each.split()[1], module)
        joined += ("" if group is None else newline if own is group else newline * 2) + each
        group = own
    return first[: len(first) - len(first.lstrip())] + joined + last[len(last.rstrip()) :]


def add_imports(module: Module, names: Sequence[str], from_module: str) -> tuple[dict[str, str], tuple[Replace, ...]]:
    """``add_import`` for several names: what to write for each, and the edits, with one line for what is new."""
    written: dict[str, str] = {}
    at: dict[Loc, list[str]] = {}
    for name in names:
        written[name], edits = add_import(module, name, from_module)
        for edit in edits:
            at.setdefault(edit.loc, []).append(edit.text)
    return written, tuple(Replace(loc, _one_import(texts, from_module)) for loc, texts in at.items())


def _one_import(texts: Sequence[str], from_module: str) -> str:
    """Texts that are inserted at one place; whole import lines become one."""
    head = f"from {from_module} import "
    if len(texts) < 2 or not all(head in text for text in texts):
        return "".join(texts)
    before, _, behind = texts[0].partition(head)
    own = [text.partition(head)[2].strip() for text in texts]
    return before + head + ", ".join(sorted(own, key=_import_order)) + behind[len(behind.rstrip()) :]


def _extend(module: Module, statement: ast.ImportFrom, written: str) -> tuple[Replace, ...]:
    unit = parsed_of(statement)
    names = [_import_order(alias.name) for alias in statement.names]
    own = _import_order(written.partition(" ")[0])
    if names == sorted(names) and own < names[-1]:
        behind = next(alias for alias, order in zip(statement.names, names, strict=True) if own < order)
        start = unit.span_of(behind).start
        indent = _indent(unit.text, start)
        gap = ", " if indent is None else "," + _newline(unit.text) + indent
        return (_at(module, statement, start, start, written + gap),)
    last = unit.span_of(statement.names[-1])
    if unit.text[: unit.span_of(statement).end].endswith(")"):
        return _append(module, statement, [unit.span_of(alias) for alias in statement.names], [written])
    return (_at(module, statement, last.end, last.end, f", {written}"),)


def _import_order(name: str) -> tuple[int, str]:
    """How import sorters order names: constants, classes, the rest."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2, name)


def _new_import(module: Module, line: str, leaving: ast.stmt | None = None) -> tuple[Replace, ...]:
    """A line among the imports at the top of the file; behind the docstring, or before everything, without any."""
    word, source = line.split()[:2]
    place = import_place(module, source, plain=word == "import", leaving=leaving)
    if place is None:
        if not module.body:
            return ()
        first = module.body[0]
        start = _line_start(parsed_of(first).text, _whole_start(module, first))
        newline = _newline(parsed_of(first).text)
        lines = 2 if isinstance(first, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else 1
        return (_at(module, first, start, start, line + newline * (lines + 1)),)
    if place.before:
        return _above(module, place.near, f"{line}\n") if place.gap else add_before(module, place.near, line)
    behind = module.body[1] if len(module.body) > 1 and place.near is module.body[0] else None
    glued = isinstance(place.near, ast.Expr) and behind is not None and not blank_between(place.near, behind)
    return add_after(module, place.near, "\n" * place.gap + line + "\n\n" * glued)


def _above(module: Module, statement: ast.stmt, text: str) -> tuple[Replace, ...]:
    """``add_before``, above the comments that head the statement; those of the first statement may head the file."""
    number = module.body.index(statement)
    last = module.body[number - 1] if number else statement
    unit = parsed_of(last)
    same = unit is parsed_of(statement)
    start = at = _line_start(unit.text, unit.span_of(statement).start) if same else len(unit.text)
    while number and unit.text[_line_start(unit.text, at - 1) : at].lstrip().startswith("#"):
        at = _line_start(unit.text, at - 1)
    if at == start:
        return add_before(module, statement, text)
    newline = _newline(unit.text)
    return (_at(module, last, at, at, "".join(line + newline for line in text.split("\n"))),)


def _whole_start(module: Module, statement: ast.stmt) -> int:
    """Where a statement starts, decorators included."""
    starts = [module.loc(item).span.start for item in getattr(statement, "decorator_list", ())]
    return min([module.loc(statement).span.start, *starts])


def add_after(module: Module, statement: ast.stmt, text: str) -> tuple[Replace, ...]:
    """Insert statements (source text, unindented, one or more lines) behind a statement at its indentation."""
    unit = parsed_of(statement)
    start = unit.span_of(statement).start
    indent = _indent(unit.text, start)
    if indent is None:
        line = unit.text[_line_start(unit.text, start) : start]
        indent = line[: len(line) - len(line.lstrip())]
    last = statement
    while parsed_of(last) is unit and isinstance(inner := getattr(last, "body", None), list) and inner:
        if parsed_of(inner[-1]) is unit:
            break
        last = inner[-1]
    where = parsed_of(last)
    end = _line_end(where.text, where.span_of(last).end)
    newline = _newline(where.text)
    lines = "".join(f"{newline}{indent}{line}" if line else newline for line in text.splitlines())
    return (_at(module, last, end, end, lines),)


def add_before(module: Module, statement: ast.stmt, text: str) -> tuple[Replace, ...]:
    """Insert statements (source text, unindented) before a statement and its decorators, at its indentation."""
    unit = parsed_of(statement)
    start = _line_start(unit.text, _whole_start(module, statement))
    first = unit.text[start:]
    indent = first[: len(first) - len(first.lstrip(" \t"))]
    newline = _newline(unit.text)
    lines = "".join(f"{indent}{line}{newline}" if line else newline for line in text.split("\n"))
    return (_at(module, statement, start, start, lines),)


def replace_node(module: Module, node: ast.AST, text: str) -> Replace:
    """Write ``text`` instead of a node."""
    return Replace(module.loc(node), text)


def rename_keyword(module: Module, keyword: ast.keyword, name: str) -> Replace:
    """Give an argument another name."""
    start = module.loc(keyword).span.start
    return _at(module, keyword, start, start + len(keyword.arg or ""), name)


def remove_keyword(module: Module, call: ast.Call, keyword: ast.keyword) -> tuple[Replace, ...]:
    """Take an argument out of a call, with its comma, and with its line when it stands alone there.

    A comment in the same line stays.
    """
    spans = _call_spans(call)
    return _remove(module, call, spans, spans.index(module.loc(keyword).span))


def remove_entry(module: Module, node: ast.Dict, key: str) -> tuple[Replace, ...] | Refusal:
    """Take an entry out of a dict literal, like ``remove_keyword``."""
    spans = _dict_spans(node)
    for number, item in enumerate(node.keys):
        if isinstance(item, ast.Constant) and item.value == key:
            return _remove(module, node, spans, number)
    return Refusal(f"the dictionary has no entry {key!r} of its own")


def _remove(module: Module, node: ast.AST, spans: Sequence[Span], number: int) -> tuple[Replace, ...]:
    text = parsed_of(node).text
    items = _items(text, spans, module.loc(node).span.end - 1)
    item = items[number]
    end = item.comma if item.comma is not None else item.span.end
    line_end = _line_end(text, end)
    if _indent(text, item.span.start) is not None and not text[end:line_end].strip():
        behind = _LINE_BREAK.match(text, line_end)
        start = _line_start(text, item.span.start)
        return (_at(module, node, start, behind.end() if behind else line_end, ""),)
    if number + 1 < len(items) and "\n" not in text[end : items[number + 1].span.start]:
        return (_at(module, node, item.span.start, items[number + 1].span.start, ""),)
    if number and item.comma is None:
        return (_at(module, node, items[number - 1].span.end, item.span.end, ""),)
    return (_at(module, node, item.span.start, end, ""),)
