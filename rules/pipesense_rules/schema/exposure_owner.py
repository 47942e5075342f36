"""An exposure names nobody to ask, or nothing that it depends on."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.dbt import DbtExposure
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="schema/exposure-owner",
    wants=DbtExposure,
    pattern="data-contract",
    since="0.1",
    messages={
        "owner": Message(
            Severity.WARNING,
            "The exposure {name} has no owner with a name or an e-mail address.",
            "dbt refuses it; and when a model below it changes, nobody knows whom to tell.",
            "Add owner with name or email.",
        ),
        "depends": Message(
            Severity.WARNING,
            "The exposure {name} depends on nothing.",
            "No change of a model can be traced to it, which is what an exposure is for.",
            "List the models that it reads under depends_on.",
        ),
        "mail": Message(
            Severity.HINT,
            "The owner of the exposure {name} has no e-mail address.",
            "Tools that tell owners of a failure have nowhere to write to.",
            "Add email to the owner.",
        ),
    },
)


@rule(META)
def exposure_owner(exposure: DbtExposure, ctx: Context) -> Iterator[Finding]:
    """Report what is surely left out."""
    if not exposure.name:
        return
    if not exposure.has_owner or not (exposure.has_name or exposure.has_email):
        yield ctx.finding("owner", at=exposure.at, name=exposure.name)
    elif not exposure.has_email:
        yield ctx.finding("mail", at=exposure.at, name=exposure.name)
    if not exposure.depends:
        yield ctx.finding("depends", at=exposure.at, name=exposure.name)
