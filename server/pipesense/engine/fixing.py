"""Offers of fixes, built and verified on the current snapshot when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipesense.engine import fixes, reporting
from pipesense.engine.document import Document
from pipesense.engine.files import Unreadable
from pipesense.engine.index import Index, Stage
from pipesense.engine.overlay import Overlay
from pipesense.engine.record import FileRecord
from pipesense.engine.report import BuiltFix, FixOffer, InternalError, Reported
from pipesense.engine.stages import Stages
from pipesense.engine.suppression import comment_text
from pipesense.lang.languages import DOCUMENTS, language_of, splitter_of
from pipesense.model.change import Change, NewFile, Refusal, Replace, Together
from pipesense.model.where import Loc
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.registry import Registry
from pipesense.text.edit import TextEdit, apply_edits
from pipesense.text.span import Span


@dataclass(frozen=True, slots=True)
class Fixer:
    """What a workspace needs to answer for fixes."""

    registry: Registry
    stages: Stages
    index: Index
    record_of: Callable[[str], FileRecord | None]
    analyse: Callable[[str], None]
    findings: Callable[[str], tuple[Reported, ...]]
    log: Callable[[InternalError], None]

    def offers(self, reported: Reported) -> tuple[FixOffer, ...]:
        """The fixes for a finding, best first; nothing is built or verified yet."""
        return tuple(
            FixOffer(f"{reported.fingerprint}/{at}", offer.title, offer.applicability, reported.rule)
            for at, offer in enumerate(self._offers(reported))
        )

    def _offers(self, reported: Reported) -> list[Offer]:
        record = self.record_of(reported.path)
        if record is None:
            return []
        if reported.finding is None:
            return self._own_offers(record, reported)
        rule = self.registry.get(reported.rule)
        if rule is None or not rule.fixable:
            return []
        context = self.stages.context(record, rule.meta, self.index)
        try:
            return list(rule.offers(reported.finding, context))
        except Exception as error:  # a fix that fails is not offered; its finding stays
            self.log(InternalError(f"fix of {rule.meta.id}", record.path, f"{type(error).__name__}: {error}"))
            return []

    def _own_offers(self, record: FileRecord, reported: Reported) -> list[Offer]:
        if reported.rule not in (reporting.UNUSED, reporting.BARE):
            return []
        unit = record.document.unit_at(reported.span.start)
        if unit is None or record.document.language == "json":
            return []
        base = reported.span.start - unit[1]
        text = record.document.text
        start, end = _whole_comment(text, reported.span)
        loc = Loc(record.path, unit[0].id, Span(start - base, min(end - base, len(unit[0].text))))
        return [Offer("Delete the comment", Replace(loc, ""), Applicability.SAFE)]

    def build(self, offer_id: str, path: str) -> BuiltFix | Refusal:
        """The verified edits of an offer on the current text, or why there are none."""
        mark, _, number = offer_id.rpartition("/")
        self.analyse(path)
        reported = next((each for each in self.findings(path) if each.fingerprint == mark), None)
        offers = self._offers(reported) if reported is not None else []
        if reported is None or not number.isdigit() or int(number) >= len(offers):
            return Refusal("the finding is not there any more")
        offer = offers[int(number)]
        edits = self.edits(offer.change, path)
        if isinstance(edits, Refusal):
            return self._as_shown(edits, path)
        files = offer.change.files if isinstance(offer.change, Together) else ()
        taken = next((each.path for each in files if self.stages.surroundings.files.exists(each.path)), None)
        if taken is not None:
            return Refusal(f"there is a file {taken.rpartition('/')[2]} already")
        if reported.finding is not None:
            refusal = self._refused(reported.finding, edits, files)
            if refusal is not None:
                return refusal
        built = FixOffer(offer_id, offer.title, offer.applicability, reported.rule)
        return BuiltFix(built, edits, {each.path: each.text for each in files})

    def _as_shown(self, refusal: Refusal, path: str) -> Refusal:
        """With other files named as people name them: below the workspace's folder."""
        root = self.stages.surroundings.root_of(path)
        return Refusal(refusal.why.replace(f"{root}/", "")) if root is not None else refusal

    def _refused(
        self, finding: Finding, edits: Mapping[str, tuple[TextEdit, ...]], files: Sequence[NewFile]
    ) -> Refusal | None:
        """Why a fix may not be handed out; it is tried with its new files, and with one changed file at a time."""
        base: Index | Overlay = self.index
        fresh: dict[str, fixes.Trial] = {}
        for each in files:
            record, base = self._laid(each.path, each.text, base)
            findings, _ = self.stages.judged(record, base)
            fresh[each.path] = fixes.trial(findings, len(record.linked.unread))

        def after(path: str, text: str) -> fixes.Trial:
            return self._tried(path, text, base)[0]

        def elsewhere(path: str, text: str, other: str) -> fixes.Trial:
            return self._elsewhere(path, text, other, base)

        return fixes.verify(finding, edits, self._document, self.trial, after, elsewhere, fresh)

    def fix_all(self, path: str, *, unsafe: bool = False) -> tuple[tuple[TextEdit, ...], tuple[str, ...]]:
        """All fixes of a file that may be applied together: their edits, and the rules that they fix.

        With ``unsafe`` also those that want a look; only advice is left out. Fixes that touch the same
        characters as an earlier one wait for the next round.
        """
        taken: list[TextEdit] = []
        rules: list[str] = []
        first: int | None = None
        for reported in self.findings(path):
            for offer in self.offers(reported):
                if offer.applicability is Applicability.DISPLAY:
                    continue
                if offer.applicability is not Applicability.SAFE and not unsafe:
                    continue
                built = self.build(offer.id, path)
                if isinstance(built, Refusal) or set(built.edits) != {path}:
                    continue
                fresh = [edit for edit in built.edits[path] if edit not in taken]
                if any(_collide(edit, other) for edit in fresh for other in taken):
                    continue
                taken += fresh
                rules.append(reported.rule)
                first = len(taken) if first is None else first
                break
        if len(rules) > 1 and not self._holds_together(path, taken):
            # Each was verified alone; what does not hold together is applied one by one, in rounds.
            return tuple(taken[:first]), tuple(rules[:1])
        return tuple(taken), tuple(rules)

    def _holds_together(self, path: str, edits: list[TextEdit]) -> bool:
        """Whether the file with all edits can still be read and has nothing new at warning or above."""
        document = self._document(path)
        if document is None:
            return False
        before, after = self.trial(path), self._after(path, apply_edits(document.text, edits))
        worse = any(count > before.loud[rule] for rule, count in after.loud.items())
        return not worse and after.unread <= before.unread

    def edits(self, change: Change, path: str) -> dict[str, tuple[TextEdit, ...]] | Refusal:
        """The edits of a change, not verified, or why it cannot be written."""
        try:
            return fixes.edits_of(change, lambda each: self.stages.write(each, path), self._document)
        except Exception as error:  # a writer that fails refuses; the finding stays
            self.log(InternalError("writer", path, f"{type(error).__name__}: {error}"))
            return Refusal("the fix could not be written")

    def _document(self, path: str) -> Document | None:
        record = self.record_of(path)
        return record.document if record is not None else None

    def trial(self, path: str) -> fixes.Trial:
        """What the analysis of a file says now."""
        self.analyse(path)
        record = self._loaded(path)
        findings, _ = self.stages.judged(record, self.index)
        return fixes.trial(findings, len(record.linked.unread))

    def _after(self, path: str, text: str) -> fixes.Trial:
        return self.tried(path, text)[0]

    def tried(self, path: str, text: str) -> tuple[fixes.Trial, FileRecord]:
        """What would be said of a file with another text, or of a new file, with everything else as it is."""
        return self._tried(path, text, self.index)

    def _tried(self, path: str, text: str, base: Index | Overlay) -> tuple[fixes.Trial, FileRecord]:
        record, overlay = self._laid(path, text, base)
        findings, _ = self.stages.judged(record, overlay)
        return fixes.trial(findings, len(record.linked.unread)), record

    def _laid(self, path: str, text: str, base: Index | Overlay) -> tuple[FileRecord, Overlay]:
        """A file with another text, and what the workspace says with it."""
        record, overlay = _fresh(path, text), Overlay(base, path)
        for stage in (Stage.LINK, Stage.COMPOSE):
            overlay.exports[stage] = self.stages.run(stage, record, overlay).exports
        return record, overlay

    def _elsewhere(self, path: str, text: str, other: str, base: Index | Overlay) -> fixes.Trial:
        """What would be said of a file if another one had another text."""
        document = self._document(other)
        if document is None:
            return fixes.trial((), 0)
        _, overlay = self._laid(path, text, base)
        record = _fresh(other, document.text)
        for stage in (Stage.LINK, Stage.COMPOSE):
            self.stages.run(stage, record, overlay)
        findings, _ = self.stages.judged(record, overlay)
        return fixes.trial(findings, len(record.linked.unread))

    def suppression(self, reported: Reported) -> tuple[TextEdit, ...]:
        """The edit that silences one finding where it stands."""
        record = self.record_of(reported.path)
        if record is None:
            return ()
        language = record.document.language
        if language in DOCUMENTS:
            from pipesense.engine.suppression_document import silencing_edit

            return silencing_edit(record.document, reported.span, reported.rule)
        line = record.document.buffer.lines.position(reported.span.start)[0]
        text = comment_text(language, reported.rule)
        return (fixes.suppression_edit(record.document, language, line, text),)

    def _loaded(self, path: str) -> FileRecord:
        record = self.record_of(path)
        if record is None:
            raise Unreadable(path, "it was deleted meanwhile")
        return record


def _fresh(path: str, text: str) -> FileRecord:
    language = language_of(path) or "sql"
    return FileRecord(path, Document(path, language, splitter_of(language), text))


def _collide(one: TextEdit, other: TextEdit) -> bool:
    if one.span.is_empty and other.span.is_empty:
        return one.span.start == other.span.start
    return one.span.start < other.span.end and other.span.start < one.span.end


def _whole_comment(text: str, span: Span) -> tuple[int, int]:
    """A comment with its line where it stands alone there, else with the blanks before it."""
    start = max(text.rfind("#", 0, span.start), text.rfind("--", 0, span.start), text.rfind("{#", 0, span.start))
    start = start if start >= 0 else span.start
    end = text.find("\n", span.end)
    end = len(text) if end < 0 else end
    line = text.rfind("\n", 0, start) + 1
    if not text[line:start].strip():
        return line, min(end + 1, len(text))
    while start > line and text[start - 1] in " \t":
        start -= 1
    return start, end
