"""Writes changes into a definition, in the format and manner of the file that holds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from pipesense.lang.documents.edit import Editor
from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.yaml.edit import Value
from pipesense.lang.yaml.nodes import Alias, Mapping, Node, items, resolved
from pipesense.model.change import (
    CatchFailures,
    Change,
    HandleAllLast,
    KeepInput,
    Refusal,
    Replace,
    SetRetry,
    SetTimeout,
    SpreadRetries,
)
from pipesense.model.states import Handler
from pipesense.model.where import Loc
from pipesense.systems.stepfunctions.find import Found, machines
from pipesense.systems.stepfunctions.resources import Resource
from pipesense.systems.stepfunctions.states import Read, Reader
from pipesense.text.edit import TextEdit
from pipesense.text.span import Span

_LAMBDA_ERRORS: Final = (
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
)
"""What passes by itself: https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception"""
_ALL: Final = "States.ALL"
_Entries = Callable[[Read], "dict[str, Value]"]


def write(change: Change, file: DocumentFile) -> tuple[Replace, ...] | Refusal:
    """The edits of a change, or why there are none."""
    found = _all(file)
    if isinstance(change, SetRetry):
        wanted = {task.loc for task in change.tasks or ((change.task,) if change.task else ())}
        return _each(file, found, wanted, lambda read: {"Retry": [_retrier(change, read.resource)]})
    if isinstance(change, SetTimeout):
        wanted = {task.loc for task in change.tasks or ((change.task,) if change.task else ())}
        return _each(file, found, wanted, lambda _: {"TimeoutSeconds": change.hours * 3600})
    if isinstance(change, CatchFailures):
        catcher: dict[str, Value] = {"ErrorEquals": [_ALL]}
        if change.keep_input:
            catcher["ResultPath"] = "$.error"
        catcher["Next"] = change.to
        return _each(file, found, {state.loc for state in change.states}, lambda _: {"Catch": [catcher]})
    if isinstance(change, SpreadRetries):
        return _entries(file, found, change.handlers, {"JitterStrategy": "FULL"})
    if isinstance(change, KeepInput):
        return _entries(file, found, change.handlers, {"ResultPath": "$.error"})
    if isinstance(change, HandleAllLast):
        return _all_last(file, found, change.handler)
    return Refusal("a state machine has no such setting")


def _all(file: DocumentFile) -> list[tuple[Found, tuple[Read, ...]]]:
    return [
        (found, tuple(Reader(file, found, in_parts=False).machine().everything()))
        for found in machines(file, in_parts=False)
    ]


def _retrier(change: SetRetry, resource: Resource | None) -> dict[str, Value]:
    """What passes by itself is tried again: soon for a call, after minutes for a job that has to start anew."""
    if resource is not None and resource.is_lambda:
        errors, seconds, attempts, longest = list(_LAMBDA_ERRORS), 2, 6, 60
    elif resource is not None and resource.job:
        errors, seconds, attempts, longest = ["States.TaskFailed"], change.delay_minutes * 60, 2, None
    else:
        errors, seconds, attempts, longest = ["States.TaskFailed"], 2, change.attempts, 60
    found: dict[str, Value] = {
        "ErrorEquals": list(errors),
        "IntervalSeconds": seconds,
        "MaxAttempts": attempts,
        "BackoffRate": 2.0,
    }
    if longest is not None:
        found["MaxDelaySeconds"] = longest
    found["JitterStrategy"] = "FULL"
    return found


def _each(
    file: DocumentFile,
    found: Iterable[tuple[Found, tuple[Read, ...]]],
    wanted: set[Loc],
    entries: _Entries,
) -> tuple[Replace, ...] | Refusal:
    """Entries for every wanted state, before what says where it goes on."""
    edits: list[TextEdit] = []
    for machine, reads in found:
        for read in reads:
            if read.state.loc not in wanted:
                continue
            if isinstance(read.entry.value, Alias):
                return Refusal("the state is an alias of another one, which would change with it")
            edit = _insert(machine.editor, read.body, entries(read))
            if edit is None:
                return Refusal(f"there is no certain place for it in the state {read.state.name}")
            edits.append(edit)
    if not edits:
        return Refusal("the states are not there any more")
    return _replaces(file, edits)


def _insert(editor: Editor, body: Mapping, entries: dict[str, Value]) -> TextEdit | None:
    """Behind what the state does and before where it goes on, as people write it."""
    last = next((entry for entry in body.entries if entry.key in ("Next", "End", "Catch")), None)
    before = body.entries[body.entries.index(last) - 1] if last is not None and last is not body.entries[0] else None
    return (editor.add(body, entries, before) if before is not None else None) or editor.add(body, entries)


def _entries(
    file: DocumentFile,
    found: Iterable[tuple[Found, tuple[Read, ...]]],
    handlers: Sequence[Handler],
    entries: dict[str, Value],
) -> tuple[Replace, ...] | Refusal:
    wanted = {handler.whole for handler in handlers}
    edits: dict[Loc, TextEdit] = {}
    for machine, reads in found:
        for node in (each for read in reads for key in ("Retry", "Catch") for each in items(read.body.get(key))):
            place = file.loc(node.span)
            if isinstance(node, Mapping) and place in wanted and place not in edits:
                edit = machine.editor.add(node, entries, node.own("ErrorEquals") if "ResultPath" in entries else None)
                if edit is None:
                    return Refusal("there is no certain place for it")
                edits[place] = edit
    return _replaces(file, edits.values()) if edits else Refusal("the entry is not there any more")


def _all_last(
    file: DocumentFile, found: Iterable[tuple[Found, tuple[Read, ...]]], handler: Handler
) -> tuple[Replace, ...] | Refusal:
    """Alone in its list, and its entry the last one."""
    for _, reads in found:
        for read in reads:
            for key in ("Retry", "Catch"):
                node = read.body.get(key)
                if node is None or file.loc(node.span) != handler.list:
                    continue
                entries = items(node)
                if len(handler.errors) > 1:
                    return _alone(file, entries[handler.position])
                return _last(file, entries, handler.position)
    return Refusal("the entry is not there any more")


def _alone(file: DocumentFile, entry: Node) -> tuple[Replace, ...] | Refusal:
    errors = entry.get("ErrorEquals") if isinstance(entry, Mapping) else None
    names = items(errors)
    keep = next((name for name in names if getattr(name, "text", "") == _ALL), None)
    if errors is None or keep is None:
        return Refusal("the list of errors is not there any more")
    written = keep.span.of(file.text)
    if file.text[errors.span.start] == "[":
        return (Replace(file.loc(errors.span), f"[{written}]"),)
    first, last = names[0].span.start, names[-1].span.end
    return (Replace(file.loc(Span(first, last)), written),)


def _last(file: DocumentFile, entries: Sequence[Node], position: int) -> tuple[Replace, ...]:
    """The entries behind it come up one place each, and it takes the last one."""
    texts = [resolved(entry).span.of(file.text) for entry in entries]
    moved = [*texts[position + 1 :], texts[position]]
    places = [entry.span for entry in entries[position:]]
    return tuple(Replace(file.loc(place), text) for place, text in zip(places, moved, strict=True))


def _replaces(file: DocumentFile, edits: Iterable[TextEdit]) -> tuple[Replace, ...]:
    unique = dict.fromkeys(edits)
    return tuple(Replace(file.loc(edit.span), edit.text) for edit in unique)
