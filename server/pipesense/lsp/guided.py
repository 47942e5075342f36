"""Choosing what is inserted: the checks of a table, the retries of tasks. Answers what the client's dialogs ask.

Requests begin with ``pipesense/``; the other side of them is client-extension/src/protocol.ts. Parameters come as
pygls reads what it does not know: objects with the fields that were sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pipesense.engine.report import BuiltFix
from pipesense.engine.retries import Retries, RetryTarget
from pipesense.lsp.core import Core
from pipesense.lsp.documents import OpenDocument
from pipesense.lsp.protocol import failed
from pipesense.model.change import Refusal
from pipesense.model.data import WRITES, DatasetName
from pipesense.model.quality import ProposedCheck
from pipesense.quality.naming import label
from pipesense.text.encoding import PositionEncoding
from pipesense.text.span import Span

if TYPE_CHECKING:
    from pipesense.engine.workspace import Workspace

TABLES: Final = "pipesense/tables"
CHECK_PLAN: Final = "pipesense/checkPlan"
INSERT_CHECKS: Final = "pipesense/insertChecks"
TASKS: Final = "pipesense/tasks"
SET_RETRIES: Final = "pipesense/setRetries"

_PATIENCE_SECONDS: Final = 15.0
_STEP_SECONDS: Final = 0.05
_MOST_ATTEMPTS: Final = 100
_MOST_MINUTES: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class Guided:
    """``document`` brings an open document up to date; ``core`` is the engine."""

    document: Callable[[str], OpenDocument | None]
    core: Callable[[], Core]
    encoding: Callable[[], PositionEncoding]

    # --- checks ----------------------------------------------------------------------------------

    async def tables(self, params: Any) -> list[dict[str, Any]]:
        """The tables that a file defines or loads, that under the cursor first."""
        await self._whole_workspace()
        path = self._path(params)
        at = self._offset(path, params)
        under = [each.dataset for each in self._workspace.checks.offers(path, Span(at, at))]
        loaded = [*self._workspace.checks.datasets(path), *self._written_by_tasks(path)]
        return [{"name": str(each), "here": each in under} for each in dict.fromkeys([*under, *loaded])]

    async def check_plan(self, params: Any) -> dict[str, Any]:
        """The checks that a table deserves, each with its reason; what is left out; and the forms there are."""
        await self._whole_workspace()
        path, dataset = self._path(params), _dataset(params)
        plan = self._workspace.checks.plan(dataset)
        return {
            "table": str(dataset),
            "checks": [_check(each) for each in plan.checks],
            "leftOut": [{"dimension": each.dimension.value, "why": each.why} for each in plan.left_out],
            "forms": [{"id": each.id, "title": each.title} for each in self._workspace.checks.ways(dataset, path)],
        }

    def insert_checks(self, params: Any) -> dict[str, Any]:
        """The edit that inserts the chosen checks in a form, or the reason why there is none."""
        path = self._path(params)
        chosen = frozenset(str(each) for each in getattr(params, "checks", None) or ())
        form = str(getattr(params, "form", ""))
        if form not in {each.id for each in self._workspace.checks.ways(_dataset(params), path)}:
            raise failed("The checks cannot be written in this form any more.")
        return self._answer(self._workspace.checks.build(form, path, chosen), path)

    # --- retries ---------------------------------------------------------------------------------

    async def tasks(self, params: Any) -> list[dict[str, Any]]:
        """The tasks of a file and what happens to a failed attempt of each."""
        await self._whole_workspace()
        path = self._path(params)
        return [self._task(each, path) for each in self._retries.targets(path)]

    def set_retries(self, params: Any) -> dict[str, Any]:
        """The edit that gives a task, or all tasks of a pipeline, their retries, or the reason why there is none."""
        path = self._path(params)
        attempts, minutes = getattr(params, "attempts", None), getattr(params, "delayMinutes", None)
        if not (isinstance(attempts, int) and 1 <= attempts <= _MOST_ATTEMPTS):
            raise failed(f"The number of retries must lie between 1 and {_MOST_ATTEMPTS}.")
        if not (isinstance(minutes, int) and 1 <= minutes <= _MOST_MINUTES):
            raise failed("The pause must lie between one minute and a day.")
        built = self._retries.build(str(getattr(params, "target", "")), path, attempts, minutes)
        return self._answer(built, path)

    # --- helpers ---------------------------------------------------------------------------------

    @property
    def _workspace(self) -> Workspace:
        return self.core().workspace

    @property
    def _retries(self) -> Retries:
        checks = self._workspace.checks
        return Retries(checks.gather.record_of, checks.fixer)

    async def _whole_workspace(self) -> None:
        """Until every file is read: what a table deserves stands in all of them. Not for ever."""
        for _ in range(round(_PATIENCE_SECONDS / _STEP_SECONDS)):
            if not self._workspace.pending():
                return
            await asyncio.sleep(_STEP_SECONDS)

    def _path(self, params: Any) -> str:
        document = self.document(str(getattr(params, "uri", "")))
        if document is None:
            raise failed("The file is not open, or PipeSense does not read files of its kind.")
        return document.path

    def _offset(self, path: str, params: Any) -> int:
        place, buffer = getattr(params, "position", None), self._workspace.text(path)
        if place is None or buffer is None:
            return -1
        return buffer.lines.client_offset(place.line, place.character, self.encoding())

    def _written_by_tasks(self, path: str) -> list[DatasetName]:
        """What the tasks of a file load, in whichever file the statement stands."""
        record = self._workspace.checks.gather.record_of(path)
        return [
            access.dataset
            for pipeline in (record.pipelines if record is not None else ())
            for task in pipeline.tasks
            for access in task.accesses
            if access.mode in WRITES and not access.temporary and isinstance(access.dataset, DatasetName)
        ]

    def _task(self, target: RetryTarget, path: str) -> dict[str, Any]:
        buffer = self._workspace.text(path)
        span = target.span
        return {
            "id": target.id,
            "pipeline": target.pipeline,
            "task": target.task,
            "kind": target.kind,
            "now": target.now,
            "reason": target.reason,
            "lacking": target.lacking,
            "careful": target.careful,
            "range": self.core().edits.range(span, buffer) if span is not None and buffer is not None else None,
        }

    def _answer(self, built: BuiltFix | Refusal, path: str) -> dict[str, Any]:
        if isinstance(built, Refusal):
            return {"edit": None, "refusal": f"Nothing was inserted: {built.why.rstrip('.')}."}
        # The client shows the whole edit before it is applied, so nothing in it asks for confirmation again.
        edit = self.core().edits.unquestioned().workspace_edit(path, built.edits, built.creates)
        return {"edit": edit, "refusal": None}


def _dataset(params: Any) -> DatasetName:
    parts = tuple(part for part in str(getattr(params, "table", "")).split(".") if part)
    if not parts:
        raise failed("No table was named.")
    return DatasetName(parts)


def _check(check: ProposedCheck) -> dict[str, Any]:
    name = label(check.ask)
    return {
        "id": name,
        "label": _spoken(name, check.columns),
        "dimension": check.dimension.value,
        "columns": list(check.columns),
        "reason": check.reason,
        "sureness": check.sureness.value,
    }


def _spoken(name: str, columns: tuple[str, ...]) -> str:
    """``order_id_is_unique`` as people read it: "order_id is unique"."""
    if name == "row_count":
        return "there are rows"
    front = "_".join(columns).lower()
    if columns and name.startswith(f"{front}_"):
        return f"{', '.join(columns)} {name[len(front) + 1 :].replace('_', ' ')}"
    return name.replace("_", " ")
