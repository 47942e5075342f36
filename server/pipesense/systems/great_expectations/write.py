"""The data sets of Great Expectations 0.x written as batches and suites of 1.x.

The classes and the names of their arguments were read on great_expectations 1.24
(https://docs.greatexpectations.io/docs/core/define_expectations/create_an_expectation).
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Final

from pipesense.lang.python.edit import add_after
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.syntax import parsed_of
from pipesense.model.change import Change, Refusal, Replace, UseNewApi
from pipesense.model.frames import FrameOperation, FrameScope
from pipesense.model.value import Version
from pipesense.model.where import Loc
from pipesense.systems.frames import Reading, nothing_beside
from pipesense.systems.great_expectations.tables import DATASET, LIBRARY, PANDAS, SPARK
from pipesense.systems.renames import write_name
from pipesense.text.span import Span

LEGACY: Final = "batches and suites"
"""What ``fix`` of an obsolete use is called where the whole data set is written anew."""

_BOUNDS: Final = ("min_value", "max_value")
ARGUMENTS: Final = {
    **dict.fromkeys(("to_not_be_null", "to_be_null", "to_be_unique", "to_be_increasing", "to_be_decreasing"), ()),
    "to_be_between": _BOUNDS,
    **dict.fromkeys(("to_be_in_set", "to_not_be_in_set"), ("value_set",)),
    **dict.fromkeys(("to_match_regex", "to_not_match_regex"), ("regex",)),
    "to_match_strftime_format": ("strftime_format",),
    "to_be_of_type": ("type_",),
    "to_be_in_type_list": ("type_list",),
}
"""Names of what follows the column, by how the name of an expectation on a column's values ends."""
_OTHERS: Final = {
    "expect_column_to_exist": ("column", "column_index"),
    "expect_column_value_lengths_to_be_between": ("column", *_BOUNDS),
    "expect_column_value_lengths_to_equal": ("column", "value"),
    **{
        f"expect_column_{what}_to_be_between": ("column", *_BOUNDS)
        for what in ("mean", "median", "max", "min", "sum", "stdev", "unique_value_count")
    },
    **{
        f"expect_column_distinct_values_to_{what}_set": ("column", "value_set")
        for what in ("be_in", "contain", "equal")
    },
    "expect_column_pair_values_to_be_equal": ("column_A", "column_B"),
    "expect_compound_columns_to_be_unique": ("column_list",),
    "expect_table_row_count_to_be_between": _BOUNDS,
    "expect_table_row_count_to_equal": ("value",),
    "expect_table_column_count_to_equal": ("value",),
    "expect_table_columns_to_match_ordered_list": ("column_list",),
    "expect_table_columns_to_match_set": ("column_set",),
}
EXPECTATIONS: Final = {
    **{f"expect_column_values_{end}": ("column", *names) for end, names in ARGUMENTS.items()},
    **_OTHERS,
}
"""Methods of 0.x that 1.x has as classes, with the names of their arguments in order."""
_KEPT: Final = frozenset({"mostly", "meta", "or_equal", "ignore_row_if", "strict_min", "strict_max", "exact_match"})
_READS: Final = frozenset({"read_csv", "read_json", "read_parquet", "read_excel", "read_feather", "read_pickle"})
_LOST: Final = Refusal("This data set is used in a way that a batch of Great Expectations 1.x does not know.")


_PACKAGE: Final = "great_expectations"


def _others(body: Sequence[ast.stmt], name: str, call: ast.Call) -> bool:
    """Whether statements use a name other than to make this one data set."""
    return any(
        isinstance(node, ast.Name) and node.id == name and node is not call.func
        for statement in body
        for node in nodes_under(statement)
    )


def _root(node: ast.expr) -> ast.expr:
    """The name that a chain of attributes begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _whole_line(module: Module, statement: ast.stmt) -> Loc:
    """A statement with the end of its line."""
    unit, loc = parsed_of(statement), module.loc(statement)
    end = unit.text.find("\n", loc.span.end)
    return loc.at(Span(loc.span.start, len(unit.text) if end < 0 else end + 1))


def class_of(method: str) -> str:
    """``expect_column_to_exist`` as the class of 1.x."""
    return "".join(word.capitalize() for word in method.split("_"))


def write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    """A new name, or a whole data set as a batch."""
    if not isinstance(change, UseNewApi) or change.use.fix != LEGACY:
        return write_name(change)
    calls = {module.loc(site.node): site.node for unit in module.units for site in unit.index.calls}
    found = Reading(module, LIBRARY, version, nothing_beside, "great_expectations: write", {}).scopes()
    for scope in (each.scope for each in found):
        for each in scope.operations:
            if each.name_loc == change.use.loc and each.result == DATASET:
                return _Rewrite(module, scope, each, calls).edits()
    return _LOST


class _Rewrite:
    """One data set, from the call that makes it to the last one that uses it."""

    def __init__(self, module: Module, scope: FrameScope, made: FrameOperation, calls: dict[Loc, ast.Call]) -> None:
        self.module = module
        self.scope = scope
        self.made = made
        self.calls = calls
        self.uses = [each for each in scope.operations if made.loc in each.made]

    def edits(self) -> tuple[Replace, ...] | Refusal:
        """All replacements, or why there are none."""
        made, call = self.made, self.calls.get(self.made.loc)
        name = made.detail if made.use == "assign" else ""
        if call is None or not name or name in self.scope.escaped:
            return _LOST
        if made.use_loc is None or any(self.made.loc not in each.made or len(each.made) > 1 for each in self.uses):
            return _LOST
        named = self._package(call)
        if named is None:
            return _LOST
        package, imports = named
        opened = self._opened(call, package, name)
        if not opened:
            return _LOST
        edits = [*imports, *opened]
        validated = any(each.name == "validate" for each in self.uses)
        suite = f"{name}_suite"
        if validated and self.module.table.mentions(suite):
            return Refusal(f"There is something called {suite} already.")
        for each in self.uses:
            written = self._use(each, package, name, suite if validated else "")
            if written is None:
                return _LOST
            edits.append(written)
        statement = self._statement(call)
        if validated:
            if statement is None:
                return _LOST
            edits += add_after(self.module, statement, f'{suite} = {package}.ExpectationSuite(name="{name}")')
        return tuple(edits)

    def _opened(self, call: ast.Call, package: str, name: str) -> tuple[Replace, ...]:
        """The call that opens the batch, () where nobody can write it."""
        made, loc = self.made, self.module.loc
        sources = f'{package}.get_context(mode="ephemeral").data_sources'
        words = {word.arg for word in call.keywords}
        if made.name in _READS and not words & {"profiler", "expectation_suite"}:
            return (Replace(loc(call.func), f"{sources}.pandas_default.{made.name}"),)
        if len(call.args) != 1 or isinstance(call.args[0], ast.Starred):
            return ()
        if made.name in PANDAS | {"from_pandas"} and not words:
            return (Replace(loc(call.func), f"{sources}.pandas_default.read_dataframe"),)
        if made.name in SPARK and words <= {"persist"}:
            # What 0.x cached by itself stays as the frame has it: caching changes no result.
            frame = loc(call.args[0])
            asset = f'{sources}.add_spark("{name}").add_dataframe_asset("{name}")'
            head = f'{asset}.add_batch_definition_whole_dataframe("{name}").get_batch(batch_parameters={{"dataframe": '
            whole = loc(call)
            return (
                Replace(whole.at(Span(whole.span.start, frame.span.start)), head),
                Replace(whole.at(Span(frame.span.end, whole.span.end)), "})"),
            )
        return ()

    def _package(self, call: ast.Call) -> tuple[str, tuple[Replace, ...]] | None:
        """What the file calls the package, and edits that make it say so where it imports the data set alone."""
        func, module = call.func, self.module
        if isinstance(func, ast.Attribute):
            inner = func.value
            if self.made.name in PANDAS | SPARK:
                inner = _root(inner)
            return (module.text_of(inner), ()) if isinstance(inner, ast.Name) else None
        top = [each for each in module.body if isinstance(each, ast.Import | ast.ImportFrom)]
        aliases = [
            (each, alias)
            for each in top
            for alias in each.names
            if isinstance(each, ast.ImportFrom) and (alias.asname or alias.name) == module.text_of(func)
        ]
        if len(aliases) != 1 or len(aliases[0][0].names) != 1 or self.made.name not in PANDAS | SPARK:
            return None
        statement, alias = aliases[0]
        own = alias.asname or alias.name
        # Who else uses the name would find it gone.
        if any(_others(unit.body, own, call) for unit in module.units):
            return None
        packages = [each.names for each in top if isinstance(each, ast.Import)]
        kept = [alias.asname or alias.name for names in packages for alias in names if alias.name == _PACKAGE]
        if not kept:
            return "gx", (Replace(module.loc(statement), "import great_expectations as gx"),)
        return kept[0], (Replace(_whole_line(module, statement), ""),)

    def _use(self, each: FrameOperation, package: str, name: str, suite: str) -> Replace | None:
        call = self.calls.get(each.loc)
        if call is None:
            return None
        if each.name == "validate":
            at = each.loc.at(Span(each.loc.span.end - 1, each.loc.span.end - 1))
            return Replace(at, suite) if not call.args and not call.keywords else None
        expectation = self._expectation(each.name, call, package)
        if expectation is None:
            return None
        if suite:
            # Its own result is asked for, and in 0.x it joined what validate() looks at as well.
            return Replace(each.loc, f"{suite}.add_expectation({expectation})") if each.use == "statement" else None
        return Replace(each.loc, f"{name}.validate({expectation})")

    def _expectation(self, method: str, call: ast.Call, package: str) -> str | None:
        names = EXPECTATIONS.get(method)
        if names is None or len(call.args) > len(names) or any(isinstance(each, ast.Starred) for each in call.args):
            return None
        given = [f"{name}={self.module.text_of(each)}" for name, each in zip(names, call.args, strict=False)]
        for word in call.keywords:
            if word.arg is None or (word.arg not in names and word.arg not in _KEPT):
                return None
            given.append(f"{word.arg}={self.module.text_of(word.value)}")
        return f"{package}.expectations.{class_of(method)}({', '.join(given)})"

    def _statement(self, call: ast.Call) -> ast.stmt | None:
        unit = parsed_of(call)
        for statement in unit.body:
            for node in nodes_under(statement):
                if isinstance(node, ast.Assign) and node.value is call:
                    return node
        return None
