"""Writes obsolete imports, names and arguments in today's spelling."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pipesense.lang.python.edit import (
    add_import,
    add_keywords,
    quote,
    remove_entry,
    remove_keyword,
    rename_keyword,
    replace_node,
)
from pipesense.lang.python.import_place import keeps_order
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.syntax import parsed_of
from pipesense.model.change import Refusal, Replace
from pipesense.model.code import ObsoleteUse
from pipesense.model.where import Loc
from pipesense.systems.airflow import tables
from pipesense.systems.airflow.names import dotted
from pipesense.systems.airflow.tables.facts import MovedName
from pipesense.systems.airflow.write_settings import remove_line
from pipesense.text.span import Span

_GONE = Refusal("The place has changed since the finding was made.")


def use_new_api(use: ObsoleteUse, module: Module) -> tuple[Replace, ...] | Refusal:
    """The edits for one obsolete use; ``use.fix`` says which kind of edit."""
    if use.fix is None:
        return Refusal(f"There is no new spelling for {use.what}.")
    verb, _, rest = use.fix.partition(" ")
    if verb == "import":
        old, _, new = rest.partition(" ")
        return _move(old, new, use.loc, module)
    if verb == "write":
        return (Replace(use.loc, rest),)
    found = _argument(use.loc, module)
    if found is None:
        return _GONE
    if verb == "rename":
        return _rename(found, rest, module)
    if verb == "remove":
        return _remove(found, module)
    if verb == "value":
        value = found[1].value if isinstance(found[1], ast.keyword) else found[0]
        return (replace_node(module, value, quote(module, rest, value)),)
    return Refusal(f"PipeSense does not know how to write {use.fix!r}.")


def _nodes(loc: Loc, module: Module) -> Iterator[ast.AST]:
    for unit in module.units:
        if unit.unit == loc.unit:
            for statement in unit.body:
                yield from nodes_under(statement)


def _argument(loc: Loc, module: Module) -> tuple[ast.Call, ast.keyword] | tuple[ast.Dict, ast.expr] | None:
    """The keyword of a call, or the dictionary and the key, that stands at a place."""
    for node in _nodes(loc, module):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if module.loc(keyword) == loc:
                    return node, keyword
        elif isinstance(node, ast.Dict):
            for key in node.keys:
                if (
                    key is not None
                    and module.loc(key).unit == loc.unit
                    and module.loc(key).span.start == loc.span.start
                ):
                    return node, key
    return None


def _rename(
    found: tuple[ast.Call, ast.keyword] | tuple[ast.Dict, ast.expr], name: str, module: Module
) -> tuple[Replace, ...] | Refusal:
    holder, item = found
    if isinstance(item, ast.keyword) and isinstance(holder, ast.Call):
        if any(keyword.arg == name for keyword in holder.keywords):
            return remove_keyword(module, holder, item)
        return (rename_keyword(module, item, name),)
    return (replace_node(module, item, quote(module, name, item)),)


def _remove(
    found: tuple[ast.Call, ast.keyword] | tuple[ast.Dict, ast.expr], module: Module
) -> tuple[Replace, ...] | Refusal:
    holder, item = found
    if isinstance(holder, ast.Call) and isinstance(item, ast.keyword):
        return remove_keyword(module, holder, item)
    if isinstance(holder, ast.Dict) and isinstance(item, ast.Constant) and isinstance(item.value, str):
        return remove_entry(module, holder, item.value)
    return _GONE


def _move(old: str, new: str, loc: Loc, module: Module) -> tuple[Replace, ...] | Refusal:
    entry = tables.moved(old)
    if entry is None:
        return _GONE
    source, _, name = new.rpartition(".")
    for node in _nodes(loc, module):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if module.loc(alias) == loc:
                    return _move_import(node, alias, source, name, entry, module)
        elif isinstance(node, ast.Attribute) and module.loc(node) == loc:
            written, imports = add_import(module, name, source)
            return (replace_node(module, node, written), *imports)
    return _GONE


def _move_import(
    statement: ast.ImportFrom, alias: ast.alias, source: str, name: str, entry: MovedName, module: Module
) -> tuple[Replace, ...] | Refusal:
    local = alias.asname or alias.name
    calls = [site.node for site in module.calls() if dotted(site.node.func).partition(".")[0] == local]
    lost = {word.arg for call in calls for word in call.keywords} & set(entry.without)
    if lost:
        return Refusal(f"{name} has no counterpart for {', '.join(sorted(filter(None, lost)))}.")
    edits: list[Replace] = []
    for call in calls:
        edits += _call_edits(call, entry, module)
    written = f"{name} as {alias.asname}" if alias.asname else name
    alone = len(statement.names) == 1
    goes = alone and alias.asname is None and _has_its_line(statement, module)
    if goes and (_joins(statement, source, name, module) or not keeps_order(module, statement, source)):
        edits.append(remove_line(statement, module))
        name, imports = add_import(module, name, source, statement)
        edits += imports
    elif alone:
        edits.append(replace_node(module, statement, f"from {source} import {written}"))
    else:
        edits += _take_out(statement, alias, module)
        name, imports = add_import(module, name, source, statement)
        edits += imports
    if alias.asname is None and name != local:
        edits += [replace_node(module, node, name) for node in _uses(local, module)]
    return tuple(edits)


def _has_its_line(statement: ast.ImportFrom, module: Module) -> bool:
    """Whether an import stands at the top of the file, and nothing else in its line: it may go with that."""
    text = parsed_of(statement).text[module.loc(statement).span.end :]
    return statement in module.body and not text.split("\n", 1)[0].strip()


def _joins(statement: ast.ImportFrom, source: str, name: str, module: Module) -> bool:
    """Whether the file imports from the new module already."""
    return any(
        isinstance(each, ast.ImportFrom)
        and not each.level
        and each.module == source
        and each is not statement
        and not any(alias.name == "*" or (alias.name == name and alias.asname) for alias in each.names)
        for each in module.body
    )


def _call_edits(call: ast.Call, entry: MovedName, module: Module) -> Iterator[Replace]:
    given = {keyword.arg for keyword in call.keywords}
    renamed = dict(entry.renamed)
    for keyword in call.keywords:
        if keyword.arg in renamed:
            yield rename_keyword(module, keyword, renamed[keyword.arg])
    new = {renamed.get(name or "", name) for name in given}
    if None not in given and "." not in dotted(call.func):
        yield from add_keywords(module, call, [(name, value) for name, value in entry.added if name not in new])


def _take_out(statement: ast.ImportFrom, alias: ast.alias, module: Module) -> Iterator[Replace]:
    """One name out of an import of several, with its comma."""
    at = statement.names.index(alias)
    own = module.loc(alias)
    if at + 1 < len(statement.names):
        yield Replace(own.at(Span(own.span.start, module.loc(statement.names[at + 1]).span.start)), "")
    else:
        yield Replace(own.at(Span(module.loc(statement.names[at - 1]).span.end, own.span.end)), "")


def _uses(local: str, module: Module) -> Iterator[ast.Name]:
    for statement in module.body:
        for node in nodes_under(statement):
            if isinstance(node, ast.Name) and node.id == local:
                yield node
