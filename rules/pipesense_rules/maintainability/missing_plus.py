"""A setting in ``dbt_project.yml`` has no plus sign."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace, Rewrite
from pipesense.model.dbt import DbtProject
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_WARNED: Final = (1, 10)
"""https://docs.getdbt.com/reference/deprecations#missingplusprefixdeprecation"""

META = RuleMeta(
    id="maintainability/missing-plus",
    wants=DbtProject,
    pattern="version-upgrades",
    since="0.1",
    messages={
        "plain": Message(
            Severity.INFO,
            "{keys} {have} no plus sign, so {it} could be {what} as well.",
            "dbt has to guess what is a folder and what a setting; newer versions report it as deprecated.",
            "Write a plus before each setting.",
        ),
        "deprecated": Message(
            Severity.WARNING,
            "{keys} {have} no plus sign, so {it} could be {what} as well.",
            "dbt has to guess what is a folder and what a setting; from 1.10 on it warns, and will refuse it later.",
            "Write a plus before each setting.",
        ),
    },
)


@rule(META)
def missing_plus(project: DbtProject, ctx: Context) -> Iterator[Finding]:
    """Report settings of dbt's own with a plain value, once for the file; mappings may be folders of that name."""
    if project.bare:
        one = len(project.bare) == 1
        yield ctx.finding(
            *("deprecated" if ctx.dbt.version.number and not ctx.dbt.version.below(_WARNED) else "plain",),
            at=project.bare[0].at,
            keys=project.bare[0].name if one else f"{len(project.bare)} settings",
            have="has" if one else "have",
            it="it" if one else "they",
            what="a folder" if one else "folders",
            related=[Related(key.at, f"{key.name} without a plus") for key in project.bare[1:]],
        )


@missing_plus.fix
def add_the_plus(finding: Finding, project: DbtProject, ctx: Context) -> Offer:
    """A plain value is no folder, so nothing else can be meant."""
    parts = tuple(Replace(key.at, f"+{key.name}") for key in project.bare)
    return Offer("Write + before settings", Rewrite(parts), Applicability.SAFE)
