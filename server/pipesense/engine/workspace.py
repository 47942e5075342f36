"""The workspace: all files, what they say, and the order in which stale answers are made fresh.

The surface that the language server and the command line use. It does no IO of its own: files come from a
FileAccess, and every path is absolute with ``/`` between its parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Final

from pipesense.engine.agenda import Agenda
from pipesense.engine.config import FILE_NAMES, settings
from pipesense.engine.document import Document
from pipesense.engine.features import Features
from pipesense.engine.files import FileAccess, Unreadable
from pipesense.engine.first_look import FirstLook
from pipesense.engine.fixing import Fixer
from pipesense.engine.index import Index, Key, Stage
from pipesense.engine.judge import Judge
from pipesense.engine.link_dbt import DbtWork
from pipesense.engine.link_sql import StatementReader
from pipesense.engine.project import Surroundings
from pipesense.engine.recall import Recall
from pipesense.engine.record import FileRecord
from pipesense.engine.relations import ColumnMemo
from pipesense.engine.report import BuiltFix, Counters, FixOffer, HoverText, InternalError, NotAnalysed, Reported
from pipesense.engine.showing import Showing
from pipesense.engine.stages import Stages
from pipesense.lang.languages import DOCUMENTS, language_of, splitter_of
from pipesense.model.change import Refusal
from pipesense.model.where import Loc
from pipesense.rule.registry import Registry
from pipesense.systems.system import PythonSystem
from pipesense.text.buffer import TextBuffer
from pipesense.text.edit import TextEdit
from pipesense.text.encoding import PositionEncoding
from pipesense.text.span import Span

if TYPE_CHECKING:
    from pipesense.engine.checks.insert import Checks

_PROGRESS_EVERY: Final = 16


class Workspace:
    """Every file of some folders, analysed as far as somebody asked."""

    def __init__(
        self,
        registry: Registry,
        files: FileAccess,
        log: Callable[[InternalError], None],
        *,
        systems: Sequence[PythonSystem] | None = None,
        roots: Sequence[str] = (),
        hide_baseline: bool = False,
    ) -> None:
        from pipesense.engine import catalogue

        self.registry = registry
        self.counters = Counters()
        self._files = files
        self._log = log
        self._index = Index()
        self._records: dict[str, FileRecord] = {}
        self._unreadable: dict[str, str] = {}
        self._agenda = Agenda(language_of)
        self._unlisted: list[str] = []
        self._expected: set[str] = set()
        self._wanted: set[str] = set()
        """Files that somebody opened, named or listed; others are read for what is imported from them only."""
        self._replaced: dict[str, FileRecord] = {}
        """Records of files that changed on disk and were not read again yet; what they showed is compared."""
        self._surroundings = Surroundings(
            registry, files, catalogue.sql_dialects, lambda path: path in self._records or path in self._agenda
        )
        self._dbt = DbtWork(self._surroundings.dbt, self._index, self._records, self._agenda, self._mark_readers)
        self._reader = StatementReader(catalogue.read_statement, self.counters, log, catalogue.told_dialect)
        self._stages = Stages(
            registry=registry,
            surroundings=self._surroundings,
            systems=tuple(systems) if systems is not None else catalogue.systems_in_use(),
            reader=self._reader,
            judge=Judge(registry, self.counters, log, self._index),
            counters=self.counters,
            log=log,
            record_of=self._record,
            whole_record_of=self._whole_record,
            text_of=self._text_at,
            columns=ColumnMemo(self._index.version),
            documents=catalogue.document_systems(),
        )
        self._recall = Recall(lambda stage, record: self._stages.run(stage, record, self._index), self._agenda)
        self._fixer = Fixer(registry, self._stages, self._index, self._whole_record, self._freshen, self.findings, log)
        self._showing = Showing(self._surroundings, registry, self._place, self._wanted, hide_baseline)
        self.first_look = FirstLook(self._records, self._agenda, self._index, self._stages, self._showing)
        self.features = Features(self._whole_record, self._index, self._place, self._stages)
        for root in roots:
            self.add_root(root)

    @cached_property
    def checks(self) -> Checks:
        """The quality checks that tables deserve."""
        from pipesense.engine.checks.insert import Checks

        return Checks.over(self._index, self._whole_record, self._surroundings, self._fixer)

    # --- documents -------------------------------------------------------------------------------

    def open(self, path: str, text: str) -> None:
        """An editor took a file over; its text is the editor's from now on."""
        language = language_of(path)
        if language is None:
            return
        self._unreadable.pop(path, None)
        self._replaced.pop(path, None)
        self._wanted.add(path)
        record = self._records.get(path)
        if record is None:
            is_new = path not in self._agenda and (not self._left_out(path) or self._stages.awaits(path, self._index))
            self._records[path] = FileRecord(path, Document(path, language, splitter_of(language), text), True)
            # An editor may show a file before it says that there is one, or before there is one.
            if is_new and language not in DOCUMENTS:
                self._surroundings_changed()
        else:
            record.is_open = True
            record.document.edit(None, None, text, PositionEncoding.UTF32)
        self._mark(path, Stage.LINK)

    def change(
        self,
        path: str,
        start: tuple[int, int] | None,
        end: tuple[int, int] | None,
        text: str,
        encoding: PositionEncoding,
    ) -> None:
        """An editor changed an open file; ``start`` None replaces the whole text. Positions are the client's."""
        record = self._records.get(path)
        if record is not None:
            record.document.edit(start, end, text, encoding)
            self._mark(path, Stage.LINK)

    def close(self, path: str) -> None:
        """The editor gave a file back: what is on disk counts again."""
        if (record := self._records.get(path)) is None:
            return
        record.is_open = False
        self.touched([path])
        if path in self._wanted:
            self._freshen(path)

    def touched(self, paths: Iterable[str]) -> frozenset[str]:
        """Files were created, changed or deleted on disk; configuration files count too.

        Returns the files that are gone: nothing is said of them any more.
        """
        around = configured = False
        gone: set[str] = set()
        for path in (each for each in paths if not self._surroundings.dbt.touched(each)):
            language = language_of(path)
            if language is None or language in DOCUMENTS:
                configured = configured or path.rpartition("/")[2] in FILE_NAMES
                around = around or configured or self._surroundings.asked(path)
                gone.update(self._gone_with(path))
            if language is None:
                continue
            record = self._records.get(path)
            if record is not None and record.is_open:
                continue
            if not self._files.exists(path) or (record is not None and self._left_out(path)):
                gone.add(path)
                around = around or self._stages.awaits(path, self._index)
            elif record is not None:
                self._replaced[path] = self._records.pop(path)
                self._mark(path, Stage.LINK)
            elif path in self._agenda or path in self._unreadable or not self._left_out(path):
                around = around or (path not in self._agenda and language not in DOCUMENTS)
                self._unreadable.pop(path, None)
                self._want(path)
            else:
                around = around or self._stages.awaits(path, self._index)
        if gone:
            gone &= self._known()
        self._drop_all(gone)
        if around or gone:
            self._surroundings_changed()
        if configured:
            gone |= self._list_again()
        return frozenset(gone)

    def _known(self) -> set[str]:
        return {*self._records, *self._replaced, *self._unreadable, *self._agenda}

    def _gone_with(self, folder: str) -> list[str]:
        """The files below a folder of which an editor only says that the folder itself was deleted or renamed."""
        below = (path for path in self._known() if path.startswith(folder + "/") and not self._is_open(path))
        return [path for path in below if not self._files.exists(path)]

    def _left_out(self, path: str) -> bool:
        """Whether a file is none that listing its folder would give."""
        root = self._surroundings.root_of(path)
        return root is None or self._surroundings.excluded(path) or self._files.hides(root, path)

    def _want(self, path: str) -> None:
        self._wanted.add(path)
        self._mark(path, Stage.LINK)

    def _list_again(self) -> frozenset[str]:
        """What is excluded may have changed: the folders are looked through again. Returns what is left out now."""
        out = {path for path in self._wanted if not self._is_open(path) and self._surroundings.excluded(path)}
        self._drop_all(out)
        self._unlisted = list(self._surroundings.roots)
        return frozenset(out)

    def expect_root(self, root: str, project: str | None = None) -> None:
        """A workspace folder that will be added: until then what is open is seen as a part of it.

        ``project`` is the folder of the project that it is a part of, where that is another one.
        """
        if root not in self._surroundings.roots:
            self._surroundings.roots.append(root)
            self._surroundings.projects[root] = project or root
            self._expected.add(root)
            self._surroundings_changed()

    def add_root(self, root: str, project: str | None = None) -> None:
        """A workspace folder; its files are looked up when there is time. ``project`` as in ``expect_root``."""
        self.expect_root(root, project)
        if root in self._expected:
            self._expected.remove(root)
            self._unlisted.append(root)

    def remove_root(self, root: str) -> frozenset[str]:
        """A workspace folder was closed; its files are forgotten unless they are open. Returns the forgotten ones."""
        if root in self._surroundings.roots:
            self._surroundings.roots.remove(root)
            self._expected.discard(root)
        if root in self._unlisted:
            self._unlisted.remove(root)
        below = (path for path in self._known() if path.startswith(root + "/") and not self._is_open(path))
        orphans = frozenset(path for path in below if self._surroundings.root_of(path) is None)
        self._drop_all(orphans)
        self._surroundings_changed()
        return orphans

    def reconfigure(self, overrides: Mapping[str, object]) -> tuple[str, ...]:
        """Settings of an editor or a command line, on top of the files; what is wrong with them, as sentences."""
        from pipesense.engine.catalogue import sql_dialects

        before = self._surroundings.overrides.exclude
        self._surroundings.overrides = settings(overrides, self.registry, sql_dialects)
        self._surroundings_changed()
        if self._surroundings.overrides.exclude != before:
            self._list_again()
        return tuple(each.message for each in self._surroundings.overrides.problems)

    def _surroundings_changed(self) -> None:
        self._surroundings.forget()
        self._stages.generation += 1
        for path in self._records:
            self._mark(path, Stage.LINK)

    def _drop_all(self, paths: Iterable[str]) -> None:
        for path in paths:
            for known in (self._records, self._replaced, self._unreadable):
                known.pop(path, None)
            self._wanted.discard(path)
            for memory in (self.features.learned, self._surroundings.dbt, self._agenda):
                memory.drop(path)
            self._mark_readers(path, self._index.drop(path))

    def _record(self, path: str) -> FileRecord | None:
        """The record of a file, read from disk where it was not loaded yet; None where it cannot be read."""
        record = self._records.get(path)
        if record is not None:
            return record
        language = language_of(path)
        if language is None or path in self._unreadable:
            return None
        try:
            text = self._files.read(path)
        except Unreadable as error:
            self._unreadable[path] = error.reason
            return None
        if not self._stages.is_ours(path, language, text):
            self._wanted.discard(path)
            return None
        record = FileRecord(path, Document(path, language, splitter_of(language), text))
        before = self._replaced.pop(path, None)
        if before is not None:
            record.reported, record.not_analysed = before.reported, before.not_analysed
            record.revision = before.revision
        self._records[path] = record
        self._mark(path, Stage.LINK)
        return record

    # --- work ------------------------------------------------------------------------------------

    def _mark(self, path: str, stage: int, *, again: bool = False) -> None:
        record = self._records.get(path)
        self._agenda.mark(path, Stage.LINK if record is not None and record.is_put_away else stage, again=again)

    def _mark_readers(self, path: str, keys: frozenset[Key]) -> None:
        for reader, stage in self._index.readers(keys).items():
            if reader != path:
                self._mark(reader, stage, again=not self._is_open(reader))

    def analyse(self, path: str) -> None:
        """Bring one file's findings up to date now; other files that this makes stale are left for later."""
        if path not in self._wanted:
            self._wanted.add(path)  # at most read for an import until now: what it says was not shown
            if path in self._records:
                self._mark(path, Stage.LINK)
        self._freshen(path)

    def _freshen(self, path: str) -> None:
        if self._record(path) is None:
            return
        while path in self._agenda:
            self._advance(path)

    def pending(self) -> int:
        """How many files may have stale findings."""
        return len(self._agenda) + len(self._unlisted) + bool(self._dbt)

    def step(self) -> frozenset[str]:
        """Do one small unit of background work; the paths whose findings changed by it."""
        if self._unlisted:
            self._list(self._unlisted.pop(0))
            return frozenset()
        if self._dbt.step():
            return frozenset()
        path = self._agenda.next(self._is_open)
        if path is None:
            return frozenset()
        record = self._record(path)
        if record is None:
            return self._became_unreadable(path)
        before = record.revision
        if self._agenda.stage(path) == Stage.LINK and self._stages.prepare(record, self._index):
            return frozenset()
        self._advance(path)
        return frozenset({path}) if record.revision != before else frozenset()

    def _is_open(self, path: str) -> bool:
        return (record := self._records.get(path)) is not None and record.is_open

    def _became_unreadable(self, path: str) -> frozenset[str]:
        """A file that cannot be read has no findings any more; whoever read of it is stale."""
        self._agenda.drop(path)
        shown = self._replaced.pop(path, None)
        self._mark_readers(path, self._index.drop(path))
        return frozenset({path}) if shown is not None and shown.reported else frozenset()

    def _list(self, root: str) -> None:
        for path in self._files.listing(root):
            if language_of(path) is not None and path not in self._wanted and not self._surroundings.excluded(path):
                self._want(path)
                self._dbt.listed(path)

    def index_all(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Analyse every file of every workspace folder; ``progress(done, total)`` counts steps."""
        while self._unlisted:
            self._list(self._unlisted.pop(0))
        self._dbt.finish()
        done = 0
        while (path := self._agenda.next(self._is_open)) is not None:
            if self._record(path) is None:
                self._became_unreadable(path)
            else:
                self._advance(path)
            done += 1
            if progress is not None and done % _PROGRESS_EVERY == 0:
                progress(done, done + self._agenda.steps())
        if progress is not None:
            progress(done, done)

    def settle(self, path: str) -> bool:
        """Cut a file anew after it has been at rest; True if its findings may have changed."""
        record = self._records.get(path)
        if record is None or not record.document.settle():
            return False
        self._mark(path, Stage.LINK)
        return True

    def _advance(self, path: str) -> None:
        record = self._records[path]
        stage = self._agenda.drop(path)
        if stage is None:
            return
        if stage == Stage.JUDGE:
            self._judge(record)
            return
        outcome = self._stages.run(Stage(stage), record, self._index)
        self._index.record_reads(path, Stage(stage), outcome.reads)
        changed = self._index.export(path, Stage(stage), outcome.exports)
        self._dbt.after_link(record, stage)
        record.has_run(stage)
        self._agenda.mark(path, stage + 1, outcome.wants)
        self._mark_readers(path, changed)

    def _judge(self, record: FileRecord) -> None:
        findings, reads = self._stages.judged(record, self._index)
        self._index.record_reads(record.path, Stage.JUDGE, reads)
        self._showing.replace(record, findings, complete=not record.linked.unread)
        self.features.judged(record)

    def _whole_record(self, path: str) -> FileRecord | None:
        """The record of a file with all its facts; those of a file that was put away are read again."""
        return self._recall.whole(self._record(path))

    def _place(self, loc: Loc) -> tuple[str, Span] | None:
        record = self._record(loc.file)
        span = record.document.file_span(loc) if record is not None else None
        return (loc.file, span) if span is not None else None

    def _text_at(self, loc: Loc) -> str:
        record = self._record(loc.file)
        return record.document.text_of(loc) if record is not None else ""

    # --- results ---------------------------------------------------------------------------------

    def text(self, path: str) -> TextBuffer | None:
        """The current text of a file, read from disk where it is not open; None where it cannot be read."""
        record = self._record(path)
        if record is not None:
            return record.document.buffer
        # A configuration file is no document, but its problems have places, and so have dbt's docs and seeds.
        has_places = path in self._surroundings.problems or path.endswith((".md", ".csv"))
        text = self._surroundings.text(path) if has_places else None
        return TextBuffer(text) if text is not None else None

    def findings(self, path: str) -> tuple[Reported, ...]:
        """What is wrong in a file, in the order of the text."""
        if path in self._surroundings.problems:
            return self._surroundings.problem_findings(path)
        record = self._records.get(path)
        return record.reported if record is not None else ()

    def configuration_problems(self) -> tuple[tuple[str, int, str], ...]:
        """Everything wrong in the configuration files read so far: path, line (0-based), sentence."""
        return self._surroundings.all_problems()

    def not_analysed(self, path: str) -> tuple[NotAnalysed, ...]:
        """What was not judged in a file, and why."""
        if path in self._unreadable:
            return (NotAnalysed(path, Span(0, 0), self._unreadable[path]),)
        record = self._records.get(path)
        return record.not_analysed if record is not None else ()

    def statements(self, path: str) -> int:
        """How many statements a file has: of Python at top level, of SQL anywhere."""
        record = self._records.get(path)
        return record.statements() if record is not None else 0

    def revision(self, path: str) -> str:
        """Changes whenever the findings of a file do."""
        record = self._records.get(path)
        return f"{record.revision}.{self._stages.generation}" if record is not None else "0"

    def paths(self) -> tuple[str, ...]:
        """All files that were loaded or failed to load, without those that only others import from."""
        return tuple(sorted(self._wanted & {*self._records, *self._unreadable}))

    def dialect(self, path: str, offset: int) -> tuple[str, str] | None:
        """The SQL dialect at a place and why it was chosen; None outside SQL."""
        record = self._record(path)
        return record.dialect_at(offset) if record is not None else None

    def hover(self, path: str, offset: int) -> HoverText | None:
        """What is worth knowing about a place."""
        from pipesense.engine.hover import hover

        record, found, answers = self._whole_record(path), self.findings(path), self._stages.answers(self._index)
        places = (self._place, lambda path, at: self._records[path].document.buffer.lines.position(at)[0])
        layers = self._surroundings.config(path).layers
        return hover(record, offset, self.registry, answers, *places, found, layers) if record is not None else None

    # --- fixes -----------------------------------------------------------------------------------

    def offers(self, reported: Reported) -> tuple[FixOffer, ...]:
        """The fixes for a finding, best first; nothing is built or verified yet."""
        return self._fixer.offers(reported)

    def build(self, offer_id: str, path: str) -> BuiltFix | Refusal:
        """The verified edits of an offer on the current text, or why there are none."""
        return self._fixer.build(offer_id, path)

    def fix_all(self, path: str, *, unsafe: bool = False) -> tuple[tuple[TextEdit, ...], tuple[str, ...]]:
        """All fixes of a file that may be applied together: their edits, and the rules that they fix (see Fixer)."""
        return self._fixer.fix_all(path, unsafe=unsafe)

    def suppression(self, reported: Reported) -> tuple[TextEdit, ...]:
        """The edit that silences one finding where it stands."""
        return self._fixer.suppression(reported)
