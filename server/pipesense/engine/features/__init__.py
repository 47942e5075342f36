"""What an editor asks about a file beside findings: outline, folding, colours, names, renames, completion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from pipesense.engine.features.learned import Learned
from pipesense.engine.features.outline import Symbol, SymbolKind, folds, outline
from pipesense.engine.record import FileRecord
from pipesense.lang.languages import DOCUMENTS, language_of
from pipesense.lang.sql.highlight import WordKind
from pipesense.model.where import Loc
from pipesense.text.span import Span

if TYPE_CHECKING:
    from pipesense.engine.features.completion import Catalogue, Completion, Item
    from pipesense.engine.features.dbt_lenses import DbtLenses, Lens, Link
    from pipesense.engine.features.dbt_names import DbtNames
    from pipesense.engine.features.names import Names
    from pipesense.engine.features.scaffolds import Scaffolds
    from pipesense.engine.features.states import StateNames
    from pipesense.engine.stages import Stages

    AnyNames = Names | StateNames | DbtNames

__all__ = ["Features", "Symbol", "SymbolKind", "WordKind"]


@dataclass(frozen=True, slots=True)
class Features:
    """Answers about one file each; ``record_of`` gives a file with all its facts, None where it cannot be read."""

    record_of: Callable[[str], FileRecord | None]
    lookup: Catalogue
    place: Callable[[Loc], tuple[str, Span] | None]
    stages: Stages
    learned: Learned = field(default_factory=Learned)

    @property
    def names(self) -> Names:
        """Definitions, references and renames."""
        from pipesense.engine.features.names import Names

        return Names(self.record_of, self.lookup, self.place, self.stages.answers)

    @property
    def states(self) -> StateNames:
        """Names of states and steps in YAML and JSON."""
        from pipesense.engine.features.states import StateNames

        return StateNames(self.record_of)

    @property
    def dbt(self) -> DbtNames:
        """Names of models, sources, macros, documentation and columns."""
        from pipesense.engine.features.dbt_columns import ColumnRenamer
        from pipesense.engine.features.dbt_names import DbtNames
        from pipesense.engine.features.dbt_reads import ColumnReads

        projects = self.stages.surroundings.dbt
        columns = ColumnRenamer(self.record_of, self.lookup, self.stages.answers, projects.mentioning)
        asked = (self.record_of, self.lookup, self.stages.answers, self.place)
        reads = ColumnReads(*asked, projects.seed, projects.folder, columns)
        return DbtNames(self.record_of, self.lookup, self.place, projects, columns, reads, self.names)

    def names_of(self, path: str, offset: int) -> AnyNames:
        """Definitions, references and renames of the kind of name that stands at an offset of a file."""
        if self.stages.surroundings.dbt.folder(path) and self.dbt.at(path, offset) is not None:
            return self.dbt
        return self.states if language_of(path) in DOCUMENTS else self.names

    def complete(self, path: str, offset: int) -> tuple[Item, ...]:
        """What may stand at an offset of a file, the likeliest first."""
        from pipesense.engine.features.dbt_completion import DbtCompletion

        projects = self.stages.surroundings.dbt
        dbt = DbtCompletion(self.record_of, self.lookup, projects, self.stages.answers)
        if language_of(path) in DOCUMENTS:
            return dbt.in_yaml(path, offset) if projects.reads(path) else self.states.completion(path, offset)
        return dbt.in_sql(path, offset) or self.completion.at(path, offset)

    @property
    def completion(self) -> Completion:
        """What may stand at a place of SQL."""
        from pipesense.engine.catalogue import read_statement
        from pipesense.engine.features.completion import Completion

        read = partial(read_statement, lately=self.stages.reader.lately)
        return Completion(
            *(self.record_of, self.lookup, self.stages.surroundings.dbt, self.stages.answers, read),
            self.learned,
        )

    @property
    def dbt_lenses(self) -> DbtLenses:
        """What stands above the models of a project, and what in them leads to other files."""
        from pipesense.engine.features.dbt_lenses import DbtLenses

        return DbtLenses(self.record_of, self.lookup, self.dbt, self.stages.answers)

    def lenses(self, path: str) -> tuple[Lens, ...]:
        """The lines of text above places of a file."""
        return self.dbt_lenses.lenses(path) if self.stages.surroundings.dbt.folder(path) else ()

    def links(self, path: str) -> tuple[Link, ...]:
        """The stretches of a file that lead to other files: SQL that tasks run, models of dbt."""
        from pipesense.engine.features.dbt_lenses import scripts

        found = self.dbt_lenses.links(path) if self.stages.surroundings.dbt.folder(path) else ()
        record = self.record_of(path)
        return found + tuple(scripts(record, self.lookup)) if record is not None else found

    @property
    def scaffolds(self) -> Scaffolds:
        """Tests that can be written for a pipeline."""
        from pipesense.engine.features.scaffolds import Scaffolds

        return Scaffolds(self.record_of, self.stages.surroundings)

    def judged(self, record: FileRecord) -> None:
        """A file was judged: learn from it as long as its facts are at hand; those of a closed file are put away."""
        self.learned.note(record)
        if not record.is_open:
            record.put_away()

    def outline(self, path: str) -> tuple[Symbol, ...]:
        """What the file defines, as a tree."""
        record = self.record_of(path)
        if record is None:
            return ()
        if not self.stages.surroundings.dbt.folder(path):
            return outline(record)
        from pipesense.engine.features.outline_dbt import outline_of_dbt

        return tuple(sorted((*outline(record), *outline_of_dbt(record)), key=lambda symbol: symbol.span))

    def folds(self, path: str) -> tuple[Span, ...]:
        """Ranges of SQL that can be folded away."""
        record = self.record_of(path)
        return folds(record) if record is not None else ()

    def colours(self, path: str, within: Span | None = None) -> tuple[tuple[Span, WordKind], ...]:
        """The coloured words of SQL inside strings, of the part ``within`` or of the whole file."""
        from pipesense.engine.features.colours import colours

        record = self.record_of(path)
        return colours(record, within) if record is not None else ()
