"""A column of a dbt model under another name: in its query, its YAML, and the models that read it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from pipesense.engine.record import FileRecord
from pipesense.engine.relations import Answers, Lookup
from pipesense.lang.jinja.references import Reference, reference
from pipesense.lang.jinja.tags import tags
from pipesense.lang.sql.bind import Binder
from pipesense.lang.sql.passed_on import items, starred
from pipesense.lang.sql.shape import root_block
from pipesense.model.change import Refusal
from pipesense.model.columns import Found
from pipesense.model.dbt import DbtEntry, DbtFile, DbtNode, DbtProperties, DbtReference, DbtSource, DbtUnitTest
from pipesense.model.sql import Block, Output, Source, Statement
from pipesense.model.where import Loc
from pipesense.text.edit import TextEdit
from pipesense.text.span import Span

_MOST: Final = 400
"""Models that are followed through stars."""
_KEYS: Final = frozenset(("unique_key", "event_time", "cluster_by", "partition_by", "sort", "dist", "updated_at"))
"""Settings of a model that name its own columns."""
_AS: Final = " as "
"""What a rename writes between a column and the name that it keeps."""
_DEEPEST: Final = 60


@dataclass(frozen=True, slots=True)
class _Target:
    """A column in one statement: an item of one of its SELECTs, or what models by these names give."""

    name: str
    models: frozenset[str] = frozenset()
    block: Block | None = None
    item: int = -1


@dataclass(slots=True)
class Renaming:
    """Edits by file; ``unsure`` are those that somebody has to confirm."""

    sure: dict[str, dict[TextEdit, None]] = field(default_factory=dict)
    unsure: dict[str, dict[TextEdit, None]] = field(default_factory=dict)

    def add(self, path: str, span: Span, text: str, *, sure: bool = True) -> None:
        """One more edit; what is sure is not guessed as well."""
        edit = TextEdit(span, text)
        if sure:
            self.sure.setdefault(path, {})[edit] = None
            self.unsure.get(path, {}).pop(edit, None)
        elif not any(known.span.overlaps(span) for known in self.sure.get(path, {})):
            self.unsure.setdefault(path, {})[edit] = None


@dataclass(frozen=True, slots=True)
class ColumnRenamer:
    """``record_of`` gives a file with all its facts; ``mentioning`` the files of a project that hold a word."""

    record_of: Callable[[str], FileRecord | None]
    lookup: Lookup
    answers: Callable[[Lookup], Answers]
    mentioning: Callable[[str, str], Iterator[str]]

    def made(self, node: DbtNode, name: str) -> tuple[str, Span] | str | None:
        """Where a node's query makes a column, or the table's name as written that a star takes it from."""
        statement = self._query(node)
        record = self.record_of(node.path)
        if statement is None or record is None:
            return None
        found = self._trace(self._binder(statement), root_block(statement.facts), name)
        if isinstance(found, Source):
            return found.parts[-1] if len(found.parts) == 1 else ""
        if found is None:
            return None
        output = found[0].outputs[found[1]]
        span = record.document.file_span(statement.at(output.name_span or output.span))
        return (node.path, span) if span is not None else None

    def may_have(self, node: DbtNode, name: str) -> bool:
        """Whether a node's query gives a column of that name, or cannot be read well enough to tell."""
        statement = self._query(node)
        columns = self._binder(statement).outputs() if statement is not None else None
        return columns is None or columns.opened is not None or columns.find(name) is not None

    def aliases(self, node: DbtNode) -> Iterator[tuple[str, Loc]]:
        """The aliases of the columns that a model's file gives, in lower case."""
        statement = self._query(node)
        root = root_block(statement.facts) if statement is not None else None
        if statement is None or root is None:
            return
        for output in root.outputs:
            if output.name_span is not None and output.name_span.end >= 0:
                yield output.name.lower(), statement.at(output.name_span)

    def plan(self, folder: str, model: str, old: str, new: str) -> Renaming | Refusal:
        """All edits of a rename, or why there are none."""
        node = self._node(folder, model)
        if node is None or node.kind != "model" or node.language != "sql":
            return Refusal(f"no SQL file alone defines {model}")
        statement = self._query(node)
        if statement is None:
            return Refusal(f"the query of {model} cannot be read as one statement")
        binder = self._binder(statement)
        if binder.outputs().find(new) is not None:
            return Refusal(f"{model} has a column `{new}` already")
        root = root_block(statement.facts)
        found = self._trace(binder, root, old)
        if isinstance(found, Source):
            return Refusal(f"`{old}` comes with a star from {_table(found)}, so it is to be renamed there")
        if found is None or root is None:
            return Refusal(f"where `{old}` comes from is not known")
        made = Renaming()
        block, item = found
        refused = self._defined_anew(made, node, statement, block.outputs[item], new)
        refused = refused or self._in_statement(made, node.path, statement, _Target(old, frozenset(), block, item), new)
        return refused or self._outside(made, folder, node, old, new) or made

    def beyond(self, folder: str, model: str, old: str, new: str) -> Renaming | Refusal:
        """The edits outside of the query that makes the column: the model's settings and YAML, and who reads it."""
        node = self._node(folder, model)
        statement = self._query(node)
        if node is None or statement is None:
            return Refusal(f"no SQL file alone defines {model}")
        if self._binder(statement).outputs().find(new) is not None:
            return Refusal(f"{model} has a column `{new}` already")
        made = Renaming()
        return self._outside(made, folder, node, old, new) or made

    def is_made_at(self, node: DbtNode, name: str, span: Span) -> bool:
        """Whether a rename of the column changes this very name in the model's file."""
        made = self.made(node, name)
        return isinstance(made, tuple) and made[1] == span

    def _outside(self, made: Renaming, folder: str, node: DbtNode, old: str, new: str) -> Refusal | None:
        """YAML and readers, through those that pass the column on by a star."""
        todo, renamed = [node], {node.name.lower()}
        while todo:
            one = todo.pop()
            self._in_config(made, one, old, new)
            for child in dict.fromkeys(self._children(folder, one.name)):
                reader = self._node(folder, child)
                statement = self._query(reader) if reader is not None else None
                if reader is None or reader.name.lower() in renamed:
                    continue
                if statement is None:
                    self._in_tags(made, reader.path, old, new)
                    continue
                target = _Target(old, frozenset((one.name.lower(),)))
                refused = self._in_statement(made, reader.path, statement, target, new)
                if refused is not None:
                    return refused
                self._in_tags(made, reader.path, old, new)
                binder, root = self._binder(statement), root_block(statement.facts)
                passed = self._trace(binder, root, old, target.models)
                if isinstance(passed, Source) and _table(passed) == one.name.lower():
                    if len(renamed) > _MOST:
                        return Refusal("too many models pass the column on")
                    renamed.add(reader.name.lower())
                    todo.append(reader)
        for path in self.mentioning(folder, old):
            if path.endswith((".yml", ".yaml")):
                self._in_yaml(made, path, frozenset(renamed), old, new)
        return None

    # --- one statement ---------------------------------------------------------------------------

    def _defined_anew(
        self, made: Renaming, node: DbtNode, statement: Statement, output: Output, new: str
    ) -> Refusal | None:
        """The item that makes the column gets the other name."""
        record = self.record_of(node.path)
        loc = statement.at(output.name_span or output.span)
        span = record.document.file_span(loc) if record is not None else None
        written = span.of(record.document.text) if record is not None and span is not None else ""
        if record is None or span is None or "{{" in written or not record.document.is_verbatim(loc):
            return Refusal("a part of the name is filled in by the program")
        if output.name_span is not None:
            again = _alias_of(record, statement, output) if output.expr.path[-1:] == (new,) else None
            made.add(node.path, again or span, "" if again else _as_written(written, new))
        else:
            made.add(node.path, Span(span.end, span.end), f"{_AS}{new}")
        return None

    def _in_statement(
        self, made: Renaming, path: str, statement: Statement, target: _Target, new: str
    ) -> Refusal | None:
        """Every use of the column in a statement."""
        record, binder = self.record_of(path), self._binder(statement)
        if record is None:
            return None
        refused = self._blocked(binder, path.rpartition("/")[2], statement, target)
        if refused is not None:
            return refused
        file = path.rpartition("/")[2]
        aliased = {output.expr.span: output for block in statement.facts.blocks for output in block.outputs
                   if output.expr.op == "column" and output.name_span is not None and output.name == new}  # fmt: skip
        bare = {output.expr.span: output for block in statement.facts.blocks for output in block.outputs
                if output.expr.op == "column" and not output.aliased}  # fmt: skip
        for use in statement.facts.columns:
            if use.path[-1].casefold() != target.name or use.span.end < 0:
                continue
            bound = binder.bind(use)
            if not isinstance(bound, Found):
                continue
            if bound.source is None:
                mine = target.block is not None and target.block.outputs[target.item].name_span
                if not mine or bound.alias != mine:
                    continue
            elif not self._is(binder, bound.source, target):
                continue
            loc = statement.at(use.span)
            span = record.document.file_span(loc)
            if span is None or not record.document.is_verbatim(loc):
                return Refusal(f"in {file} a part of the name is filled in by the program")
            last = _last_part(record.document.text, span)
            kept = f"{_AS}{last.of(record.document.text)}" if use.span in bare and bound.source is not None else ""
            word, until = _as_written(last.of(record.document.text), new), last.end
            if use.span in aliased and (alias := _alias_of(record, statement, aliased[use.span])) is not None:
                until = alias.end
            made.add(path, Span(last.start, until), word + kept)
        return None

    def _blocked(self, binder: Binder, file: str, statement: Statement, target: _Target) -> Refusal | None:
        """What names the column in a way that cannot be followed."""
        for block in statement.facts.blocks:
            for join in block.joins:
                shared = {each.casefold() for each in join.using}
                if (target.name in shared or join.natural) and any(
                    self._is(binder, each, target) for each in block.every_source
                ):
                    return Refusal(f"{file} joins by the name `{target.name}` on both sides")
            for output in block.outputs:
                star = output.star
                if star is not None and target.name in {each.casefold() for each in star.excluded}:
                    return Refusal(f"{file} leaves `{target.name}` out of a star")
        return None

    def _is(self, binder: Binder, source: Source, target: _Target, depth: int = 0) -> bool:
        """Whether the column of that name of a source is the one that is meant."""
        if source.kind == "table":
            named = called(source)
            return named is not None and named.kind == "ref" and named.name.lower() in target.models
        block = source.block
        if block is None or depth > _DEEPEST or source.columns:
            return False
        for item in items(binder, block, target.name):
            output = block.outputs[item]
            if output.expr.op != "star":
                return block is target.block and item == target.item
            return any(self._is(binder, each, target, depth + 1) for each in starred(block, output))
        return False

    def _trace(
        self, binder: Binder, block: Block | None, name: str, models: frozenset[str] = frozenset(), depth: int = 0
    ) -> tuple[Block, int] | Source | None:
        """The item of the innermost SELECT that makes a column of a SELECT, or the table that a star takes it from.

        ``models``: what a star must take it from, by the names of models.
        """
        if block is None or depth > _DEEPEST:
            return None
        for item in items(binder, block, name):
            output = block.outputs[item]
            if output.expr.op != "star":
                return block, item
            for source in starred(block, output):
                if source.kind == "table":
                    columns = binder.columns_of(source)
                    may = columns.find(name) is not None or columns.opened is not None
                    if may and (not models or _table(source) in models):
                        return source
                elif source.block is not None:
                    found = self._trace(binder, source.block, name, models, depth + 1)
                    if found is not None:
                        return found
        return None

    # --- YAML and templates ----------------------------------------------------------------------

    def _in_yaml(self, made: Renaming, path: str, models: frozenset[str], old: str, new: str) -> None:
        record = self.record_of(path)
        for fact in record.linked.facts if record is not None else ():
            if record is not None and isinstance(fact, DbtProperties):
                for entry in fact.entries:
                    self._in_entry(made, record, entry, models, old, new)
                for source in fact.sources:
                    self._in_source(made, record, source, models, old, new)
                for test in fact.unit_tests:
                    self._in_unit_test(made, record, test, models, old, new)

    def _in_entry(
        self, made: Renaming, record: FileRecord, entry: DbtEntry, models: frozenset[str], old: str, new: str
    ) -> None:
        own = entry.kind == "model" and entry.name.lower() in models
        for column in entry.columns if own else ():
            if column.name.casefold() == old:
                self._word(made, record, column.at, old, new)
        for test in entry.all_tests():
            if _means(test.reference, models):
                self._word(made, record, test.place("field"), old, new)
            if own:
                for key, at in test.places:
                    self._word(made, record, at, old, new, sure=key == "combination_of_columns")

    def _in_source(
        self, made: Renaming, record: FileRecord, source: DbtSource, models: frozenset[str], old: str, new: str
    ) -> None:
        for table in source.tables:
            for test in table.entry.all_tests():
                if _means(test.reference, models):
                    self._word(made, record, test.place("field"), old, new)

    def _in_unit_test(
        self, made: Renaming, record: FileRecord, test: DbtUnitTest, models: frozenset[str], old: str, new: str
    ) -> None:
        rows = [row for given, several in test.given if _means(given, models) for row in several]
        rows += test.expected if test.model.lower() in models else ()
        for row in rows:
            for key, at in row.keys:
                if key.casefold() == old:
                    self._word(made, record, at, old, new)

    def _in_config(self, made: Renaming, node: DbtNode, old: str, new: str) -> None:
        """A model's own settings that name its columns; elsewhere in tags a quoted name may be the column."""
        record = self.record_of(node.path)
        for fact in record.linked.facts if record is not None else ():
            for each in fact.nodes if isinstance(fact, DbtFile) else ():
                for setting in each.settings:
                    if record is not None and setting.key in _KEYS and each.name == node.name:
                        self._word(made, record, setting.at, old, new)
        self._in_tags(made, node.path, old, new)

    def _in_tags(self, made: Renaming, path: str, old: str, new: str) -> None:
        record = self.record_of(path)
        if record is None:
            return
        text = record.document.text
        for tag in tags(text) if "{" in text else ():
            for match in re.finditer(rf"(['\"])(?P<name>{re.escape(old)})\1", text[tag.start : tag.end], re.IGNORECASE):
                span = Span(*match.span("name")).shift(tag.start)
                if span.of(text).casefold() == old and not re.match(
                    r"\s*(?:ref|source|macro)\(", text[tag.start + 2 :]
                ):
                    made.add(path, span, new, sure=False)

    def _word(self, made: Renaming, record: FileRecord, at: Loc, old: str, new: str, *, sure: bool = True) -> None:
        """Every place of the word in a stretch of a file."""
        span = record.document.file_span(at)
        if span is None or at.file != record.path:
            return
        for match in re.finditer(rf"(?<![\w.]){re.escape(old)}(?!\w)", span.of(record.document.text), re.IGNORECASE):
            made.add(record.path, Span(*match.span()).shift(span.start), new, sure=sure)

    # --- finding ---------------------------------------------------------------------------------

    def _node(self, folder: str, name: str) -> DbtNode | None:
        found = [each for each in self._get(("dbt-node", folder, name.lower())) if isinstance(each, DbtNode)]
        return found[0] if len(found) == 1 else None

    def _children(self, folder: str, name: str) -> Iterator[str]:
        return (str(each) for each in self._get(("dbt-children", folder, name.lower())))

    def _query(self, node: DbtNode | None) -> Statement | None:
        record = self.record_of(node.path) if node is not None and node.language == "sql" else None
        script = record.linked.scripts.get(0) if record is not None else None
        queries = [each for each in script.statements if root_block(each.facts) is not None] if script else []
        return queries[0] if len(queries) == 1 and not queries[0].facts.error else None

    def _binder(self, statement: Statement) -> Binder:
        return self.answers(self.lookup).of(statement)[0]

    def _get(self, key: tuple[str, ...]) -> Iterator[object]:
        for values in self.lookup.get(key):
            yield from values if isinstance(values, tuple) else (values,)


def _alias_of(record: FileRecord, statement: Statement, output: Output) -> Span | None:
    """The alias of a column with its AS and the blanks before it."""
    if output.expr.op != "column" or output.name_span is None:
        return None
    column = record.document.file_span(statement.at(output.expr.span))
    alias = record.document.file_span(statement.at(output.name_span))
    if column is None or alias is None or Span(column.end, alias.start).of(record.document.text) != _AS:
        return None
    return Span(column.end, alias.end)


def called(source: Source) -> Reference | None:
    """What dbt's name for a table means."""
    return reference(source.parts[-1]) if source.kind == "table" and source.parts else None


def _table(source: Source) -> str:
    named = called(source)
    return named.name.lower() if named is not None else ".".join(source.parts)


def _means(found: DbtReference | None, models: frozenset[str]) -> bool:
    return found is not None and found.kind == "ref" and found.name.lower() in models


def _last_part(text: str, span: Span) -> Span:
    written = span.of(text)
    return Span(span.start + written.rfind(".") + 1, span.end)


def _as_written(old: str, name: str) -> str:
    closing = {'"': '"', "`": "`", "[": "]"}.get(old[:1])
    return f"{old[0]}{name}{closing}" if closing is not None else name
