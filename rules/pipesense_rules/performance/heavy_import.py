"""A scheduler imports a large library whenever it reads the file, and only tasks use it."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Rewrite
from pipesense.model.code import HeavyImport
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="performance/heavy-import",
    wants=HeavyImport,
    pattern="parse-time-and-run-time",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "unused": Message(
            Severity.HINT,
            "{package} is imported whenever the scheduler reads this file, and only {functions} {use} it.",
            "The file is read again and again, and once more before each task, also of tasks that do not need it.",
            "Import it inside the function.",
        ),
    },
)


@rule(META)
def heavy_import(found: HeavyImport, ctx: Context) -> Iterator[Finding]:
    """At the import."""
    names = [path.rpartition(".")[2] for path in found.functions]
    shown = " and ".join(names) if len(names) < 3 else f"{', '.join(names[:2])} and {len(names) - 2} more"
    use = "uses" if len(names) == 1 else "use"
    yield ctx.finding("unused", at=found.loc, package=found.package, functions=shown, use=use)


@heavy_import.fix
def import_inside(finding: Finding, found: HeavyImport, ctx: Context) -> Offer | None:
    """The import as the first line of each function that uses it."""
    if not found.edits:
        return None
    where = found.functions[0].rpartition(".")[2] if len(found.functions) == 1 else "the functions"
    return Offer(f"Import {found.package} inside {where}", Rewrite(found.edits), Applicability.UNSAFE)
