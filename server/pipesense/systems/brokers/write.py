"""Writes settings of a broker's client in the form in which the file makes it."""

from __future__ import annotations

import ast

from pipesense.lang.python.dicts import AbstractDict
from pipesense.lang.python.edit import (
    add_entries,
    add_import,
    add_keywords,
    add_long_keywords,
    joined_imports,
    quote,
    replace_node,
)
from pipesense.lang.python.module import Module
from pipesense.model.broker import StreamClient
from pipesense.model.change import (
    Change,
    FlushSends,
    PutMessageAside,
    PythonCode,
    Refusal,
    Replace,
    SetClientSettings,
    imported,
)
from pipesense.model.value import Version
from pipesense.systems.brokers.clients import Looking
from pipesense.systems.brokers.rescue import flush_behind, put_aside
from pipesense.systems.brokers.settings import given
from pipesense.systems.brokers.table import BrokerTable, ClientClass, Form, SettingSpec, version_of


def write(table: BrokerTable, change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    """The replacements that make a change, or why they cannot be written here."""
    if isinstance(change, PutMessageAside):
        return put_aside(Looking(table, module, version), change.decode)
    if isinstance(change, FlushSends):
        return flush_behind(module, change)
    if not isinstance(change, SetClientSettings):
        return Refusal("a client of a message broker has settings only")
    call, made = _find(table, change.client, module, version)
    if call is None or made is None:
        return Refusal("The client is no longer where it was.")
    parts = _settings(change, call, made, module, version_of(version, made.package))
    return parts if isinstance(parts, Refusal) else (*parts, *_imports(change.items, module), *change.also)


def _find(
    table: BrokerTable, client: StreamClient, module: Module, version: Version
) -> tuple[ast.Call | None, ClientClass | None]:
    looking = Looking(table, module, version)
    for site in module.calls():
        if module.loc(site.node) == client.whole:
            return site.node, looking.made_by(site.node)
    return None, None


def _settings(
    change: SetClientSettings, call: ast.Call, made: ClientClass, module: Module, version: Version
) -> tuple[Replace, ...] | Refusal:
    found = given(module, call, made)
    parts: list[Replace] = []
    missing: list[tuple[str, object]] = []
    for name, value in change.items:
        spec = next((each for each in made.settings if each.name == name), None)
        if spec is None or not accepts(spec, version):
            continue
        hit = next((found.entries[written] for written in spec.written if written in found.entries), None)
        if hit is None:
            missing.append((spec.written[0], value))
            continue
        where = module.loc(hit.value)
        if where.file != module.path:
            return Refusal(f"The setting is written in another file, {where.file}.")
        parts.append(replace_node(module, hit.value, _spelled(module, value, hit.value)))
    if not missing:
        return tuple(parts)
    added = _add(missing, call, made, module, found, alone=not parts)
    return added if isinstance(added, Refusal) else (*parts, *added)


def _add(
    missing: list[tuple[str, object]],
    call: ast.Call,
    made: ClientClass,
    module: Module,
    found: AbstractDict,
    alone: bool,
) -> tuple[Replace, ...] | Refusal:
    if made.form is Form.KEYWORDS:
        items = [(name, _spelled(module, value, call)) for name, value in missing]
        # To lay the arguments out anew would touch those that are replaced as well.
        return add_long_keywords(module, call, items) if alone else add_keywords(module, call, items)
    literal = found.literal
    first = call.args[0] if call.args else None
    if first is not None:
        literal = module.dictionary(first).literal
    if literal is None:
        return Refusal("The settings are not written as a dictionary that could be extended here.")
    if module.loc(literal).file != module.path:
        return Refusal(f"The settings are written in another file, {module.loc(literal).file}.")
    items = [(name, _spelled(module, value, literal)) for name, value in missing]
    if isinstance(literal, ast.Dict):
        return add_entries(module, literal, items)
    if all(name.isidentifier() for name, _ in items):
        return add_keywords(module, literal, items)
    return Refusal("A call of dict() has no room for names with dots.")


def _imports(items: tuple[tuple[str, object], ...], module: Module) -> tuple[Replace, ...]:
    """The imports that the values need, each once."""
    found: list[Replace] = []
    for _, value in items:
        if isinstance(value, PythonCode):
            for name, source in ((value.name, value.module), *value.imports):
                found += add_import(module, name, source)[1]
    return joined_imports(module, found)


def _spelled(module: Module, value: object, near: ast.AST) -> str:
    if isinstance(value, PythonCode):
        rest = value.rest
        for name, source in value.imports:
            rest = rest.replace(imported(name), add_import(module, name, source)[0])
        return add_import(module, value.name, value.module)[0] + rest
    return quote(module, value, near) if isinstance(value, str) else repr(value)


def accepts(spec: SettingSpec, version: Version) -> bool:
    """Whether the client's version knows a setting."""
    return not spec.since or (bool(version.number) and not version.below(spec.since))
