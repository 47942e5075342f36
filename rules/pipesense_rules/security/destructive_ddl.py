"""A scheduled script drops or empties a table that nothing brings back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.data import WRITES, AccessMode, Confidence, DatasetName
from pipesense.model.flow import EmbeddedRun, Role, SqlFileRun, Task
from pipesense.model.sql import Drop, Script, Statement
from pipesense.model.value import effective, known
from pipesense.rule.context import Context, TaskRun
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules import scripts, shapes

_DO: Final = "Take it out of the pipeline and run it by hand once, or keep what it removes somewhere first."

META = RuleMeta(
    id="security/destructive-ddl",
    wants=Script,
    pattern="safe-dml",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "drop": Message(
            Severity.WARNING,
            "Task {task} drops {kind} {name} on a schedule, and nothing in the workspace makes it again.",
            "Each run repeats it: what somebody restores or creates under that name is gone the next day.",
            _DO,
        ),
        "truncate": Message(
            Severity.WARNING,
            "Task {task} empties {name} on a schedule, and nothing in the workspace fills it.",
            "Each run repeats it: rows that come from anywhere else are gone the next day.",
            _DO,
        ),
        "cascade": Message(
            Severity.ERROR,
            "Task {task} drops {kind} {name} on a schedule together with everything that depends on it.",
            "CASCADE takes views, keys and, for a schema, all tables; no list says which, and none of them comes back.",
            "Leave CASCADE out, so that the engine names what still depends on it.",
        ),
    },
)

_IDLE: Final = frozenset({Role.EMPTY, Role.SENSOR, Role.BRANCH, Role.NOTIFY, Role.CHECK})
_PASSING: Final = frozenset({"new", "old", "bak", "backup", "copy", "swap", "next"})
_KINDS: Final = frozenset({"table", "schema", "database", "view", "materialized view"})
_FILLS: Final = WRITES - {AccessMode.UPDATE} | {AccessMode.CREATE}


@rule(META)
def destructive_ddl(script: Script, ctx: Context) -> Iterator[Finding]:
    """At the words and the name."""
    blocks = scripts.inside_blocks(script)
    found = [
        one
        for index in sorted({at for fact in ("drop", "write") for at, _ in script.numbered(fact)} - blocks)
        for one in _removals(script, index, ctx)
    ]
    runs = [run for run in ctx.runs_of(script) if _is_scheduled_sql(run)] if found else []
    if not runs:
        return
    run: TaskRun = runs[0]
    for statement, variant, span, kind, name in found:
        related = [Related(run.task.loc, f"task {run.task.name} of {run.pipeline.noun} {run.pipeline.name} runs it")]
        yield ctx.finding(variant, at=statement.at(span), related=related, task=run.task.name, kind=kind, name=name)


def _is_scheduled_sql(run: TaskRun) -> bool:
    """Whether a schedule repeats it and all that the pipeline runs can be seen: any other task may fill the table."""
    tasks = run.pipeline.tasks
    return effective(run.pipeline.schedule.text) is not None and all(_is_seen(task) for task in tasks)


def _is_seen(task: Task) -> bool:
    if task.runs:
        return all(isinstance(each, (EmbeddedRun, SqlFileRun)) for each in task.runs)
    role = known(task.role)
    return role is not None and role in _IDLE


def _removals(script: Script, index: int, ctx: Context) -> Iterator[tuple[Statement, str, Span, str, str]]:
    """What a statement takes away for good: the statement, variant, place, kind and name."""
    statement = script.statements[index]
    facts = statement.facts
    if facts.error:
        return
    write = facts.write
    truncated = write is not None and write.verb == "truncate" and not write.temporary
    if write is not None and truncated and not _is_passing(script, index, write.target, ctx):
        yield statement, "truncate", write.keyword.cover(write.target_span), "table", ".".join(write.target)
    drop = facts.drop
    if drop is None or drop.kind not in _KINDS or drop.temporary:
        return
    for parts, place in drop.names:
        passing = _is_passing(script, index, parts, ctx)
        if drop.kind in ("schema", "database"):
            passing = scripts.is_masked(parts) or shapes.is_staging(parts) or _made_here(script, index, drop, parts)
        if not passing:
            variant = "cascade" if drop.cascade else "drop"
            yield statement, variant, drop.keyword.cover(place), drop.kind, ".".join(parts)


def _is_passing(script: Script, index: int, parts: tuple[str, ...], ctx: Context) -> bool:
    """Whether the table is for work in between, or comes back: here, earlier, later, or anywhere in the workspace."""
    if not parts or scripts.is_masked(parts) or shapes.is_staging(parts) or parts[-1].startswith("#"):
        return True
    if shapes.words(parts[-1]) & _PASSING:
        return True
    target = DatasetName(tuple(part.lower() for part in parts))
    statements = script.statements
    if any(one.error for one in (each.facts for each in statements)):
        return True
    if scripts.filled_later((*statements[:index], *statements[index + 1 :]), target) is not None:
        return True
    if any(each.facts.alter is not None and scripts.mentions_table(each, parts) for each in statements):
        # Swapped in or renamed: the name stays.
        return True
    return any(
        use.access.mode in _FILLS and use.access.dataset.match(target) is not Confidence.NONE
        for use in ctx.uses_of(target)
    )


def _made_here(script: Script, index: int, drop: Drop, parts: tuple[str, ...]) -> bool:
    """Whether the script makes the schema or database too."""
    creates = [one.facts.create for at, one in enumerate(script.statements) if at != index]
    return any(one is not None and one.kind == drop.kind and scripts.same(one.parts, parts) for one in creates)
