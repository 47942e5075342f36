"""Reads how a broker's client is made: its settings in every form of dictionaries and arguments, its topics."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pipesense.lang.python.dicts import AbstractDict, Entry, keywords_of, merge
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.model.broker import ClientSetting, SettingConflict, StreamClient, UnknownKey
from pipesense.model.value import Absent, Known, Unknown, Value, Version
from pipesense.systems.brokers.table import BrokerTable, ClientClass, Conflicts, Form, Kind, SettingSpec, version_of
from pipesense.text.regex import regex

_CALLBACK: Final = regex(r"_cb$|^on_|^logger$|_callback$")
"""Keys of confluent-kafka's dictionaries that are Python's own, not librdkafka's (whose names have no underscore)."""


def given(module: Module, call: ast.Call, made: ClientClass) -> AbstractDict:
    """Everything that the call is given by name."""
    named = keywords_of(module, call)
    if made.form is Form.KEYWORDS:
        return named
    first = call.args[0] if call.args else None
    if first is None:
        conf = next((word.value for word in call.keywords if word.arg in ("conf", "config", "configuration")), None)
        first = conf
    if isinstance(first, ast.Starred):
        return AbstractDict({}, Unknown("it is given a list of arguments"))
    if first is None:
        return named
    return merge(module.dictionary(first), named)


def read_client(
    module: Module, call: ast.Call, made: ClientClass, table: BrokerTable, version: Version
) -> StreamClient:
    """The client that a call makes."""
    own = version_of(version, made.package)
    found = given(module, call, made)
    settings = tuple(_setting(module, spec, call, found, own) for spec in made.settings)
    client = StreamClient(
        system=table.system,
        library=made.library,
        role=made.role,
        loc=module.loc(call.func),
        whole=module.loc(call),
        version=own,
        settings=settings,
        opened=found.opened,
        topics=tuple(topics_of(module, call, made)),
    )
    conflicts = _conflicts(client, made, table.conflicts) if table.conflicts is not None else ()
    named = frozenset(word.arg for word in call.keywords if word.arg is not None)
    return replace(client, conflicts=conflicts, unknown_keys=_unknown_keys(found, made, named))


def _setting(module: Module, spec: SettingSpec, call: ast.Call, found: AbstractDict, version: Version) -> ClientSetting:
    hit: Entry | None = None
    for written in spec.written:
        hit = found.entries.get(written) or hit
    if hit is not None and spec.name == "group" and is_passing(module, hit.value):
        return ClientSetting(spec.name, hit.key, Unknown("it is another one for every run"))
    if hit is not None:
        value = _options(hit.value) if spec.kind is Kind.OPTIONS else module.value(hit.value)
        if isinstance(value, Known):
            return ClientSetting(spec.name, hit.key, Known(normal(spec.kind, value.value), value.loc), hit.entry_loc)
        return ClientSetting(spec.name, hit.key, Unknown("it is computed"), hit.entry_loc)
    if spec.at is not None and len(call.args) > spec.at:
        placed = call.args[spec.at]
        value = module.value(placed)
        if isinstance(value, Known):
            value = Known(normal(spec.kind, value.value), value.loc)
        return ClientSetting(spec.name, spec.written[0], value, module.loc(placed))
    unsure = next((why for written in spec.written if (why := found.why_unsure(written)) is not None), None)
    if unsure is not None:
        return ClientSetting(spec.name, spec.written[0], unsure)
    return ClientSetting(spec.name, spec.written[0], Absent(_default(spec, version)), example=spec.example)


_NEW: Final = ("uuid.uuid", "time.time", "random.", "secrets.", "shortuuid.", "ulid.", "os.urandom", "os.getpid")
_CLOCKS: Final = ("datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "time.strftime")
_HOPS: Final = 3


def is_passing(module: Module, expr: ast.expr, hops: int = 0) -> bool:
    """Whether a text differs in every run (``f"probe-{uuid4()}"``): no later run asks for what is kept under it."""
    for each in nodes_under(expr):
        if isinstance(each, ast.Call) and any(
            name.startswith((*_NEW, *_CLOCKS)) for name in module.qualified(each.func)
        ):
            return True
        if isinstance(each, ast.Name) and hops < _HOPS:
            bound = module.bindings_of(each)
            value = bound[0].value if len(bound) == 1 and bound[0].kind == "assign" else None
            if value is not None and is_passing(module, value, hops + 1):
                return True
    return False


def _options(node: ast.expr) -> Value[object]:
    """The names of the keyword arguments of a call, other than those that are False."""
    if not isinstance(node, ast.Call) or node.args or any(word.arg is None for word in node.keywords):
        return Unknown("it is computed")
    off = [word for word in node.keywords if isinstance(word.value, ast.Constant) and word.value.value is False]
    return Known(tuple(sorted(str(word.arg) for word in node.keywords if word not in off)))


def _default(spec: SettingSpec, version: Version) -> Value[object]:
    if len(spec.defaults) == 1 and not spec.defaults[0][0]:
        return Known(spec.defaults[0][1])
    if not version.number or not spec.defaults:
        return Unknown(_by_version(spec) if spec.defaults else "the default is not known here")
    value: object = None
    for since, default in spec.defaults:
        if not since or not version.below(since):
            value = default
    return Known(value)


def _by_version(spec: SettingSpec) -> str:
    """What the default was at which version, in words."""
    first, *later = spec.defaults
    steps = [f"`{first[1]}`", *(f"`{value}` from {'.'.join(map(str, since))} on" for since, value in later)]
    return f"the default depends on the version: {', '.join(steps)}"


def normal(kind: Kind, value: object) -> object:
    """A setting's value in one spelling: acks as "0", "1" or "all", flags as True or False."""
    if kind is Kind.ACKS:
        text = str(value).strip().lower()
        return "all" if text in ("-1", "all") else text
    if kind is Kind.FLAG:
        text = str(value).strip().lower()
        return {"true": True, "false": False, "1": True, "0": False}.get(text, value)
    if kind is Kind.NUMBER and isinstance(value, str) and value.strip().lstrip("-").isdigit():
        return int(value)
    return value


def topics_of(module: Module, call: ast.Call, made: ClientClass) -> list[str]:
    """The topics that the call names."""
    texts: list[ast.expr] = list(call.args[made.topics_from :]) if made.topics_from is not None else []
    texts = texts[:1] if made.topic_setting else texts
    texts += [word.value for word in call.keywords if made.topic_setting and word.arg == made.topic_setting]
    return [name for expr in texts for name in names_in(module, expr)]


def names_in(module: Module, expr: ast.expr) -> list[str]:
    """The text, or the texts of a list, that an expression surely is; of a path, what its last part is."""
    if isinstance(expr, ast.Starred):
        return names_in(module, expr.value)
    if isinstance(expr, ast.List | ast.Tuple | ast.Set):
        return [name for item in expr.elts for name in names_in(module, item)]
    if isinstance(expr, ast.Name):
        bound = module.bindings_of(expr)
        value = bound[0].value if len(bound) == 1 else None
        if isinstance(value, ast.Call):
            return names_in(module, value)
    if isinstance(expr, ast.Call):
        is_path = isinstance(expr.func, ast.Attribute) and expr.func.attr in ("topic_path", "subscription_path")
        return names_in(module, expr.args[-1]) if is_path and expr.args else []
    known = module.value(expr)
    if isinstance(known, Known) and isinstance(known.value, str):
        return [known.value]
    if isinstance(known, Known) and isinstance(known.value, tuple):
        return [each for each in known.value if isinstance(each, str)]
    return []


def _conflicts(client: StreamClient, made: ClientClass, judge: Conflicts) -> tuple[SettingConflict, ...]:
    explicit: Mapping[str, object] = {
        each.name: each.value.value
        for each in client.settings
        if isinstance(each.value, Known) and each.loc is not None
    }
    found: list[SettingConflict] = []
    for name, other, reason, change in judge(made, explicit):
        one, two = client.setting(name), client.setting(other)
        if one is not None and two is not None and one.loc is not None:
            text = f"{one.written} = {explicit[name]}"
            beside = f"{two.written} = {explicit.get(other)}"
            found.append(SettingConflict(one.loc, text, beside, reason, change))
    return tuple(found)


def _unknown_keys(found: AbstractDict, made: ClientClass, named: frozenset[str]) -> tuple[UnknownKey, ...]:
    """Keys of dictionaries in the spelling of another client (``enable_idempotence`` for ``enable.idempotence``)."""
    if not made.closed:
        return ()
    unknown: list[UnknownKey] = []
    for key, entry in found.entries.items():
        foreign = "_" in key and not _CALLBACK.search(key) if made.form is Form.DICTIONARY else "." in key
        if foreign and key not in named:
            instead = key.replace("_", ".") if made.form is Form.DICTIONARY else key.replace(".", "_")
            unknown.append(UnknownKey(key, entry.entry_loc, entry.key_loc, instead))
    return tuple(unknown)
