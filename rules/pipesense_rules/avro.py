"""Which of two schemas that stand in one workspace is the older one, and what that means for readers."""

from __future__ import annotations

import re
from typing import Final

from pipesense.model.avro import AvroSchema
from pipesense.rule.context import Context
from pipesense.text.regex import regex

_NUMBER: Final = regex(r"\d+")
_WRITES: Final = regex(r"(?<![a-z])(?:producer|writer|publisher)(?![a-z])", re.I)
_READS: Final = regex(r"(?<![a-z])(?:consumer|reader|subscriber)(?![a-z])", re.I)


def before(schema: AvroSchema, ctx: Context) -> AvroSchema | None:
    """The schema of the same name that was written before this one: the version next below it, or the writer's.

    Paths that differ in numbers only are versions ("user_v1.avsc" and "user_v2.avsc", "v1/user.avsc" and
    "v2/user.avsc"); a folder or file of producers writes what the one of consumers reads.
    """
    if not schema.name:
        return None
    others = [each for each in ctx.told("avro schema", schema.name) if isinstance(each, AvroSchema)]
    here, shape = _numbers(schema.path), _NUMBER.sub("#", schema.path)
    older = [each for each in others if _NUMBER.sub("#", each.path) == shape and _numbers(each.path) < here]
    if older:
        return max(older, key=lambda each: _numbers(each.path))
    reader = _READS.sub("#", schema.path)
    return next((each for each in others if reader != schema.path and _WRITES.sub("#", each.path) == reader), None)


def _numbers(path: str) -> tuple[int, ...]:
    return tuple(int(each) for each in _NUMBER.findall(path))
