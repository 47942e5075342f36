"""A script that somebody runs as a whole: a pipeline of one task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipesense.lang.python.index import FUNCTIONS
from pipesense.lang.python.module import Module
from pipesense.model.data import CheckKind, QualityCheck
from pipesense.model.flow import CallableRun, Edges, Pipeline, Schedule, Task
from pipesense.model.frames import FrameOperation
from pipesense.model.value import Unknown

_OTHERS: Final = ("airflow", "prefect", "dagster", "luigi", "metaflow", "kedro", "pytest", "unittest", "dlt")
"""Packages whose files say by themselves what runs when."""
_CHECKS: Final = ("great_expectations", "pandera", "soda", "pydeequ", "dqx", "chispa")
_BY_WHOM: Final = Unknown("who runs the script, and how often, is not in the workspace")


def script_pipeline(
    module: Module, system: str, writes: Sequence[FrameOperation], start: FrameOperation | None
) -> Pipeline | None:
    """The script that a file is, where its top level runs code and the file writes data; None for a library."""
    if not writes or not _runs(module):
        return None
    if any(name.partition(".")[0] in _OTHERS for name in module.imports()):
        return None
    name = module.path.rpartition("/")[2].removesuffix(".py")
    loc = start.loc if start is not None else writes[-1].name_loc
    task = Task(
        name=name,
        loc=writes[-1].name_loc,
        whole=writes[-1].loc,
        kind="script",
        variable=None,
        retry=_BY_WHOM,
        timeout=_BY_WHOM,
        alerts=_BY_WHOM,
        settings=(),
        does=Unknown("what the script does is told by its code"),
        runs=(CallableRun(module.prefix, loc),),
        role=Unknown("what the script does decides"),
        checks=_checks(module, name, writes[-1]),
    )
    return Pipeline(
        name, loc, system, "script", (task,), Edges(frozenset()), Schedule(_BY_WHOM, _BY_WHOM, catchup=_BY_WHOM), None
    )


def _runs(module: Module) -> bool:
    """Whether the top level calls anything of the file, or touches data by itself."""
    for unit in module.units:
        for site in unit.index.calls:
            if not any(isinstance(at.node, FUNCTIONS) for at in site.place.outward()):
                return True
    return False


def _checks(module: Module, name: str, write: FrameOperation) -> tuple[QualityCheck, ...]:
    """Code that raises, asserts or uses a library of checks may check what is written."""
    raises = any(unit.index.raises for unit in module.units)
    library = any(imported.partition(".")[0] in _CHECKS for imported in module.imports())
    if not (raises or library):
        return ()
    subject = Unknown("the script itself checks something")
    return (QualityCheck(frozenset({CheckKind.CUSTOM}), subject, (), name, write.name_loc),)
