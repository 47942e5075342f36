"""A default in an Avro schema is not of its field's type."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.avro import AvroFault, AvroMistake
from pipesense.model.change import Replace
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="schema/avro-default-mismatch",
    wants=AvroFault,
    pattern="schema-evolution",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "type": Message(
            Severity.ERROR,
            "The default {text} is no {other}.",
            "Avro's parsers in Java refuse the schema, and so do the schema registries that use them. Parsers that "
            "take it fail later, at the first record without the field.",
            "Write a default of the field's type: null, numbers and true stand without quotes.",
        ),
        "branch": Message(
            Severity.WARNING,
            "The default {text} is not of the first type of {other}.",
            "Before Avro 1.12 a default is always of a union's first type; those parsers refuse the schema, or take "
            "the default for something else.",
            "Put the type of the default first.",
        ),
    },
)


@rule(META)
def avro_default_mismatch(fault: AvroFault, ctx: Context) -> Iterator[Finding]:
    """At the default."""
    if fault.mistake in (AvroMistake.DEFAULT_TYPE, AvroMistake.DEFAULT_BRANCH):
        variant = "type" if fault.mistake is AvroMistake.DEFAULT_TYPE else "branch"
        also = [Related(loc, "neither is this one") for loc in fault.others]
        yield ctx.finding(variant, at=fault.loc, related=also, text=fault.text, other=fault.other)


@avro_default_mismatch.fix
def without_quotes(finding: Finding, fault: AvroFault, ctx: Context) -> Offer | None:
    """The value itself, where it stands in quotes."""
    if not fault.fixed:
        return None
    return Offer(f"Write {fault.fixed} without quotes", Replace(fault.loc, fault.fixed), Applicability.SAFE)
