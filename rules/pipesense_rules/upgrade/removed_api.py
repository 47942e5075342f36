"""A name, module or argument that the system in use no longer has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipesense.model.change import UseNewApi
from pipesense.model.code import ApiChange, ObsoleteUse
from pipesense.model.value import Evidence
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_UNSURE = "Which version runs this file is {evidence}."
_DO = "{advice}."

META = RuleMeta(
    id="upgrade/removed-api",
    wants=ObsoleteUse,
    pattern="version-upgrades",
    since="0.1",
    messages={
        "broken": Message(
            Severity.ERROR,
            "{what} {change} in {package} {since}.",
            "This file runs on {package} {target} ({source}), so it fails here.",
            _DO,
        ),
        "silent": Message(
            Severity.WARNING,
            "{what} {change} since {package} {since}.",
            "This file runs on {package} {target} ({source}), so the setting does nothing and nobody is told.",
            _DO,
        ),
        "unsure": Message(
            Severity.WARNING,
            "{what} {change} in {package} {since}.",
            _UNSURE + " From {since} on it fails.",
            _DO,
        ),
        "unsure-silent": Message(
            Severity.WARNING,
            "{what} {change} since {package} {since}.",
            _UNSURE + " From {since} on the setting does nothing and nobody is told.",
            _DO,
        ),
        "useless": Message(
            Severity.WARNING,
            "{what} {change} by {package}.",
            "The setting does nothing and nobody is told.",
            _DO,
        ),
        "needless": Message(
            Severity.INFO,
            "{what} is not needed since {package} {since}.",
            "What it asked for happens without it, and the setting is dropped without a word.",
            _DO,
        ),
        "moved": Message(
            Severity.HINT,
            "{what} moved in {package} {since}.",
            "The old place still works and will go.",
            _DO,
        ),
    },
)

_SILENT = (ApiChange.IGNORED, ApiChange.NO_OP)


@rule(META)
def removed_api(use: ObsoleteUse, ctx: Context) -> Iterator[Finding]:
    """How loudly depends on how surely the file runs on a version that gave the name up."""
    pinned = use.target.evidence is Evidence.PINNED
    older = use.target.below(use.since)
    if use.guarded or (pinned and older):
        return
    args: dict[str, Any] = {
        "what": use.what,
        "package": use.package,
        "since": ".".join(map(str, use.since)),
        "advice": _advice(use),
    }
    if use.change is ApiChange.MOVED:
        if not older:
            yield ctx.finding("moved", at=use.loc, **args)
        return
    if use.change is ApiChange.NEEDLESS:
        yield ctx.finding("needless", at=use.loc, **args)
        return
    silent = use.change in _SILENT
    if silent and not use.since:
        yield ctx.finding("useless", at=use.loc, **args, change=use.change.value)
        return
    args["change"] = use.change.value
    if pinned:
        yield ctx.finding(
            "silent" if silent else "broken",
            at=use.loc,
            target=str(use.target),
            source=use.target.source,
            **args,
        )
    else:
        yield ctx.finding("unsure-silent" if silent else "unsure", at=use.loc, evidence=_evidence(use), **args)


@removed_api.fix
def use_new_api(finding: Finding, use: ObsoleteUse, ctx: Context) -> Offer | None:
    """Today's spelling, where the system knows how to write it."""
    if use.fix is None:
        return None
    # The same object under its new address means the same, once the version is certain to have that address.
    same = use.change is ApiChange.MOVED and use.target.evidence is Evidence.PINNED
    return Offer(_advice(use), UseNewApi(use), Applicability.SAFE if same else Applicability.UNSAFE)


def _evidence(use: ObsoleteUse) -> str:
    if not use.target.number:
        return "not pinned in the workspace"
    return f"a guess: {use.target} ({use.target.source})" if use.target.source else f"a guess: {use.target}"


def _advice(use: ObsoleteUse) -> str:
    # Systems say "nothing in its place (remove it)" where a setting went without a successor.
    return "Remove it: nothing takes its place" if use.instead.startswith("nothing") else f"Use {use.instead}"
