"""Giving tasks retries where somebody chooses how many: which tasks lack them and why that matters, and the edit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipesense.engine.report import BuiltFix, FixOffer
from pipesense.model.change import Refusal, SetRetry
from pipesense.model.data import WRITES, AccessMode
from pipesense.model.flow import Effect, Pipeline, Task
from pipesense.model.value import Absent, Known
from pipesense.rule.finding import Applicability
from pipesense.text.edit import apply_edits
from pipesense.text.span import Span

if TYPE_CHECKING:
    from pipesense.engine.fixing import Fixer
    from pipesense.engine.record import FileRecord

_RULE: Final = "reliability/insert-retries"


@dataclass(frozen=True, slots=True)
class RetryTarget:
    """A pipeline, or one task of it, whose retries can be set. ``id`` is stable while it is called that.

    ``now`` says what happens to a failed attempt today, ``reason`` why that matters, both for people. ``lacking``:
    no failed attempt is repeated and one would help; ``careful``: a second attempt would not do what the first did.
    """

    id: str
    pipeline: str
    task: str | None
    kind: str
    now: str
    reason: str
    lacking: bool
    careful: bool
    span: Span | None


@dataclass(frozen=True, slots=True)
class Retries:
    """What a workspace needs to answer for retries. ``record_of`` gives files with all their facts."""

    record_of: Callable[[str], FileRecord | None]
    fixer: Fixer

    def targets(self, path: str) -> tuple[RetryTarget, ...]:
        """Every pipeline of a file with tasks that lack retries, each followed by its tasks."""
        record = self.record_of(path)
        return tuple(self._targets(record)) if record is not None else ()

    def _targets(self, record: FileRecord) -> Iterator[RetryTarget]:
        for pipeline in record.pipelines:
            tasks = sorted((_of_task(pipeline, task, record) for task in pipeline.tasks), key=_place)
            lacking = [each for each in tasks if each.lacking]
            if len(lacking) > 1:
                span = record.document.file_span(pipeline.loc) if pipeline.loc.file == record.path else None
                reason = f"{len(lacking)} of {len(tasks)} tasks are not repeated"
                careful = any(each.careful for each in lacking)
                now = "the defaults for all tasks say nothing of retries"
                yield RetryTarget(
                    pipeline.name, pipeline.name, None, pipeline.noun, now, reason, not careful, careful, span
                )
            yield from tasks

    def build(self, target: str, path: str, attempts: int, delay_minutes: int) -> BuiltFix | Refusal:
        """The edits that give a target its retries, tried on the file, or why there are none.

        ``attempts`` counts the repetitions, ``delay_minutes`` is the pause before the first; the pause grows.
        """
        self.fixer.analyse(path)
        record = self.record_of(path)
        found = _find(record, target) if record is not None else None
        if record is None or found is None:
            return Refusal("the task is not there any more")
        pipeline, task = found
        edits = self.fixer.edits(SetRetry(pipeline, task, attempts, delay_minutes), path)
        if isinstance(edits, Refusal):
            return edits
        if set(edits) != {path}:
            return Refusal("the retries would have to be written into another file")
        before = self.fixer.trial(path)
        trial, tried = self.fixer.tried(path, apply_edits(record.document.text, edits[path]))
        if trial.unread > before.unread:
            return Refusal("the file could not be read with the retries in it")
        if not _holds(tried, pipeline, task, attempts):
            return Refusal("the retries would not be in force there, because something else sets them")
        offer = FixOffer(_RULE, f"Set {attempts} retries", Applicability.UNSAFE, _RULE)
        return BuiltFix(offer, edits, {})


def _of_task(pipeline: Pipeline, task: Task, record: FileRecord) -> RetryTarget:
    attempts = _attempts(task)
    appends = [
        str(access.dataset)
        for access in task.accesses
        if access.mode is AccessMode.APPEND and isinstance(access.guard, Absent) and not access.temporary
    ]
    writes = [str(access.dataset) for access in task.accesses if access.mode in WRITES and not access.temporary]
    works = task.touches(Effect.NETWORK) or bool(writes)
    if appends:
        reason = f"careful: it appends to {appends[0]}, and a second attempt would write its rows again"
    elif writes:
        reason = f"it writes {', '.join(dict.fromkeys(writes))}"
    elif task.touches(Effect.NETWORK):
        reason = "it touches the network, where most failures are short"
    else:
        reason = "it touches nothing outside, so a second attempt would rarely end otherwise"
    span = record.document.file_span(task.loc) if task.loc.file == record.path else None
    return RetryTarget(
        f"{pipeline.name}\n{task.name}",
        pipeline.name,
        task.name,
        task.kind,
        _now(task, attempts),
        reason,
        works and not appends and attempts == 0 and not _is_decided(task),
        bool(appends),
        span,
    )


def _place(target: RetryTarget) -> int:
    """In the order of the text; what stands in other files comes last."""
    return target.span.start if target.span is not None else 1 << 60


def _attempts(task: Task) -> int | None:
    """How often a failed attempt is repeated; None where it cannot be known."""
    retry = task.retry
    if isinstance(retry, Absent):
        return 0
    if not isinstance(retry, Known):
        return None
    attempts = retry.value.attempts
    if isinstance(attempts, Known):
        return attempts.value or 0
    return 0 if isinstance(attempts, Absent) else None


def _is_decided(task: Task) -> bool:
    """Whether somebody wrote the number down, be it 0."""
    attempts = task.retry.value.attempts if isinstance(task.retry, Known) else task.retry
    return isinstance(attempts, Known) and attempts.value is not None


def _now(task: Task, attempts: int | None) -> str:
    if attempts is None:
        return "how often it is repeated cannot be read here"
    if attempts == 0:
        return "retries=0 is written down" if _is_decided(task) else "no failed attempt is repeated"
    return f"{attempts} {'retry' if attempts == 1 else 'retries'} today"


def _find(record: FileRecord, target: str) -> tuple[Pipeline, Task | None] | None:
    name, _, task_name = target.partition("\n")
    for pipeline in record.pipelines:
        if pipeline.name == name:
            task = pipeline.task(task_name) if task_name else None
            return (pipeline, task) if task is not None or not task_name else None
    return None


def _holds(tried: FileRecord, pipeline: Pipeline, task: Task | None, attempts: int) -> bool:
    """Whether the tasks that were meant are repeated so often in the changed file."""
    now = next((each for each in tried.pipelines if each.name == pipeline.name), None)
    if now is None:
        return False
    if task is not None:
        changed = now.task(task.name)
        return changed is not None and _attempts(changed) == attempts
    bare = [each.name for each in pipeline.tasks if _attempts(each) == 0 and not _is_decided(each)]
    return all((changed := now.task(name)) is not None and _attempts(changed) == attempts for name in bare)
