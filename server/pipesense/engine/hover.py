"""What to say about a place: the finding's page, a task's effective settings, a setting's pattern, a table's life."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from itertools import islice

from pipesense.engine.hover_architecture import architecture_of_code, layer_line
from pipesense.engine.hover_base import MOST, LineAt, Making, Place, check_words, code, kinds, subject
from pipesense.engine.hover_patterns import pattern_lines
from pipesense.engine.hover_rerun import rerun_lines
from pipesense.engine.hover_sql import about_sql, matching_uses
from pipesense.engine.record import FileRecord
from pipesense.engine.relations import Answers
from pipesense.engine.report import HoverText, Reported
from pipesense.model.data import Access, AccessMode
from pipesense.model.flow import OtherRun, Pipeline, Setting, SqlFileRun, Task
from pipesense.model.value import Absent, Known, Unknown, Value, effective
from pipesense.rule.meta import Severity
from pipesense.rule.page import Page
from pipesense.rule.registry import Registry
from pipesense.text.cron import read_cron, words
from pipesense.text.secrets import masked
from pipesense.text.span import Span


def hover(
    record: FileRecord,
    offset: int,
    registry: Registry,
    answers: Answers,
    place: Place,
    line_at: LineAt,
    findings: Sequence[Reported],
    layers: Mapping[str, str],
) -> HoverText | None:
    """Markdown about the place at ``offset``, or None where there is nothing to say; ``layers`` is the setting."""
    from pipesense.engine.hover_dbt import about_dbt

    made = Making(record, offset, registry, answers, place, line_at)
    made.layers = layers
    told = [reported for reported in findings if reported.span.contains(offset)]
    _findings(made, [each for each in told if each.severity <= Severity.WARNING], whole=True)
    loud = len(made.sections)
    if not about_dbt(made):
        about_sql(made)
    # What is said of this very place comes before the task that it belongs to.
    _code(made)
    _sites(made)
    _pipelines(made)
    # Advice must not push what is asked for out of sight: where there is more to tell, it comes last, and short.
    _findings(made, [each for each in told if each.severity > Severity.WARNING], whole=len(made.sections) == loud)
    if not made.sections:
        return None
    return HoverText(masked("\n\n---\n\n".join(made.sections)), min(made.spans, key=lambda span: span.end - span.start))


def _findings(made: Making, findings: Sequence[Reported], *, whole: bool) -> None:
    """The findings, each with its page; without ``whole`` only with the page's summary."""
    for reported in findings:
        head = f"**{reported.rule}** · {reported.severity.word}\n\n{reported.message}"
        page = made.registry.page(reported.rule)
        # The message says what the summary would say again.
        behind = (page.lesson if whole else f"*{page.summary}*") if page is not None else ""
        made.add(f"{head}\n\n{behind}" if behind else head, reported.span)


def page_text(page: Page) -> str:
    """A page as a hover shows it: the summary and the lesson with one example."""
    return f"*{page.summary}*\n\n{page.lesson}"


# --- tasks ---------------------------------------------------------------------------------------


def _pipelines(made: Making) -> None:
    for pipeline in (*made.record.pipelines, *_around(made)):
        span = made.here(pipeline.loc)
        if span is not None:
            made.add(_about_pipeline(pipeline), span)
        for task in pipeline.tasks:
            span = made.here(task.loc)
            if span is not None:
                made.add(_about_task(made, pipeline, task), span)


def _around(made: Making) -> Iterable[Pipeline]:
    """Pipelines of other files that this file is a task of."""
    for folder in [key[2] for key in made.record.linked.exports if key[:2] == ("told", "gusty task")]:
        yield from (each for each in made.lookup.get(("told", "gusty DAG", folder)) if isinstance(each, Pipeline))


def _about_pipeline(pipeline: Pipeline) -> str:
    lines = [f"**{pipeline.noun} {pipeline.name}** · {len(pipeline.tasks)} task{'s' * (len(pipeline.tasks) != 1)}"]
    schedule = pipeline.schedule
    if isinstance(schedule.text, Known):
        lines.append(f"- schedule: {_schedule(schedule.text.value)}")
    if not (isinstance(schedule.text, Unknown) and schedule.text == schedule.start):
        lines.append(f"- start date: {schedule.moving_start_text or _words(schedule.start)}")
        lines.append(f"- catch up: {_words_bool(schedule.catchup)}")
    if pipeline.edges.opened is not None:
        lines.append(f"- order of tasks: not all known, {pipeline.edges.opened.why}")
    return "\n".join(lines)


def _schedule(text: str | None) -> str:
    """A schedule as written, in words, and its next runs."""
    if not text:
        return "never by itself"
    cron = read_cron(text)
    if isinstance(cron, str):
        return code(text)
    coming = [f"{moment:%Y-%m-%d %H:%M}" for moment in islice(cron.following(datetime.now(timezone.utc)), 2)]
    then = f"; the next runs are {' and '.join(coming)}, if it counts in UTC" if coming else ""
    return f"{code(text)}, {words(cron)}{then}"


def _about_task(made: Making, pipeline: Pipeline, task: Task) -> str:
    lines = [f"**Task {task.name}** · {task.kind} · {pipeline.noun} {pipeline.name}", ""]
    lines += [_setting(made, setting) for setting in task.settings]
    lines += _runs(task)
    lines += _access_lines(task.accesses)
    lines += rerun_lines(task)
    lines += pattern_lines(task, made.registry)
    lines += [f"- checks {subject(check)}: {', '.join(kinds(check))}" for check in task.checks]
    before, behind = pipeline.edges.upstream(task.name), pipeline.edges.downstream(task.name)
    closed = pipeline.edges.opened is None
    lines.append(f"- upstream: {_names(before, closed)}")
    lines.append(f"- downstream: {_names(behind, closed)}")
    lines.append(f"- quality checks behind it: {_gates(pipeline, task, behind)}")
    return "\n".join(lines)


def _setting(made: Making, setting: Setting) -> str:
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
            yield f"- runs: {code(run.path)}"
        elif isinstance(run, OtherRun):
            yield f"- runs: {run.what}"


def _access_lines(accesses: Sequence[Access]) -> Iterable[str]:
    by_mode: dict[AccessMode, list[str]] = {}
    for access in accesses:
        names = by_mode.setdefault(access.mode, [])
        if str(access.dataset) not in names:
            names.append(str(access.dataset))
    for mode, names in by_mode.items():
        yield f"- {mode.value}: {', '.join(code(name) for name in names[:MOST])}"


def _gates(pipeline: Pipeline, task: Task, behind: frozenset[str]) -> str:
    found: list[str] = []
    for other in pipeline.tasks:
        if other.name in behind:
            found += [check_words(other.name, check) for check in other.checks]
    if found:
        return ", ".join(dict.fromkeys(found))
    return "none known" if pipeline.edges.opened is not None else "none"


def _names(names: frozenset[str], closed: bool) -> str:
    shown = ", ".join(code(name) for name in sorted(names)[:MOST])
    more = f" and {len(names) - MOST} more" if len(names) > MOST else ""
    return (shown + more if names else "nothing") + ("" if closed else " (and perhaps more)")


# --- settings ------------------------------------------------------------------------------------


def _sites(made: Making) -> None:
    for site in made.record.linked.sites:
        span = made.here(site.loc)
        page = made.registry.pattern(site.pattern) if span is not None else None
        if span is None or page is None or (site.pattern == "kappa-architecture" and _is_lambda(made)):
            continue
        note = f"{site.note}\n\n" if site.note else ""
        made.add(f"**{page.title}**\n\n{note}{page_text(page)}", span)


def _is_lambda(made: Making) -> bool:
    """Whether a batch writes the same table, which only the whole workspace tells."""
    page = made.registry.pattern("lambda-architecture")
    return page is not None and any(section.startswith(f"**{page.title}**") for section in made.sections)


def _code(made: Making) -> None:
    """The architecture of a table that code writes, at its name."""
    for scopes in made.record.linked.code.values():
        for access in (access for scope in scopes for access in scope.accesses):
            span = made.here(access.loc)
            note = architecture_of_code(access, matching_uses(made, access)) if span is not None else ""
            if span is not None and note:
                _pattern(made, "lambda-architecture", note, span)
            if span is not None:
                for line in layer_line(access.dataset, made.layers):
                    made.add(f"**{access.dataset}**\n\n{line}", span)


def _pattern(made: Making, pattern: str, note: str, span: Span) -> None:
    page = made.registry.pattern(pattern)
    if page is not None:
        made.add(f"**{page.title}**\n\n{note}\n\n{page_text(page)}", span)


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
