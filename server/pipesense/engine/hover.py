"""What to say about a place: the finding's page, a task's effective settings, a setting's pattern, a table's life."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pipesense.engine.record import FileRecord
from pipesense.engine.relations import Lookup
from pipesense.engine.report import HoverText, Reported
from pipesense.model.data import WRITES, Access, AccessMode, CheckKind, Confidence, QualityCheck, Relation
from pipesense.model.flow import OtherRun, Pipeline, Setting, SqlFileRun, Task
from pipesense.model.quality import Dimension
from pipesense.model.value import Absent, Known, Unknown, Value, effective
from pipesense.model.where import Loc
from pipesense.quality.propose import DIMENSIONS
from pipesense.rule.context import DatasetUse
from pipesense.rule.page import Page
from pipesense.rule.registry import Registry
from pipesense.text.span import Span

Place = Callable[[Loc], "tuple[str, Span] | None"]
LineAt = Callable[[str, int], int]
"""The line (0-based) of an offset in a file."""
_MOST = 8
_COLUMNS_SHOWN = 30


class _Hover:
    """Collects sections about one place; the narrowest range wins."""

    def __init__(
        self, record: FileRecord, offset: int, registry: Registry, lookup: Lookup, place: Place, line_at: LineAt
    ) -> None:
        self.record = record
        self.offset = offset
        self.registry = registry
        self.lookup = lookup
        self.place = place
        self._line_at = line_at
        self.sections: list[str] = []
        self.spans: list[Span] = []

    def here(self, loc: Loc) -> Span | None:
        """The range of a place if it is in this file and holds the offset."""
        if loc.file != self.record.path:
            return None
        where = self.place(loc)
        return where[1] if where is not None and where[1].contains(self.offset) else None

    def add(self, text: str, span: Span) -> None:
        """One more section."""
        if text and text not in self.sections:
            self.sections.append(text)
            self.spans.append(span)

    def line_of(self, loc: Loc | None) -> str:
        """A place in words: "line 12", or "defaults.py, line 3" for another file."""
        where = self.place(loc) if loc is not None else None
        if where is None or loc is None:
            return ""
        line = self._line_at(where[0], where[1].start) + 1
        if where[0] == self.record.path:
            return f"line {line}"
        return f"{where[0].rpartition('/')[2]}, line {line}"


def hover(
    record: FileRecord,
    offset: int,
    registry: Registry,
    lookup: Lookup,
    place: Place,
    line_at: LineAt,
    findings: Sequence[Reported],
) -> HoverText | None:
    """Markdown about the place at ``offset``, or None where there is nothing to say."""
    made = _Hover(record, offset, registry, lookup, place, line_at)
    _findings(made, findings)
    _tables(made)
    _pipelines(made)
    _sites(made)
    if not made.sections:
        return None
    return HoverText("\n\n---\n\n".join(made.sections), min(made.spans, key=lambda span: span.end - span.start))


def _findings(made: _Hover, findings: Sequence[Reported]) -> None:
    for reported in findings:
        if not reported.span.contains(made.offset):
            continue
        head = f"**{reported.rule}** · {reported.severity.word}\n\n{reported.message}"
        page = made.registry.page(reported.rule)
        made.add(f"{head}\n\n{page_text(page)}" if page is not None else head, reported.span)


def page_text(page: Page) -> str:
    """A page as a hover shows it: the summary and the lesson with one example."""
    return f"*{page.summary}*\n\n{page.lesson}"


# --- tasks ---------------------------------------------------------------------------------------


def _pipelines(made: _Hover) -> None:
    for pipeline in made.record.pipelines:
        span = made.here(pipeline.loc)
        if span is not None:
            made.add(_about_pipeline(pipeline), span)
        for task in pipeline.tasks:
            span = made.here(task.loc)
            if span is not None:
                made.add(_about_task(made, pipeline, task), span)


def _about_pipeline(pipeline: Pipeline) -> str:
    lines = [f"**{pipeline.noun} {pipeline.name}** · {len(pipeline.tasks)} tasks"]
    schedule = pipeline.schedule
    if isinstance(schedule.text, Known):
        lines.append(f"- schedule: {_code(schedule.text.value) if schedule.text.value else 'never by itself'}")
    lines.append(f"- start date: {schedule.moving_start_text or _words(schedule.start)}")
    lines.append(f"- catch up: {_words_bool(schedule.catchup)}")
    if pipeline.edges.opened is not None:
        lines.append(f"- order of tasks: not all known, {pipeline.edges.opened.why}")
    return "\n".join(lines)


def _about_task(made: _Hover, pipeline: Pipeline, task: Task) -> str:
    lines = [f"**Task {task.name}** · {task.kind} · {pipeline.noun} {pipeline.name}", ""]
    lines += [_setting(made, setting) for setting in task.settings]
    lines += _runs(task)
    lines += _access_lines(task.accesses)
    lines += [f"- checks {_subject(check)}: {', '.join(_kinds(check))}" for check in task.checks]
    before, behind = pipeline.edges.upstream(task.name), pipeline.edges.downstream(task.name)
    closed = pipeline.edges.opened is None
    lines.append(f"- upstream: {_names(before, closed)}")
    lines.append(f"- downstream: {_names(behind, closed)}")
    lines.append(f"- quality checks behind it: {_gates(pipeline, task, behind)}")
    return "\n".join(lines)


def _setting(made: _Hover, setting: Setting) -> str:
    value = setting.value
    meaning = f" ({setting.meaning})" if setting.meaning else ""
    if isinstance(value, Known):
        where = [value.origin.value, made.line_of(value.loc)]
        source = ", ".join(part for part in where if part and part != "here")
        return f"- {setting.name}: **{value.value}**{meaning}" + (f", from {source}" if source else "")
    if isinstance(value, Absent):
        default = effective(value)
        shown = f"the default is {default}" if default is not None else "nothing sets it"
        places = f"; looked in {', '.join(value.searched)}" if value.searched else ""
        return f"- {setting.name}: none, {shown}{places}"
    return f"- {setting.name}: unknown, {value.why}"


def _runs(task: Task) -> Iterable[str]:
    for run in task.runs:
        if isinstance(run, SqlFileRun):
            yield f"- runs: {_code(run.path)}"
        elif isinstance(run, OtherRun):
            yield f"- runs: {run.what}"


def _access_lines(accesses: Sequence[Access]) -> Iterable[str]:
    by_mode: dict[AccessMode, list[str]] = {}
    for access in accesses:
        names = by_mode.setdefault(access.mode, [])
        if str(access.dataset) not in names:
            names.append(str(access.dataset))
    for mode, names in by_mode.items():
        yield f"- {mode.value}: {', '.join(_code(name) for name in names[:_MOST])}"


def _gates(pipeline: Pipeline, task: Task, behind: frozenset[str]) -> str:
    found: list[str] = []
    for other in pipeline.tasks:
        if other.name in behind:
            found += [_check(other.name, check) for check in other.checks]
    if found:
        return ", ".join(dict.fromkeys(found))
    return "none known" if pipeline.edges.opened is not None else "none"


def _names(names: frozenset[str], closed: bool) -> str:
    shown = ", ".join(_code(name) for name in sorted(names)[:_MOST])
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return (shown + more if names else "nothing") + ("" if closed else " (and perhaps more)")


# --- settings ------------------------------------------------------------------------------------


def _sites(made: _Hover) -> None:
    for site in made.record.linked.sites:
        span = made.here(site.loc)
        page = made.registry.pattern(site.pattern) if span is not None else None
        if span is not None and page is not None:
            note = f"{site.note}\n\n" if site.note else ""
            made.add(f"**{page.title}**\n\n{note}{page_text(page)}", span)


# --- tables --------------------------------------------------------------------------------------


def _tables(made: _Hover) -> None:
    for script in made.record.linked.scripts.values():
        for statement in script.statements:
            for access in statement.accesses:
                span = made.here(access.loc)
                if span is not None and not access.temporary:
                    made.add(_about_table(made, access), span)
                    return


def _about_table(made: _Hover, access: Access) -> str:
    dataset = access.dataset
    uses = _matching_uses(made, access)
    lines = [f"**Table {dataset}**", ""]
    lines.append(f"- written by: {_users(use for use in uses if use.access.mode in WRITES)}")
    lines.append(f"- read by: {_users(use for use in uses if use.access.mode is AccessMode.READ)}")
    checks = _matching_checks(made, access)
    shown = [_check(check.by, check) for check in checks]
    lines.append(f"- quality checks: {', '.join(dict.fromkeys(shown)) or 'none known'}")
    lines += _dimensions(checks)
    relation = _relation(made, access)
    if relation is not None:
        lines += ["", *_columns(relation)]
    return "\n".join(lines)


def _dimensions(checks: Sequence[QualityCheck]) -> Iterable[str]:
    """Which dimensions of quality somebody looks at, and which nobody does."""
    kinds = {kind for check in checks for kind in check.kinds}
    seen = {DIMENSIONS[kind] for kind in kinds if kind in DIMENSIONS}
    if seen:
        missing = [each.value for each in Dimension if each not in seen]
        # What a check of somebody's own looks at cannot be told.
        perhaps = " (but for what custom checks look at)" if CheckKind.CUSTOM in kinds and missing else ""
        yield f"- checked: {', '.join(each.value for each in Dimension if each in seen)}"
        yield f"- not checked: {', '.join(missing) or 'nothing'}{perhaps}"


def _matching_uses(made: _Hover, access: Access) -> list[DatasetUse]:
    found: list[DatasetUse] = []
    for values in made.lookup.get(("uses", access.dataset.table)):
        if isinstance(values, tuple):
            found += [use for use in values if use.access.dataset.match(access.dataset) is not Confidence.NONE]
    return found


def _matching_checks(made: _Hover, access: Access) -> list[QualityCheck]:
    found: list[QualityCheck] = []
    for values in made.lookup.get(("checks", access.dataset.table)):
        if isinstance(values, tuple):
            found += [
                check
                for check in values
                if isinstance(check.dataset, Known) and check.dataset.value.match(access.dataset) is not Confidence.NONE
            ]
    return found


def _relation(made: _Hover, access: Access) -> Relation | None:
    candidates = [
        relation
        for values in made.lookup.get(("relation", access.dataset.table))
        if isinstance(values, tuple)
        for relation in values
        if relation.dataset.match(access.dataset) is not Confidence.NONE
    ]
    return candidates[0] if len(candidates) == 1 else None


def _columns(relation: Relation) -> Iterable[str]:
    yield "| column | type | |"
    yield "|---|---|---|"
    for column in relation.columns[:_COLUMNS_SHOWN]:
        marks = ["key"] if column.name in relation.primary_key else []
        marks += [] if column.nullable else ["not null"]
        yield f"| {column.name} | {column.type} | {', '.join(marks)} |"
    if relation.opened is not None:
        yield f"\nMore columns may exist: {relation.opened.why}."


def _users(uses: Iterable[DatasetUse]) -> str:
    names = list(dict.fromkeys(use.by for use in uses))
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return (", ".join(names[:_MOST]) + more) or "nobody in this workspace"


def _words(value: Value[str]) -> str:
    if isinstance(value, Known):
        return value.value
    if isinstance(value, Unknown):
        return f"unknown, {value.why}"
    return "none"


def _words_bool(value: Value[bool]) -> str:
    if isinstance(value, Known):
        return "yes" if value.value else "no"
    if isinstance(value, Absent):
        default = effective(value)
        return "not set" if default is None else f"not set, the default is {'yes' if default else 'no'}"
    return f"unknown, {value.why}"


def _check(by: str, check: QualityCheck) -> str:
    return f"{by} ({', '.join(_kinds(check))})"


def _kinds(check: QualityCheck) -> list[str]:
    return sorted(kind.value for kind in check.kinds)


def _subject(check: QualityCheck) -> str:
    return _code(check.dataset.value) if isinstance(check.dataset, Known) else "data"


def _code(text: object) -> str:
    return f"`{text}`"
