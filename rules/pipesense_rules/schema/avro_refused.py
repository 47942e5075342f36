"""An Avro schema says something that its parsers refuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.avro import AvroFault, AvroMistake
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_WHY: Final = "Avro's parsers, that of Java first of all, refuse the schema, so producers and consumers fail at start."

META = RuleMeta(
    id="schema/avro-refused",
    wants=AvroFault,
    pattern="data-contract",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "twice": Message(
            Severity.ERROR, "{text} stands here a second time.", _WHY, "Rename one of both, or remove it."
        ),
        "name": Message(
            Severity.ERROR,
            "{text} is no name in Avro.",
            f"Names are letters, digits and underscores, and do not begin with a digit. {_WHY}",
            "Choose such a name; the name in the source may stand in an alias or a doc.",
        ),
        "type": Message(
            Severity.WARNING,
            "Avro has no type {text}.",
            f"A word that is no type is taken for the name of one that is defined before. {_WHY}",
            "It may be {other} that is meant.",
        ),
        "symbol": Message(
            Severity.ERROR, "The default {text} is none of the symbols {other}.", _WHY, "Choose one of the symbols."
        ),
    },
)

_VARIANTS: Final = {
    AvroMistake.FIELD_TWICE: "twice",
    AvroMistake.SYMBOL_TWICE: "twice",
    AvroMistake.BRANCH_TWICE: "twice",
    AvroMistake.BAD_NAME: "name",
    AvroMistake.NO_SUCH_TYPE: "type",
    AvroMistake.DEFAULT_SYMBOL: "symbol",
}


@rule(META)
def avro_refused(fault: AvroFault, ctx: Context) -> Iterator[Finding]:
    """At the name."""
    variant = _VARIANTS.get(fault.mistake)
    if variant is not None:
        yield ctx.finding(variant, at=fault.loc, text=fault.text, other=fault.other)
