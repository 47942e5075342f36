"""From findings to what is shown: placed, suppressed, with configured severities and fingerprints."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from hashlib import blake2b
from itertools import compress, count, islice
from operator import attrgetter, ne
from typing import Final, cast

from pipesense.engine.config import Config
from pipesense.engine.document import Document
from pipesense.engine.placing import Anchor, Cell, Placed, at_which, placed
from pipesense.engine.report import RelatedPlace, Reported, moved
from pipesense.engine.suppression import (
    Suppression,
    comments,
    covers,
    statement_lines_python,
    statement_lines_sql,
    suppressions,
)
from pipesense.lang.languages import DOCUMENTS
from pipesense.model.where import Loc
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Severity
from pipesense.rule.registry import Registry
from pipesense.text.line_index import LineIndex
from pipesense.text.regex import regex
from pipesense.text.secrets import masked, masked_at
from pipesense.text.span import Span

UNUSED: Final = "maintainability/unused-suppression"
BARE: Final = "maintainability/bare-suppression"
UNKNOWN: Final = "maintainability/unknown-rule-in-suppression"
CONFIGURATION: Final = "maintainability/configuration"

_PLACE: Final = attrgetter("span.start", "rule", "span.end")
_KEY: Final = attrgetter("anchor.key")
_ANCHOR: Final = attrgetter("anchor")
_REPORTED: Final = attrgetter("reported")
_FINGERPRINT: Final = attrgetter("reported.fingerprint")
_MOST_RELATED: Final = 25
"""Further places that are shown of a finding; nobody reads a list of hundreds."""
_RELATED: Final = attrgetter("finding.related")
_SEVERITY: Final = attrgetter("finding.severity")
_SPAN: Final = attrgetter("span")
_LEADING_COMMENTS: Final = regex(r"\A(?:\s+|--[^\n]*|/\*.*?\*/|\{#.*?#\})+", re.S)
_SYMBOL: Final = regex(r"^\s*(?:async\s+def|def|class|with)\s+([\w.]+)|^\s*(\w+)\s*(?::[^=\n]+)?=", re.M)


@lru_cache(maxsize=20_000)
def fingerprint(rule: str, relative: str, symbol: str, anchor: str, ordinal: int) -> str:
    """A name for a finding that survives edits elsewhere, moves and reformatting; never a line number."""
    text = "\x1f".join((rule, relative, symbol, " ".join(anchor.split()), str(ordinal)))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _symbol(document: Document, span: Span) -> str:
    found = document.unit_at(span.start)
    if found is None:
        return ""
    unit = found[0]
    if unit.symbol is None:
        match = _SYMBOL.search(unit.text) if document.language == "python" else None
        code = _LEADING_COMMENTS.sub("", unit.text) if document.language == "sql" else ""
        words = " ".join(code.split(None, 3)[:3]).lower()
        unit.symbol = (match.group(1) or match.group(2)) if match else words
    return unit.symbol


Place = Callable[[Loc], "tuple[str, Span] | None"]
Judged = Callable[[Finding, Span], Severity]
"""How bad a finding at a place is, where nothing is configured."""


def place_findings(
    document: Document,
    findings: Sequence[Finding],
    config: Config,
    registry: Registry,
    enabled: frozenset[str],
    place: Place,
    judged: Judged = lambda finding, _: finding.severity,
    *,
    complete: bool = True,
    before: Placed | None = None,
) -> tuple[Reported, ...]:
    """All findings of a file as they are shown, in the order of their places.

    What ``before`` knows is taken over, and replaced. Where a file is not ``complete``, what could not be read may be
    what a comment silences: none counts as unused.
    """
    before = before or Placed()
    relative = config.relative(document.path)
    cells, spans = placed(document, findings, before)
    directives = _directives(document)
    used: set[int] = set()
    if directives:
        heard = [not _silenced(document, directives, *each, used) for each in zip(cells, spans, strict=True)]
        cells, spans = list(compress(cells, heard)), list(compress(spans, heard))
    # In Python an anchor stays what it was, since its unit is whole lines and the same as before.
    stays = document.language == "python"
    for at in list(at_which(map(_ANCHOR, cells), None)) if stays else range(len(cells)):
        cells[at].anchor = _anchor(document, spans[at], cells[at].finding)
    marks = _marks(cells, relative, before)

    def severity(finding: Finding, span: Span) -> Severity:
        return config.severity_of(finding.rule) or judged(finding, span)

    report = partial(_reported, document, registry)
    shown = _shown(cells, spans, marks, severity, report, anew=before.config is not config)
    for at in compress(count(), map(_RELATED, cells)):
        shown[at] = shown[at]._replace(span=spans[at], related=tuple(_related(document, cells[at].finding, place)))
    elsewhere = list(compress(count(), map(ne, map(_SPAN, shown), spans)))
    there = moved(list(map(shown.__getitem__, elsewhere)), list(map(spans.__getitem__, elsewhere)))
    for at, reported in zip(elsewhere, there, strict=True):
        shown[at] = reported
    before.replace(cells, marks, relative, config)
    if directives:
        shown += _about_directives(document, directives, used, registry, enabled, relative, complete=complete)
        shown.sort(key=_PLACE)
    return tuple(shown)


def _shown(
    cells: Sequence[Cell],
    spans: Sequence[Span],
    marks: Sequence[str],
    severity: Judged,
    report: Callable[[Finding, Span, str, Severity], Reported],
    *,
    anew: bool,
) -> list[Reported]:
    """What is shown of each finding; of one that was shown before, maybe at the place where it stood then."""
    for at in range(len(cells)) if anew else list(at_which(map(_REPORTED, cells), None)):
        finding, span = cells[at].finding, spans[at]
        cells[at].reported = report(finding, span, marks[at], severity(finding, span))
    # What a statement elsewhere tells of the dialect may change while an error stays what it was.
    errors = at_which(map(_SEVERITY, cells), Severity.ERROR)
    marked = compress(count(), map(ne, map(_FINGERPRINT, cells), marks))
    for at in {*errors, *marked}:
        finding, span, kept = cells[at].finding, spans[at], cells[at].reported
        now = severity(finding, span)
        if kept is None or (kept.fingerprint, kept.severity) != (marks[at], now):
            cells[at].reported = report(finding, span, marks[at], now)
    return cast("list[Reported]", list(map(_REPORTED, cells)))


def _silenced(document: Document, directives: Sequence[Suppression], cell: Cell, span: Span, used: set[int]) -> bool:
    """Whether a comment silences a finding; the comments that do are noted in ``used``."""
    line = document.buffer.lines.position(span.start)[0]
    silencing = [at for at, each in enumerate(directives) if covers(each, cell.finding.rule, line)]
    used.update(silencing)
    return bool(silencing)


def _marks(cells: Sequence[Cell], relative: str, before: Placed) -> list[str]:
    """The fingerprint of each finding; findings that look the same are counted in the order of the text."""
    # Most keys change neither what is found nor its order.
    keys = list(map(_KEY, cells))
    if keys == before.keys and relative == before.relative:
        return before.marks
    ordinals: Counter[tuple[str, str, str]] = Counter()
    marks: list[str] = []
    for (text, key), cell in zip(map(_ANCHOR, cells), cells, strict=True):
        marks.append(fingerprint(cell.finding.rule, relative, key[1], text, ordinals[key]))
        ordinals[key] += 1
    return marks


def _reported(
    document: Document, registry: Registry, finding: Finding, span: Span, mark: str, severity: Severity
) -> Reported:
    """What is shown of a finding, without what explains it elsewhere."""
    rule = registry.get(finding.rule)
    return Reported(
        path=document.path,
        rule=finding.rule,
        variant=finding.variant,
        severity=severity,
        message=masked(finding.message),
        span=span,
        fingerprint=mark,
        related=(),
        fixable=rule is not None and rule.fixable,
        finding=finding,
        what=masked(finding.what),
    )


def _anchor(document: Document, span: Span, finding: Finding) -> Anchor:
    text, symbol = masked_at(document.text, span), _symbol(document, span)
    return Anchor(text, (finding.rule, symbol, " ".join(text.split())))


def _related(document: Document, finding: Finding, place: Place) -> Iterable[RelatedPlace]:
    for each in islice(finding.related, _MOST_RELATED):
        if each.loc.file == document.path:
            span = document.file_span(each.loc)
            if span is not None:
                yield RelatedPlace(document.path, span, masked(each.text))
        elif (where := place(each.loc)) is not None:
            yield RelatedPlace(where[0], where[1], masked(each.text))


def _directives(document: Document) -> list[Suppression]:
    if document.language in DOCUMENTS:
        from pipesense.engine.suppression_document import document_suppressions

        return document_suppressions(document)
    text, lines, cuts = document.text, document.buffer.lines, document.cuts
    spoken = comments(document.language, text, lines, cuts)
    if not spoken:
        return []
    if document.language == "python":
        following = statement_lines_python(text, lines, cuts)
    else:
        following = statement_lines_sql(text, lines, [(cut.start, cut.end) for cut in cuts])
    return suppressions(text, lines, spoken, following)


def _about_directives(
    document: Document,
    directives: Sequence[Suppression],
    used: set[int],
    registry: Registry,
    enabled: frozenset[str],
    relative: str,
    *,
    complete: bool,
) -> Iterable[Reported]:
    for at, each in enumerate(directives):
        text = each.span.of(document.text)
        if not each.ids:
            yield _own(
                document,
                relative,
                BARE,
                Severity.WARNING,
                each.span,
                at,
                "This comment names no rule, so it silences nothing.",
                'Write the rule\'s id in brackets, for example "pipesense: ignore[reliability/no-retries]".',
            )
            continue
        strangers = [rule for rule in each.ids if not registry.matching(rule)]
        if strangers:
            near = registry.near(strangers[0])
            hint = f"Did you mean {near[0]}?" if near else '"pipesense rules" lists them all.'
            yield _own(
                document,
                relative,
                UNKNOWN,
                Severity.WARNING,
                each.span,
                at,
                f"There is no rule {', '.join(strangers)}, so this comment silences nothing.",
                hint,
            )
        elif complete and at not in used and any(registry.matching(rule) & enabled for rule in each.ids):
            yield _own(
                document,
                relative,
                UNUSED,
                Severity.WARNING,
                each.span,
                at,
                f"This comment silences nothing: {text.split('[')[0].strip()} finds no such problem here any more.",
                "Delete the comment.",
            )


def _own(
    document: Document,
    relative: str,
    rule: str,
    severity: Severity,
    span: Span,
    ordinal: int,
    what: str,
    do: str,
) -> Reported:
    mark = fingerprint(rule, relative, "", span.of(document.text), ordinal)
    return Reported(document.path, rule, "engine", severity, f"{what} {do}", span, mark, (), True, None, what)


def configuration_finding(path: str, relative: str, text: str, line: int, message: str) -> Reported:
    """A finding about a line (0-based) of a configuration file; ``relative`` is its path in every checkout."""
    lines = LineIndex(text)
    at = min(line, len(lines.starts) - 1)
    span = Span(lines.starts[at], lines.starts[at] + len(lines.line_text(at)))
    mark = fingerprint(CONFIGURATION, relative, "", message, 0)
    return Reported(path, CONFIGURATION, "engine", Severity.ERROR, message, span, mark, (), False, None, message)
