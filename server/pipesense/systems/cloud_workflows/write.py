"""Writes changes into a workflow, in the format and manner of the file that holds it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Final

from pipesense.lang.documents.edit import Editor
from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.json.edit import Layout
from pipesense.lang.yaml.edit import Raw, Value, Writer
from pipesense.lang.yaml.nodes import Entry, Mapping, Sequence, mapping
from pipesense.model.change import (
    Change,
    CompleteRetry,
    RaiseAgain,
    Refusal,
    Replace,
    SetRetry,
    SetTimeout,
    UseRetryPolicy,
)
from pipesense.systems.cloud_workflows.steps import Step, StepReader, inside
from pipesense.text.edit import TextEdit
from pipesense.text.regex import regex
from pipesense.text.span import Span

_CALL_KEYS: Final = ("call", "args", "result")
_LINE: Final = regex(r"\r\n|\n|\r")


def write(change: Change, file: DocumentFile) -> tuple[Replace, ...] | Refusal:
    """The edits of a change, or why there are none."""
    reader = StepReader(file)
    reader.read()
    steps = [step for part in reader.parts for step in part.steps]
    if isinstance(change, UseRetryPolicy):
        return (Replace(change.retry.loc, "${" + change.policy + "}"),)
    if isinstance(change, RaiseAgain):
        return _raise(change, file, steps)
    if isinstance(change, CompleteRetry):
        return _complete(change, file, steps)
    if not isinstance(change, (SetRetry, SetTimeout)):
        return Refusal("a workflow has no such setting")
    wanted = {task.loc for task in change.tasks or ((change.task,) if change.task else ())}
    edits: list[TextEdit] = []
    for step in steps:
        if file.loc(inside(step.entry.name)) in wanted:
            made = _repeat(file, step) if isinstance(change, SetRetry) else _limit(file, step, change.hours)
            if not made:
                return Refusal(f"there is no certain place for it in the step {step.name}")
            edits += made
    if not edits:
        return Refusal("the steps are not there any more")
    return tuple(Replace(file.loc(edit.span), edit.text) for edit in dict.fromkeys(edits))


def _editor(file: DocumentFile) -> Editor:
    return Editor(file.tree, file.language == "json")


def _policy(step: Step) -> str:
    repeatable = step.call is not None and (step.call.is_repeatable or step.call.keyed)
    return "${http.default_retry}" if repeatable else "${http.default_retry_non_idempotent}"


def _repeat(file: DocumentFile, step: Step) -> list[TextEdit]:
    """A retry behind the step's own try, or the call in a try of its own with a retry behind it."""
    tried = step.body.own("try")
    if tried is not None:
        edit = _editor(file).add(step.body, {"retry": _written(file, step.body, _policy(step))}, tried)
        return [edit] if edit is not None else []
    entries = list(step.body.entries)
    held = [entry for entry in entries if entry.key in _CALL_KEYS]
    first, last = held[0], held[-1]
    between = entries[entries.index(first) : entries.index(last) + 1]
    if len(between) != len(held) or not held:
        return []
    if file.language == "json":
        return _wrapped_json(file, step, first, last)
    if step.body.flow:
        start, end = first.span.start, last.span.end
        return [
            TextEdit(Span(start, start), "try: {"),
            TextEdit(Span(end, end), f'}}, retry: "{_policy(step)}"'),
        ]
    return list(_wrapped_yaml(file, held, _policy(step)))


def _written(file: DocumentFile, body: Mapping, policy: str) -> Value:
    return policy if file.language == "json" or body.flow else Raw(policy)


def _wrapped_yaml(file: DocumentFile, held: list[Entry], policy: str) -> Iterator[TextEdit]:
    """The lines of the call further right, as far as its own parts are, below a try."""
    writer, text = Writer(file.tree), file.text
    start, end = held[0].span.start, held[-1].span.end
    column = writer.column(start)
    inner = [entry.value for entry in held if isinstance(entry.value, Mapping) and not entry.value.flow]
    columns = [writer.column(each.entries[0].span.start) for each in inner if each.entries]
    step = columns[0] - column if columns and columns[0] > column else writer.step
    pad = writer.newline + " " * column
    yield TextEdit(Span(start, start), f"try:{pad}{' ' * step}")
    for line in _LINE.finditer(text, start, end):
        row = line.end()
        if text[row : row + 1] not in ("\r", "\n"):
            yield TextEdit(Span(row, row), " " * step)
    while end < len(text) and text[end] not in "\r\n":
        end += 1
    yield TextEdit(Span(end, end), f"{pad}retry: {policy}")


def _wrapped_json(file: DocumentFile, step: Step, first: Entry, last: Entry) -> list[TextEdit]:
    text, root = file.text, file.tree.root
    if root is None:
        return []
    layout = Layout(text, root)
    start, end = first.span.start, last.span.end
    policy = f'"retry": "{_policy(step)}"'
    if not layout.breaks(step.body.span.start, start):
        return [TextEdit(Span(start, start), '"try": {'), TextEdit(Span(end, end), f"}}, {policy}")]
    margin = layout.margin(start)
    inner = f"{layout.newline}{margin}{layout.step}"
    edits = [TextEdit(Span(start, start), f'"try": {{{inner}')]
    edits += [TextEdit(Span(line.end(), line.end()), layout.step) for line in _LINE.finditer(text, start, end)]
    closing = f"{layout.newline}{margin}}},{layout.newline}{margin}{policy}"
    return [*edits, TextEdit(Span(end, end), closing)]


def _limit(file: DocumentFile, step: Step, hours: int) -> list[TextEdit]:
    """The most that a request may take is half an hour."""
    args = mapping(step.calling.get("args"))
    if args is None:
        return []
    most = 1800 if step.call is not None and step.call.is_request else hours * 3600
    edit = _editor(file).add(args, {"timeout": min(most, hours * 3600)})
    return [edit] if edit is not None else []


def _raise(change: RaiseAgain, file: DocumentFile, steps: list[Step]) -> tuple[Replace, ...] | Refusal:
    """A last step in the except block; its name must be no other step's."""
    taken = {step.name for step in steps}
    for step in steps:
        entry = step.body.own("except")
        if entry is None or file.loc(inside(entry.name)) != change.failure.loc:
            continue
        handler = mapping(entry.value)
        kept = handler.get("steps") if handler is not None else None
        if not isinstance(kept, Sequence) or not change.failure.error:
            return Refusal("the error has no name in the except block")
        name = next(each for each in _names("raise_again") if each not in taken)
        value = _written(file, step.body, "${" + change.failure.error + "}")
        edit = _editor(file).append(kept, {name: {"raise": value}})
        return (Replace(file.loc(edit.span), edit.text),) if edit is not None else Refusal("there is no place for it")
    return Refusal("the except block is not there any more")


def _names(first: str) -> Iterator[str]:
    yield first
    yield from (f"{first}_{number}" for number in count(2))


def _complete(change: CompleteRetry, file: DocumentFile, steps: list[Step]) -> tuple[Replace, ...] | Refusal:
    for step in steps:
        entry = step.body.own("retry")
        node = mapping(entry.value) if entry is not None else None
        if entry is None or node is None or file.loc(inside(entry.name)) != change.retry.loc:
            continue
        harmless = all(call.harmless for call in change.retry.calls)
        predicate = "${http.default_retry_predicate" + ("" if harmless else "_non_idempotent") + "}"
        every: dict[str, Value] = {
            "predicate": _written(file, node, predicate),
            "max_retries": 5,
            "backoff": {"initial_delay": 1, "max_delay": 60, "multiplier": 2},
        }
        edit = _editor(file).add(node, {key: every[key] for key in change.retry.missing})
        if edit is None:
            return Refusal("there is no certain place for it")
        return (Replace(file.loc(edit.span), edit.text),)
    return Refusal("the retry is not there any more")
