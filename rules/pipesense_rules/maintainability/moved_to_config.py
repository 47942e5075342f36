"""A property stands where it stood before dbt 1.10."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.dbt import DbtEntry, DbtKey, DbtSource
from pipesense.model.dbt_change import MoveYaml
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import listed

_SINCE = (1, 10)
"""https://docs.getdbt.com/reference/deprecations#propertymovedtoconfigdeprecation"""

META = RuleMeta(
    id="maintainability/moved-to-config",
    wants=(DbtEntry, DbtSource),
    pattern="version-upgrades",
    since="0.1",
    messages={
        "moved": Message(
            Severity.INFO,
            "{keys} {stand} under config since dbt 1.10.",
            "dbt still reads the old place and reports it as deprecated.",
            "Move {it} under config.",
        ),
        "column": Message(
            Severity.HINT,
            "{keys} of a column {stand} under config since dbt 1.10.",
            "dbt still reads the old place and reports it as deprecated.",
            "Move {it} under config.",
        ),
    },
)


@rule(META)
def moved_to_config(fact: DbtEntry | DbtSource, ctx: Context) -> Iterator[Finding]:
    """Report once for each mapping, where the project's version surely knows the new place."""
    version = ctx.dbt.version
    if not version.number or version.below(_SINCE):
        return
    keys = [*fact.keys]
    if isinstance(fact, DbtSource):
        keys += (key for table in fact.tables for key in table.entry.keys)
    by_owner: dict[object, list[DbtKey]] = {}
    for key in keys:
        if key.name not in ("tests", "data_tests"):
            by_owner.setdefault(key.owner, []).append(key)
    for several in by_owner.values():
        names = [key.name for key in several]
        one = len(names) == 1
        yield ctx.finding(
            "column" if several[0].kind == "column" else "moved",
            at=several[0].at,
            keys=listed(names),
            stand="stands" if one else "stand",
            it="it" if one else "them",
            subject=tuple(several),
        )


@moved_to_config.fix
def move(finding: Finding, keys: tuple[DbtKey, ...], ctx: Context) -> Offer:
    """With their lines and comments."""
    change = MoveYaml(keys[0].owner, tuple(key.name for key in keys), "config")
    return Offer("Move it under config", change, Applicability.SAFE)
