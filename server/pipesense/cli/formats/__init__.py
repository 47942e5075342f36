"""How a check's result is written: one module per format, each a pure function from the result to a text."""

from __future__ import annotations

import importlib
from typing import Final, Protocol

from pipesense.cli.result import CheckResult
from pipesense.rule.meta import Severity


class Render(Protocol):
    """The ``render`` function of a format's module; ``level`` is the mildest severity that is wanted."""

    def __call__(self, result: CheckResult, level: Severity) -> str: ...


FORMATS: Final = ("text", "json", "sarif", "github", "gitlab", "junit")


def renderer(name: str) -> Render:
    """The function that writes a machine's format; the module is loaded when it is first asked for."""
    render: Render = importlib.import_module(f"pipesense.cli.formats.{name}_format").render
    return render
