"""JSON that goes to a topic with no schema beside it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Final

from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.model.broker import PlainMessages
from pipesense.model.data import DatasetName
from pipesense.systems.brokers.clients import Found, Looking
from pipesense.systems.brokers.settings import given
from pipesense.text.span import Span

_SCHEMAS: Final = ("schema_registry", "SchemaRegistry", "AvroSerializer", "ProtobufSerializer", "fastavro", "_pb2")


def is_json(looking: Looking, call: ast.Call, producer: Found) -> bool:
    """Whether what a call sends is JSON: made there, or by the producer's own serializer."""
    made: list[ast.AST] = [*call.args, *(word.value for word in call.keywords)]
    if producer.call is not None:
        entry = given(looking.module, producer.call, producer.made).entries.get("value_serializer")
        made += [entry.value] if entry is not None else []
    for expr in made:
        for node in nodes_under(expr):
            if isinstance(node, ast.Attribute | ast.Name) and "json.dumps" in looking.module.qualified(node):
                return True
    return False


def plain_messages(looking: Looking, topic: DatasetName, func: ast.Attribute, library: str) -> PlainMessages:
    """JSON on its way to a topic; ``func`` is the method that sends."""
    loc = looking.module.loc(func)
    place = loc.at(Span(loc.span.end - len(func.attr), loc.span.end))
    return PlainMessages(looking.table.system, library, topic, place)


def without_schema(module: Module, plain: Sequence[PlainMessages]) -> Iterator[PlainMessages]:
    """The first JSON for each topic, in files that have nothing to do with schemas."""
    if plain and not any(unit.holds(word) for unit in module.units for word in _SCHEMAS):
        seen: set[DatasetName] = set()
        for each in plain:
            if each.topic not in seen:
                seen.add(each.topic)
                yield each
