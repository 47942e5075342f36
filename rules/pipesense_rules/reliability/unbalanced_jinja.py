"""A template tag closes nothing, is never closed, or cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Replace
from pipesense.model.dbt import DbtFile, TagProblem
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_WHY = "dbt cannot parse the file, and refuses the whole project with it."

META = RuleMeta(
    id="reliability/unbalanced-jinja",
    wants=DbtFile,
    pattern="model-graph",
    since="0.1",
    roles=PRODUCTION | {FileRole.TEST, FileRole.MACRO},
    messages={
        "orphan": Message(Severity.ERROR, "Nothing is open that {tag} could close.", _WHY, "Delete the tag."),
        "open": Message(Severity.ERROR, "{expected} is missing for this {tag}.", _WHY, "Add {expected}."),
        "unread": Message(Severity.ERROR, "This tag cannot be read as Jinja.", _WHY, "Look for a bracket or comma."),
    },
)


@rule(META)
def unbalanced_jinja(file: DbtFile, ctx: Context) -> Iterator[Finding]:
    """Report the first tag of a file that fits nothing: what follows may be its consequence."""
    for problem in file.problems[:1]:
        tag = problem.text.split()[0] if problem.text.split() else "tag"
        if problem.orphan:
            yield ctx.finding("orphan", at=problem.at, tag=tag, subject=problem)
        elif problem.expected:
            yield ctx.finding("open", at=problem.at, tag=tag, expected=problem.expected, subject=problem)
        else:
            yield ctx.finding("unread", at=problem.at, subject=problem)


@unbalanced_jinja.fix
def delete_the_orphan(finding: Finding, problem: TagProblem, ctx: Context) -> Offer | None:
    """A tag that closes nothing is refused as it is."""
    if not problem.orphan:
        return None
    return Offer("Delete the tag", Replace(problem.at, ""), Applicability.SAFE)
