"""Checks in a script, on the frame, right before the statement that writes it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pipesense.lang.python.edit import add_before, add_module_import
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.model.change import AddCheck, Refusal, Replace
from pipesense.model.data import Access, AccessMode, Confidence
from pipesense.model.frames import FrameOperation
from pipesense.model.where import Loc
from pipesense.quality.frames import Style, askable, gx_lines, pandera_schema, polars_lines, spark_lines

_GONE: Final = Refusal("The statement that writes the table is no longer where it was.")
_NOTHING: Final = Refusal("nothing is known of the table that a frame could be checked for by itself")
_SIMPLE: Final = (ast.Expr, ast.Assign, ast.AnnAssign, ast.Return, ast.AugAssign)


@dataclass(frozen=True, slots=True)
class FrameWrite:
    """An operation that writes: what it touches, and the expression whose rows it writes."""

    operation: FrameOperation
    accesses: tuple[Access, ...]
    frame: Loc


def write_of(change: AddCheck, writes: list[FrameWrite]) -> FrameWrite | None:
    """The one write of the table that is to be checked."""
    found = [
        each
        for each in writes
        for access in each.accesses
        if access.mode is not AccessMode.READ and access.dataset.match(change.plan.dataset) is not Confidence.NONE
    ]
    return found[-1] if found else None


Lines = Callable[[str, str], "tuple[list[str], tuple[Replace, ...]]"]
"""``lines(frame, stem)``: the statements that check a variable, and the imports that they need."""


def insert(module: Module, write: FrameWrite | None, stem: str, lines: Lines) -> tuple[Replace, ...] | Refusal:
    """The checks before the statement that writes; a longer expression gets a name first."""
    statement = _statement(module, write.operation.loc) if write is not None else None
    if write is None or statement is None:
        return _GONE
    unit = next((unit for unit in module.units if unit.unit == write.frame.unit), None)
    if unit is None:
        return _GONE
    written = write.frame.span.of(unit.text)
    name, before, inside = written, "", tuple[Replace, ...]()
    if not written.isidentifier():
        if "#" in written or not _may_move(statement, write, module):
            return Refusal("What is written is made in the same statement; give it a name first.")
        name = _free(module, "rows")
        wrapped = f"(\n    {written}\n)" if "\n" in written else written
        before, inside = f"{name} = {wrapped}\n", (Replace(write.frame, name),)
    made, imports = lines(name, _free(module, stem))
    text = before + "\n".join(made)
    return (*add_before(module, statement, text), *inside, *imports)


def _free(module: Module, name: str) -> str:
    """A name that means nothing in the file yet."""
    while module.table.mentions(name):
        name += "_"
    return name


def _may_move(statement: ast.stmt, write: FrameWrite, module: Module) -> bool:
    """Whether the expression stands at the statement's beginning: then it is computed first anyway."""
    start = module.loc(statement).span.start
    if isinstance(statement, ast.Expr):
        start = module.loc(statement.value).span.start
    return write.frame.span.start == start


def _statement(module: Module, loc: Loc) -> ast.stmt | None:
    """The innermost statement around an operation."""
    found: ast.stmt | None = None
    for unit in module.units:
        if unit.unit != loc.unit:
            continue
        for top in unit.body:
            for node in nodes_under(top):
                if isinstance(node, _SIMPLE):
                    at = module.loc(node)
                    if at.unit == loc.unit and at.span.start <= loc.span.start and loc.span.end <= at.span.end:
                        found = node
    return found


def in_spark(change: AddCheck) -> Lines:
    """One aggregate of Spark over the frame."""

    def lines(frame: str, stem: str) -> tuple[list[str], tuple[Replace, ...]]:
        return spark_lines(change.plan, frame, stem), ()

    return lines


def in_polars(change: AddCheck, module: Module) -> Lines:
    """One query of polars over the frame."""

    def lines(frame: str, stem: str) -> tuple[list[str], tuple[Replace, ...]]:
        package, imports = _module_name(module, "polars", "pl")
        return polars_lines(change.plan, frame, stem, package), imports

    return lines


def in_pandas(change: AddCheck, module: Module) -> Lines:
    """A schema of pandera, or a suite of Great Expectations where the project has that."""

    def lines(frame: str, stem: str) -> tuple[list[str], tuple[Replace, ...]]:
        if style_of(change, module) is Style.GX:
            package, imports = _module_name(module, "great_expectations", "gx")
            return gx_lines(change.plan, frame, stem, package), imports
        # Since 0.24 the schemas for pandas have a module of their own.
        package, imports = _module_name(module, "pandera.pandas", "pa")
        pandas, more = _module_name(module, "pandas", "pd")
        schema = pandera_schema(change.plan, package, pandas)
        needs = more if f"{pandas}." in schema.replace(f"{package}.", "") else ()
        return [*f"{stem} = {schema}".split("\n"), f"{frame} = {stem}.validate({frame}, lazy=True)"], (*imports, *needs)

    return lines


def style_of(change: AddCheck, module: Module) -> Style:
    """What the file itself uses, else the project, else pandera."""
    own = {name.partition(".")[0] for name in module.imports()}
    for style in (Style.PANDERA, Style.GX):
        if style.value in own:
            return style
    return Style.GX if change.style == Style.GX.value else Style.PANDERA


def nothing_to_ask(change: AddCheck, style: Style) -> Refusal | None:
    """Why there is nothing to insert."""
    return None if askable(change.plan, style) else _NOTHING


def stem_of(change: AddCheck, what: str) -> str:
    """A name for the checks: the table's own with a word behind it."""
    return re.sub(r"\W+", "_", change.plan.dataset.table).strip("_").lower() + f"_{what}"


def _module_name(module: Module, name: str, alias: str) -> tuple[str, tuple[Replace, ...]]:
    """What a module is called in the file, and the import where it has none yet."""
    if name.startswith("pandera"):
        for known in ("pandera.pandas", "pandera"):
            found, edits = add_module_import(module, known, alias)
            if not edits:
                return found, ()
    return add_module_import(module, name, alias)
