"""From the engine's offsets to rows with lines and columns, as the formats want them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pipesense.cli.analysis import Analysis
from pipesense.cli.result import Edit, FindingRow, FixRow, GapRow, Position, Range, RelatedRow, RuleRow
from pipesense.engine.report import BuiltFix, FixOffer, NotAnalysed, Reported
from pipesense.rule.finding import Applicability
from pipesense.rule.registry import Registry
from pipesense.text.buffer import TextBuffer
from pipesense.text.line_index import LineIndex
from pipesense.text.secrets import find_secrets, masked
from pipesense.text.span import Span

_EXCERPT_LINES = 3
_TOP = Range(Position(1, 1), Position(1, 1))


def display_path(path: str, folder: str) -> str:
    """A path relative to ``folder`` where it lies below, else as it is."""
    below = folder.rstrip("/") + "/"
    return path[len(below) :] if path.startswith(below) else path


def range_of(lines: LineIndex, span: Span) -> Range:
    """A span of a file in 1-based lines and columns."""
    (first, start), (last, end) = lines.position(span.start), lines.position(span.end)
    return Range(Position(first + 1, start + 1), Position(last + 1, end + 1))


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Turns what an analysis says into rows. ``text_of`` gives a file's text where the analysis has none."""

    analysis: Analysis
    registry: Registry
    folder: str
    text_of: Callable[[str], TextBuffer | None]
    with_edits: bool = False
    with_dialect: bool = False

    def findings(self, paths: Iterable[str]) -> Iterator[FindingRow]:
        """The findings of some files."""
        for path in paths:
            for reported in self.analysis.findings(path):
                yield self._finding(reported)

    def gaps(self, paths: Iterable[str]) -> Iterator[GapRow]:
        """What was not judged in some files, what is recognised included."""
        for path in paths:
            for gap in self.analysis.not_analysed(path):
                yield self._gap(gap)

    def rules(self, rows: Iterable[FindingRow]) -> Iterator[RuleRow]:
        """The rules of some findings."""
        for rule_id in sorted({row.rule for row in rows}):
            rule = self.registry.get(rule_id)
            if rule is not None:
                yield RuleRow(rule_id, rule.meta.worst, rule.meta.pattern, self.registry.page(rule_id))
            else:
                worst = min(row.severity for row in rows if row.rule == rule_id)
                yield RuleRow(rule_id, worst, "", None)

    def _lines(self, path: str) -> LineIndex | None:
        buffer = self.analysis.text(path) or self.text_of(path)
        return buffer.lines if buffer is not None else None

    def _place(self, path: str, span: Span) -> Range:
        lines = self._lines(path)
        return range_of(lines, span) if lines is not None else _TOP

    def _shown(self, path: str) -> str:
        return display_path(path, self.folder)

    def _finding(self, reported: Reported) -> FindingRow:
        lines = self._lines(reported.path)
        place = range_of(lines, reported.span) if lines is not None else _TOP
        what = reported.what or reported.message
        if reported.finding is not None:
            why, do = masked(reported.finding.why), masked(reported.finding.do)
        else:
            why, do = reported.message.removeprefix(what).strip(), ""
        return FindingRow(
            path=self._shown(reported.path),
            rule=reported.rule,
            severity=reported.severity,
            message=reported.message,
            what=what,
            why=why,
            do=do,
            range=place,
            fingerprint=reported.fingerprint,
            excerpt=_excerpt(lines, place) if lines is not None else (),
            fixes=tuple(self._fix(offer, reported.path) for offer in self._offers(reported)),
            related=tuple(
                RelatedRow(self._shown(each.path), self._place(each.path, each.span), each.text)
                for each in reported.related
            ),
            dialect=self.analysis.dialect(reported.path, reported.span.start) if self.with_dialect else None,
        )

    def _offers(self, reported: Reported) -> tuple[FixOffer, ...]:
        return self.analysis.offers(reported) if reported.fixable else ()

    def _fix(self, offer: FixOffer, path: str) -> FixRow:
        edits: dict[str, tuple[Edit, ...]] = {}
        if self.with_edits and offer.applicability is not Applicability.DISPLAY:
            built = self.analysis.build(offer.id, path)
            if isinstance(built, BuiltFix) and not built.creates:
                edits = {
                    self._shown(each): tuple(Edit(self._place(each, edit.span), edit.text) for edit in changes)
                    for each, changes in built.edits.items()
                }
        return FixRow(offer.id, offer.title, offer.applicability, edits)

    def _gap(self, gap: NotAnalysed) -> GapRow:
        return GapRow(self._shown(gap.path), self._place(gap.path, gap.span), gap.why, gap.recognised)


def _excerpt(lines: LineIndex, place: Range) -> tuple[str, ...]:
    last = place.end.line
    if last > place.start.line and place.end.column == 1:
        last -= 1
    until = min(last, place.start.line + _EXCERPT_LINES - 1)
    shown = [lines.line_text(line - 1) for line in range(place.start.line, until + 1)]
    return tuple(_starred(line) for line in shown)


def _starred(line: str) -> str:
    """A line with stars over its secrets, each as long as the secret, so that columns stay where they are."""
    for secret in find_secrets(line):
        line = line[: secret.span.start] + "*" * (secret.span.end - secret.span.start) + line[secret.span.end :]
    return line


def working_directory() -> str:
    """Where the command runs, as paths are shown relative to it."""
    return os.getcwd().replace("\\", "/")
