"""What a file asks of Great Expectations, what 1.0 gave up of it, and which functions check data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.lang.python.functions import Function
from pipesense.lang.python.module import Module
from pipesense.model.code import PatternSite, ScopeCode
from pipesense.model.data import CheckKind, QualityCheck
from pipesense.model.frames import FrameScope
from pipesense.model.value import Unknown, Version
from pipesense.systems.frames import Reading
from pipesense.systems.great_expectations.tables import LIBRARY, RENAMED
from pipesense.systems.renames import obsolete_in
from pipesense.systems.system import Lifted

_WHICH: Final = Unknown("which data the expectations are about is not said here")


def lift(module: Module, version: Version) -> Lifted:
    """Everything that a file says to Great Expectations."""
    found = Reading(module, LIBRARY, version, _code, "great_expectations", {}).scopes()
    scopes = tuple(each.scope for each in found)
    return Lifted(
        facts=scopes,
        obsolete=obsolete_in(scopes, RENAMED, "great_expectations", version),
        code=tuple(each.beside for each in found if each.beside is not None),
        sites=tuple(site for scope in scopes for site in _sites(scope)),
    )


_REPORTED: Final = (
    "What fails is reported in the result and raises nothing: only code that looks at result.success stops the run."
)


def _sites(scope: FrameScope) -> Iterator[PatternSite]:
    """What a validation does with what it finds."""
    for each in scope.operations:
        if each.result == "result":
            ignored = " Nobody looks at it here." if each.use == "statement" else ""
            yield PatternSite("quality-gate", each.name_loc, _REPORTED + ignored)


def _code(function: Function | None, scope: FrameScope) -> ScopeCode | None:
    """A function that validates is a check, whatever it is called."""
    found = tuple(
        QualityCheck(frozenset({CheckKind.CUSTOM}), _WHICH, (), scope.scope.rpartition(".")[2], each.name_loc)
        for each in scope.operations
        if each.result == "result" and each.use != "statement"
    )
    return ScopeCode(scope.scope, checks=found) if found else None
