"""A test on a key is switched off or only warns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.dbt import DbtEntry, DbtTest
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_KEYS: Final = frozenset(("unique", "not_null", "unique_combination_of_columns"))

META = RuleMeta(
    id="quality/test-weakened",
    wants=DbtEntry,
    pattern="quality-gate",
    since="0.1",
    messages={
        "warns": Message(
            Severity.INFO,
            "The test {test} on {column} only warns.",
            "Rows that break it are built upon all the same, and warnings of a night are read by nobody.",
            "Let it fail, or say beside it why not.",
        ),
        "off": Message(
            Severity.INFO,
            "The test {test} on {column} is switched off.",
            "It reads as if the column were tested.",
            "Switch it on, or delete it.",
        ),
        "tolerates": Message(
            Severity.INFO,
            "The test {test} on {column} tolerates failures ({condition}).",
            "A few wrong rows today are many tomorrow, and the test stays green until then.",
            "Let it fail on the first one, or say beside it why not.",
        ),
    },
)


@rule(META)
def test_weakened(entry: DbtEntry, ctx: Context) -> Iterator[Finding]:
    """Report tests on keys of models with constant settings that keep them from failing."""
    if entry.kind != "model":
        return
    keys = {column.name for column in entry.columns if any(test.name == "unique" for test in column.tests)}
    for test in entry.all_tests():
        if test.name in _KEYS and (test.name != "not_null" or test.column in keys):
            yield from _weak(test, entry, ctx)


def _weak(test: DbtTest, entry: DbtEntry, ctx: Context) -> Iterator[Finding]:
    column = test.column or entry.name
    for setting in test.settings:
        value = setting.value
        if setting.key == "severity" and isinstance(value, str) and value.lower() == "warn":
            yield ctx.finding("warns", at=setting.at, test=test.name, column=column)
        elif setting.key == "enabled" and value is False:
            yield ctx.finding("off", at=setting.at, test=test.name, column=column)
        elif setting.key == "error_if" and isinstance(value, str):
            plain = value.replace(" ", "")
            if plain.startswith((">", ">=")) and plain.strip(">=").isdigit() and plain not in (">0", ">=1"):
                yield ctx.finding("tolerates", at=setting.at, test=test.name, column=column, condition=value)
