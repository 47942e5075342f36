"""``pipesense checks``: which quality checks a table deserves and why, and their text; written if asked for."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any

import pipesense
from pipesense.cli.gather import display_path, working_directory
from pipesense.cli.options import ChecksOptions
from pipesense.cli.targets import Targets, resolve
from pipesense.cli.terminal import complain, progress_bar, put
from pipesense.engine.report import BuiltFix, InternalError
from pipesense.host.disk import DiskFiles, read_file
from pipesense.host.rulepacks import load_registry
from pipesense.host.write import WriteRefused, create, replace_text
from pipesense.model.change import Refusal
from pipesense.model.data import DatasetName
from pipesense.model.quality import CheckPlan, Dimension, ProposedCheck
from pipesense.text.edit import apply_edits

if TYPE_CHECKING:
    from pipesense.engine.workspace import Workspace

DONE = 0
NOT_WRITTEN = 1
MISTAKE = 2
INTERNAL = 3


@dataclass(slots=True)
class Answer:
    """What is said of one table; ``problem`` why its checks were not written."""

    plan: CheckPlan
    form: str
    text: str
    written: list[str] = field(default_factory=list)
    problem: str = ""


def run(options: ChecksOptions) -> int:
    """Print the checks, write them if asked, and return the exit code."""
    from pipesense.engine.catalogue import sql_dialects
    from pipesense.engine.workspace import Workspace

    if options.dialect is not None and options.dialect not in sql_dialects():
        complain(f"there is no dialect {options.dialect}. Known are {', '.join(sorted(filter(None, sql_dialects())))}.")
        return MISTAKE
    is_path = os.path.exists(options.target)
    targets = resolve([options.target if is_path else "."])
    failures: list[InternalError] = []
    packs: list[str] = []
    registry = load_registry(lambda problem: packs.append(problem.message))
    workspace = Workspace(registry, DiskFiles(), failures.append, roots=targets.roots)
    with progress_bar("Analysing") as progress:
        workspace.index_all(progress)
    for path in targets.files:
        workspace.analyse(path)
    found = _tables(workspace, targets, options, is_path)
    for message in (*packs, *targets.problems):
        complain(message)
    if not found:
        what = "No table is defined or loaded in" if is_path else "The project neither defines nor touches a table"
        complain(f"{what} {options.target}.")
        return INTERNAL if failures else MISTAKE
    answers = [_answer(workspace, dataset, path, options) for dataset, path in found]
    if options.format == "json":
        put(json.dumps(_data(answers), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    else:
        put("\n".join(_told(answer, write=options.write) for answer in answers))
    for failure in failures:
        complain(f"{failure.unit} failed on {failure.path} ({failure.error}). Please report this.")
    for answer in answers:
        if answer.problem:
            complain(f"{answer.plan.table}: nothing was written: {answer.problem.rstrip('.')}.")
    if failures:
        return INTERNAL
    return NOT_WRITTEN if any(answer.problem for answer in answers) else DONE


def _tables(
    workspace: Workspace, targets: Targets, options: ChecksOptions, is_path: bool
) -> list[tuple[DatasetName, str]]:
    """The tables that are meant, each with the file at which to start."""
    if is_path:
        paths = [path for path in workspace.paths() if targets.hold(path)]
        pairs = [(dataset, path) for path in paths for dataset in workspace.checks.datasets(path)]
        return list({dataset: (dataset, path) for dataset, path in reversed(pairs)}.values())[::-1]
    dataset = workspace.checks.named(options.target)
    home = workspace.checks.home(dataset) if dataset is not None else None
    return [(dataset, home)] if dataset is not None and home is not None else []


def _answer(workspace: Workspace, dataset: DatasetName, path: str, options: ChecksOptions) -> Answer:
    from pipesense.engine.checks.forms import Form

    checks = workspace.checks
    form, where = checks.form_for(dataset, path)
    if options.form is not None and options.form != form.value:
        form, where = Form(options.form), "file"
    plan = checks.plan(dataset, dialect=options.dialect, everything=options.everything)
    text = checks.text(plan, form, path)
    answer = Answer(plan, form.value, text)
    if options.write and plan.checks:
        built = checks.write(dataset, path, form, where, dialect=options.dialect, everything=options.everything)
        if isinstance(built, Refusal):
            answer.problem = built.why
        else:
            _write(built, answer, workspace)
    return answer


def _write(built: BuiltFix, answer: Answer, workspace: Workspace) -> None:
    folder = working_directory()
    try:
        for path, edits in built.edits.items():
            file = read_file(path)
            buffer = workspace.text(path)
            if buffer is None or buffer.text != file.text:
                raise WriteRefused(path, "it changed on disk since it was read; run the command again")
            replace_text(file, apply_edits(file.text, edits))
            answer.written.append(display_path(path, folder))
        for path, text in built.creates.items():
            create(path, text)
            answer.written.append(display_path(path, folder))
    except WriteRefused as refused:
        answer.problem = f"{display_path(refused.path, folder)}: {refused.reason}"


# --- what is printed -----------------------------------------------------------------------------


def _told(answer: Answer, *, write: bool) -> str:
    plan = answer.plan
    dialect = f", {plan.dialect}" if plan.dialect else ""
    lines = [f"{plan.table} ({answer.form}{dialect})", ""]
    for dimension in Dimension:
        asked = [each for each in plan.checks if each.dimension is dimension]
        lines += [f"  {dimension.value:12}  {_summary(each)}" for each in asked]
        lines += [f"  {dimension.value:12}  - {each.why}" for each in plan.left_out if each.dimension is dimension]
    lines.append("")
    if write:
        lines += [f"Written: {path}" for path in answer.written]
        lines += [] if plan.checks else ["There is nothing to add."]
    elif plan.checks:
        lines += [answer.text.rstrip(), ""]
    return "\n".join(lines).rstrip() + "\n"


def _summary(check: ProposedCheck) -> str:
    return f"{_kind(check)} {', '.join(check.columns)}".rstrip() + f" [{check.sureness.value}]: {check.reason}"


def _kind(check: ProposedCheck) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(check.ask).__name__).lower()


def _data(answers: Sequence[Answer]) -> dict[str, Any]:
    return {"version": pipesense.__version__, "tables": [_table(answer) for answer in answers]}


def _table(answer: Answer) -> dict[str, Any]:
    plan = answer.plan
    return {
        "table": str(plan.dataset),
        "dialect": plan.dialect,
        "form": answer.form,
        "checks": [
            {
                "dimension": check.dimension.value,
                "kind": _kind(check),
                "columns": list(check.columns),
                "arguments": _arguments(check.ask),
                "reason": check.reason,
                "confidence": check.sureness.value,
            }
            for check in plan.checks
        ],
        "left_out": [{"dimension": each.dimension.value, "why": each.why} for each in plan.left_out],
        "text": answer.text,
        "written": answer.written,
        "problem": answer.problem or None,
    }


def _arguments(ask: Any) -> dict[str, Any]:
    """What a check is asked with, beside the columns."""
    return {
        each.name: _plain(getattr(ask, each.name)) for each in fields(ask) if each.name not in ("column", "columns")
    }


def _plain(value: object) -> object:
    if isinstance(value, DatasetName):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    return value.value if hasattr(value, "value") else value
