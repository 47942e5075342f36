"""What tests of systems share: reading case files, lifting a small workspace, and telling what was found.

A case file is Markdown. Each ``##`` heading is one case; its fenced blocks are files (``python file=dags/x.py``,
the first one is the one that is lifted) and what is expected (``facts``, or ``fixed`` for a change).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipesense.lang.python.module import LinkMemo, Module
from pipesense.lang.python.split import split
from pipesense.lang.python.syntax import ParsedUnit, parse_unit
from pipesense.model.change import Refusal, Replace
from pipesense.model.flow import (
    CallableRun,
    EmbeddedRun,
    OtherRun,
    Pipeline,
    Runs,
    SqlFileRun,
    Task,
    retries_of,
)
from pipesense.model.value import Absent, Known, Origin, Unknown, Value, Version
from pipesense.model.where import Loc
from pipesense.systems.airflow import SYSTEM
from pipesense.systems.system import Lifted, PythonSystem
from pipesense.text.edit import TextEdit, apply_edits
from pipesense.text.span import Span

ROOT = "/project/"


@dataclass(frozen=True)
class Case:
    """One ``##`` section of a case file."""

    title: str
    files: Mapping[str, str]
    expected: Mapping[str, str]
    lifted: str


def cases(path: Path) -> list[Case]:
    """The cases of a Markdown file."""
    found: list[Case] = []
    for section in re.split(r"(?m)^## ", path.read_text(encoding="utf-8"))[1:]:
        title = section.partition("\n")[0].strip()
        files: dict[str, str] = {}
        expected: dict[str, str] = {}
        for info, text in re.findall(r"(?ms)^```([^\n]*)\n(.*?)^```$", section):
            language, _, attributes = info.partition(" ")
            name = re.search(r"file=(\S+)", attributes)
            if language in ("python", "text", "sql"):
                files[name.group(1) if name else "dags/example.py"] = text
            else:
                expected[info.strip()] = text
        found.append(Case(title, files, expected, next(each for each in files if each.endswith(".py"))))
    return found


@dataclass
class Workspace:
    """Python files in memory, linked like the engine links them."""

    files: Mapping[str, str]
    system: PythonSystem = SYSTEM
    memo: LinkMemo = field(default_factory=LinkMemo)
    units: dict[str, list[ParsedUnit]] = field(default_factory=dict)
    modules: dict[str, Module] = field(default_factory=dict)

    def module(self, name: str, memo: LinkMemo | None = None) -> Module:
        """The linked file of that path; a memo is for one file alone."""
        text = self.files[name]
        self.units[name] = [
            parse_unit(number + 1, cut.kind, text[cut.start : cut.end]) for number, cut in enumerate(split(text))
        ]
        dotted = name.removesuffix(".py").removeprefix("dags/").replace("/", ".")
        return Module(ROOT + name, dotted, self.units[name], self.imported, memo or self.memo)

    def imported(self, dotted: str) -> Module | None:
        for name in (f"dags/{dotted.replace('.', '/')}.py", f"{dotted.replace('.', '/')}.py"):
            if name in self.files:
                if name not in self.modules:
                    self.modules[name] = self.module(name, LinkMemo())
                return self.modules[name]
        return None

    def lift(self, name: str) -> tuple[Module, Version, Lifted]:
        """What the system finds in a file."""
        module = self.module(name)
        project = {other: text for other, text in self.files.items() if not other.endswith((".py", ".sql"))}
        version = self.system.version(module, project, None)
        numbers = iter(range(1, 10_000))
        return module, version, self.system.lift(module, version, lambda *_: next(numbers))

    def offset(self, name: str, loc: Loc) -> Span:
        """A place as offsets of its file."""
        at = 0
        for unit in self.units[name]:
            if unit.unit == loc.unit:
                return Span(at + loc.span.start, at + loc.span.end)
            at += len(unit.text)
        raise KeyError(loc)

    def line(self, name: str, loc: Loc) -> int:
        """The 1-based line of a place."""
        return self.files[name].count("\n", 0, self.offset(name, loc).start) + 1

    def written(self, name: str, loc: Loc) -> str:
        """The characters at a place."""
        return self.offset(name, loc).of(self.files[name])

    def applied(self, name: str, parts: tuple[Replace, ...] | Refusal) -> str:
        """The file after a change, or why there is none."""
        if isinstance(parts, Refusal):
            return f"refused: {parts.why}\n"
        return apply_edits(self.files[name], [TextEdit(self.offset(name, part.loc), part.text) for part in parts])


def told(value: Value[object], spelled: Callable[[object], str] = str) -> str:
    """A value as people read it: "3 from default_args", "none, so 0", "unknown: it is a parameter"."""
    if isinstance(value, Known):
        origin = "" if value.origin is Origin.HERE else f" from {value.origin.value}"
        return spelled(value.value) + origin
    if isinstance(value, Absent):
        return f"none, so {told(value.default, spelled)}" if isinstance(value.default, Known) else "none"
    return f"unknown: {value.why}"


def _run(run: Runs) -> str:
    match run:
        case CallableRun():
            return f"calls {run.scope}"
        case EmbeddedRun():
            return "SQL in memory" if run.scratch else "SQL"
        case SqlFileRun():
            return f"file {run.path}"
        case OtherRun():
            return f"outside: {run.what}"


def _task(task: Task) -> str:
    words = [f"  {task.name} ({task.kind}): retries {told(retries_of(task))}"]
    if not isinstance(task.timeout, Absent):
        words.append(f"timeout {told(task.timeout)}")
    if isinstance(task.alerts, Known):
        words.append(f"alerts {told(task.alerts)}")
    if isinstance(task.role, Known):
        words.append(task.role.value.value)
    if isinstance(task.does, Known) and task.does.value:
        words.append("touches " + ", ".join(sorted(effect.value for effect in task.does.value)))
    words += [_run(run) for run in task.runs]
    if isinstance(task.connection, Known):
        words.append(f"connection {task.connection.value}")
    words += [f"{access.mode.value} {access.dataset}" for access in task.accesses]
    words += [
        "checks "
        + " and ".join(sorted(kind.value for kind in check.kinds))
        + (f" of {', '.join(check.columns)}" if check.columns else "")
        + (f" in {check.dataset.value}" if isinstance(check.dataset, Known) else "")
        for check in task.checks
    ]
    words += [f"stored as {each}" for each in task.stores]
    words += ["mapped"] * task.mapped + ["runs after failures"] * task.always_runs
    return "; ".join(words)


def told_pipeline(pipeline: Pipeline, workspace: Workspace, name: str) -> str:
    """A pipeline as text: its schedule, its tasks, its edges."""
    schedule = pipeline.schedule
    lines = [
        f"{pipeline.noun} {pipeline.name}: {told(schedule.text)}; start {told(schedule.start)}; catchup {told(schedule.catchup)}"
    ]
    if schedule.triggered:
        lines[0] += "; when datasets are updated"
    if schedule.moving_start is not None:
        lines.append(f"  start moves: {schedule.moving_start_text}, line {workspace.line(name, schedule.moving_start)}")
    if pipeline.shared is not None:
        where = pipeline.shared.file.removeprefix(ROOT)
        lines.append(
            f"  defaults in line {workspace.line(name, pipeline.shared)}" if where == name else f"  defaults in {where}"
        )
    if not pipeline.shared_closed:
        lines.append("  defaults not all known")
    lines += [_task(task) for task in pipeline.tasks]
    lines += [f"  {before} >> {behind}" for before, behind in sorted(pipeline.edges.pairs)]
    if isinstance(pipeline.edges.opened, Unknown):
        lines.append(f"  more edges may exist: {pipeline.edges.opened.why}")
    return "\n".join(lines) + "\n"
