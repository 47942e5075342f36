"""Writes changes of a dbt project: keys of YAML files, and settings in a model's own file."""

from __future__ import annotations

from collections.abc import Sequence as Many
from typing import Final

from pipesense.lang.jinja.expressions import Call, Pairs
from pipesense.lang.jinja.template import read_template
from pipesense.lang.yaml.edit import Value, Writer, add_entry, add_item, remove_entry, remove_item
from pipesense.lang.yaml.nodes import Entry, Mapping, Node, Scalar, Sequence
from pipesense.lang.yaml.read import YamlFile, read_yaml, walk
from pipesense.model.change import Refusal
from pipesense.model.dbt_change import AddBeside, AddToYaml, DbtChange, MoveYaml, RemoveYaml, SetConfig, SetYaml
from pipesense.text.edit import TextEdit
from pipesense.text.span import Span

_GONE: Final = Refusal("the text has changed since the finding was made")
_UNPLACED: Final = Refusal("the YAML is written in a way in which nothing can be added here")


def write(change: DbtChange, text: str) -> tuple[TextEdit, ...] | Refusal:
    """The edits of a change in the text of its unit, or why there are none."""
    if isinstance(change, SetConfig):
        return _configured(change, text)
    file = read_yaml(text)
    node = _at(file, change.at.span)
    if node is None:
        return _GONE
    if isinstance(change, AddBeside):
        edit = _beside(file, node, change.item)
        return (edit,) if edit is not None else _UNPLACED
    if isinstance(change, RemoveYaml):
        edit = _removed(file, node, change.what.span)
    elif not isinstance(node, Mapping):
        return _GONE
    elif isinstance(change, SetYaml):
        edit = _set(file, node, change.way, change.value)
    elif isinstance(change, AddToYaml):
        edit = _added(file, node, change.way, list(change.items))
    else:
        return _moved(file, node, change)
    return (edit,) if edit is not None else _UNPLACED


def _at(file: YamlFile, span: Span) -> Node | None:
    return next(
        (
            node
            for document in file.documents
            for node in walk(document)
            if node.span == span and isinstance(node, (Mapping, Sequence))
        ),
        None,
    )


def _nested(way: Many[str], value: Value) -> Value:
    for key in reversed(way):
        value = {key: value}
    return value


def _set(file: YamlFile, node: Mapping, way: tuple[str, ...], value: Value) -> TextEdit | None:
    entry = node.own(way[0])
    if entry is None:
        return add_entry(file, node, way[0], _nested(way[1:], value), after=_before_lists(node))
    if isinstance(entry.value, Mapping) and len(way) > 1:
        return _set(file, entry.value, way[1:], value)
    if isinstance(entry.value, Scalar) and entry.value.is_null and entry.value.span.is_empty:
        colon = file.text.find(":", entry.name.span.end)
        column = Writer(file).column(entry.name.span.start)
        made = Writer(file).value(_nested(way[1:], value), column)
        return TextEdit(Span(colon + 1, colon + 1), made) if colon >= 0 else None
    return None


def _before_lists(node: Mapping) -> Entry | None:
    """The last key that stands before the columns and tests, behind which other keys are added."""
    found: Entry | None = None
    for entry in node.entries:
        if entry.key in ("columns", "tests", "data_tests", "tables", "versions", "constraints"):
            return found
        found = entry
    return None


def _added(file: YamlFile, node: Mapping, way: tuple[str, ...], items: list[Value]) -> TextEdit | None:
    entry = node.own(way[0])
    if entry is None:
        made = _nested(way[1:], items)
        after = _before_columns(node) if way[0] in ("tests", "data_tests") else None
        return add_entry(file, node, way[0], made, after=after)
    if len(way) > 1:
        return _added(file, entry.value, way[1:], items) if isinstance(entry.value, Mapping) else None
    if not isinstance(entry.value, Sequence):
        return None
    edits = [add_item(file, entry.value, item) for item in items]
    if any(edit is None for edit in edits):
        return None
    span = next(edit.span for edit in edits if edit is not None)
    return TextEdit(span, "".join(edit.text for edit in edits if edit is not None))


def _beside(file: YamlFile, node: Node, item: Value) -> TextEdit | None:
    holder = next(
        (
            each
            for document in file.documents
            for each in walk(document)
            if isinstance(each, Sequence) and any(one.span == node.span for one in each.items)
        ),
        None,
    )
    return add_item(file, holder, item) if holder is not None else None


def _before_columns(node: Mapping) -> Entry | None:
    found: Entry | None = None
    for entry in node.entries:
        if entry.key == "columns":
            return found
        found = entry
    return None


def _removed(file: YamlFile, node: Node, span: Span) -> TextEdit | None:
    if isinstance(node, Sequence):
        item = next((each for each in node.items if each.span.start <= span.start < max(each.span.end, 1)), None)
        return remove_item(file, node, item) if item is not None else None
    if isinstance(node, Mapping):
        entry = next((each for each in node.entries if each.name.span == span), None)
        return remove_entry(file, node, entry) if entry is not None else None
    return None


def _moved(file: YamlFile, node: Mapping, change: MoveYaml) -> tuple[TextEdit, ...] | Refusal:
    """Move keys with their lines as they are, indented anew."""
    entries = [entry for entry in node.entries if entry.key in change.keys]
    if not entries or node.flow:
        return _UNPLACED
    into = node.own(change.into)
    writer = Writer(file)
    column = writer.column(node.entries[0].name.span.start)
    first = node.entries.index(entries[0])
    if into is None and node.entries[first : first + len(entries)] == tuple(entries):
        found = _indented(file, writer, entries, change.into)
        if found is not None:
            return found
    taken: list[TextEdit] = []
    lines: list[str] = []
    target = into.value if into is not None else None
    if into is not None and (not isinstance(target, Mapping) or target.flow or not target.entries):
        return _UNPLACED
    step = writer.step
    if isinstance(target, Mapping):
        step = writer.column(target.entries[0].name.span.start) - column
    for entry in entries:
        text = entry.span.of(file.text)
        line_start = file.text.rfind("\n", 0, entry.name.span.start) + 1
        end = file.text.find("\n", entry.span.end)
        end = len(file.text) if end < 0 else end
        rest = file.text[entry.span.end : end]
        if rest.strip() and not rest.strip().startswith("#"):
            return _UNPLACED
        if file.text[line_start : entry.name.span.start].strip():
            return Refusal("the first key of the entry would have to be moved")
        text += rest.rstrip("\r")
        lines.append("\n".join(" " * step + line if line.strip() else line for line in text.split("\n")))
        taken.append(TextEdit(Span(line_start, min(end + 1, len(file.text))), ""))
    pad = " " * column
    made = "".join(f"{pad}{each}{writer.newline}" for each in lines)
    if isinstance(target, Mapping):
        place = file.text.find("\n", target.span.end)
        if place < 0:
            return _UNPLACED
        return _joined([*taken, TextEdit(Span(place + 1, place + 1), made)])
    first = taken[0].span.start
    made = f"{pad}{change.into}:{writer.newline}{made}"
    return _joined([TextEdit(Span(first, first), made), *taken])


def _indented(file: YamlFile, writer: Writer, entries: list[Entry], into: str) -> tuple[TextEdit, ...] | None:
    """Entries that stand side by side, indented where they are: comments between them are not touched."""
    text, start, end = file.text, entries[0].name.span.start, entries[-1].span.end
    line = text.rfind("\n", 0, start) + 1
    pad = text[line:start]
    if pad.strip():
        return None
    edits = [TextEdit(Span(start, start), f"{into}:{writer.newline}{pad}{' ' * writer.step}")]
    at = text.find("\n", start)
    while 0 <= at < end:
        at += 1
        if text[at : text.find("\n", at) if text.find("\n", at) >= 0 else len(text)].strip():
            edits.append(TextEdit(Span(at, at), " " * writer.step))
        at = text.find("\n", at)
    return tuple(edits)


def _joined(edits: list[TextEdit]) -> tuple[TextEdit, ...]:
    """Edits in order; an insertion at the start of a removed stretch becomes one with it."""
    found: list[TextEdit] = []
    for edit in sorted(edits, key=lambda each: (each.span.start, each.span.end)):
        if found and found[-1].span.end == edit.span.start:
            last = found.pop()
            edit = TextEdit(Span(last.span.start, edit.span.end), last.text + edit.text)
        found.append(edit)
    return tuple(found)


def _configured(change: SetConfig, text: str) -> tuple[TextEdit, ...] | Refusal:
    if change.config is None:
        at = change.start.span.start
        return (TextEdit(Span(at, at), f"{{{{ config({change.key}={change.text}) }}}}\n\n"),)
    wanted = change.config.span
    call = next((call for _, call in read_template(text).calls() if call.span == wanted), None)
    if call is None:
        return _GONE
    return _argument(call, change, text)


def _argument(call: Call, change: SetConfig, text: str) -> tuple[TextEdit, ...] | Refusal:
    value = change.text
    own = call.span.of(text)
    if '"' in own and "'" not in own and '"' not in value and "\\" not in value:
        value = value.replace("'", '"')
    old = call.keyword(change.key)
    if old is not None:
        return (TextEdit(old.span, value),)
    if any(isinstance(each, Pairs) for each in call.args):
        return Refusal("the configuration is given as a dictionary")
    spans = [each.span for each in call.args] + [each.value.span for each in call.kwargs]
    written = f"{change.key}={value}"
    if not spans:
        return (TextEdit(Span(call.span.end - 1, call.span.end - 1), written),)
    last = max(spans, key=lambda span: span.end)
    first = min(call.kwargs, key=lambda each: each.name_span.start).name_span if call.kwargs else spans[0]
    line = text.rfind("\n", 0, first.start) + 1
    is_lined = not text[line : first.start].strip() and line > call.span.start
    pad = "\n" + text[line : first.start] if is_lined else " "
    blank = text[call.kwargs[-1].name_span.end : call.kwargs[-1].value.span.start] if call.kwargs else "="
    if " " in blank:
        written = f"{change.key} = {value}"
    return (TextEdit(Span(last.end, last.end), f",{pad}{written}"),)
