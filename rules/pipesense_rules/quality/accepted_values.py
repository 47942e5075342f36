"""A list of accepted values holds one twice, or numbers that are compared as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pipesense.model.dbt import DbtEntry, DbtSource, DbtTest, Dynamic
from pipesense.model.dbt_change import SetYaml
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="quality/accepted-values",
    wants=(DbtEntry, DbtSource),
    pattern="quality-checks",
    since="0.1",
    messages={
        "twice": Message(
            Severity.WARNING,
            "The list of accepted values of {column} holds {value} more than once.",
            "One of them was most likely meant to be another value, which the test now refuses or never asks for.",
            "Write the value that was meant, or delete the copy.",
        ),
        "numbers": Message(
            Severity.INFO,
            "The accepted values of {column} are compared as text.",
            "dbt puts quotes around them unless quote is false; some engines refuse to compare a number with text.",
            "Set quote: false if the column holds {kind}.",
        ),
    },
)


@rule(META)
def accepted_values(fact: DbtEntry | DbtSource, ctx: Context) -> Iterator[Finding]:
    """Report copies, and lists of nothing but numbers or truth values without quote."""
    entries = [fact] if isinstance(fact, DbtEntry) else [table.entry for table in fact.tables]
    for entry in entries:
        for test in entry.all_tests():
            if test.name != "accepted_values":
                continue
            values = test.argument("values")
            if not isinstance(values, tuple) or any(isinstance(each, (Dynamic, tuple)) for each in values):
                continue
            column = test.column or entry.name
            copies = [each for each, count in Counter((type(value), value) for value in values).items() if count > 1]
            if copies:
                yield ctx.finding("twice", at=test.place("values"), column=column, value=copies[0][1], subject=test)
            quote = next((value for key, value in test.arguments if key == "quote"), None)
            if values and quote is None and all(isinstance(each, (bool, int, float)) for each in values):
                kind = "truth values" if isinstance(values[0], bool) else "numbers"
                yield ctx.finding("numbers", at=test.place("values"), column=column, kind=kind, subject=test)


@accepted_values.fix
def do_not_quote(finding: Finding, test: DbtTest, ctx: Context) -> Offer | None:
    """The column may hold text all the same."""
    if finding.variant != "numbers" or test.body is None:
        return None
    way = ("arguments", "quote") if test.nested else ("quote",)
    return Offer("Set quote: false", SetYaml(test.body, way, False), Applicability.UNSAFE)
