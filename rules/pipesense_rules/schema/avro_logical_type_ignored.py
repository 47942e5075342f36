"""A logical type in an Avro schema stands where it means nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.avro import AvroFault, AvroMistake
from pipesense.model.change import Replace
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_WHY: Final = (
    "Parsers pass over it without a word, so readers get the bare {base} and take it for what they like: "
    "milliseconds for seconds, bytes for a number."
)

META = RuleMeta(
    id="schema/avro-logical-type-ignored",
    wants=AvroFault,
    pattern="data-contract",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "beside": Message(
            Severity.WARNING,
            'The logical type {text} stands beside "type" and is ignored.',
            _WHY,
            'Put it into the type: "type": {{"type": ..., "logicalType": "{text}"}}.',
        ),
        "base": Message(
            Severity.WARNING,
            "The logical type {text} is ignored on {other}.",
            _WHY,
            "Choose the type that it stands on, or another logical type.",
        ),
        "decimal": Message(
            Severity.WARNING,
            "The logical type decimal is ignored: {other}.",
            _WHY,
            "Say how many digits there are at most (precision), and how many of them behind the point (scale).",
        ),
    },
)

_VARIANTS: Final = {
    AvroMistake.LOGICAL_ON_FIELD: "beside",
    AvroMistake.LOGICAL_BASE: "base",
    AvroMistake.LOGICAL_DECIMAL: "decimal",
}


@rule(META)
def avro_logical_type_ignored(fault: AvroFault, ctx: Context) -> Iterator[Finding]:
    """At the logical type."""
    variant = _VARIANTS.get(fault.mistake)
    if variant is not None:
        base = "value" if fault.mistake is AvroMistake.LOGICAL_DECIMAL else fault.other.partition(",")[0]
        yield ctx.finding(variant, at=fault.loc, text=fault.text, other=fault.other, base=base)


@avro_logical_type_ignored.fix
def into_the_type(finding: Finding, fault: AvroFault, ctx: Context) -> Offer | None:
    """The type with its logical type; what stands beside it may stay, it means nothing."""
    if not fault.fixed or fault.type_loc is None:
        return None
    return Offer("Put it into the type", Replace(fault.type_loc, fault.fixed), Applicability.UNSAFE)
