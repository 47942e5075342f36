"""From findings to what is shown: placed, suppressed, with configured severities and fingerprints."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b
from operator import attrgetter
from typing import Final

from pipesense.engine.config import Config
from pipesense.engine.document import Document
from pipesense.engine.report import RelatedPlace, Reported
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
_KEY: Final = attrgetter("key")
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


@dataclass(frozen=True, slots=True)
class Anchor:
    """What stands for a finding: the text that it is about, and what that is part of. Holds no secret.

    ``key`` tells findings apart that look the same.
    """

    finding: Finding
    text: str
    symbol: str
    key: tuple[str, str, str]


@dataclass(slots=True)
class Placed:
    """What is known of the findings of a file that was shown before: the anchors' keys in order, each with its mark."""

    keys: list[tuple[str, str, str]] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    by_finding: dict[int, Anchor] = field(default_factory=dict)
    shown: dict[int, Reported] = field(default_factory=dict)
    relative: str = ""

    def replace(self, anchors: Sequence[Anchor], marks: list[str], shown: Iterable[Reported], relative: str) -> None:
        """These are shown now."""
        self.keys, self.marks, self.relative = list(map(_KEY, anchors)), marks, relative
        self.by_finding = {id(each.finding): each for each in anchors}
        self.shown = {id(each.finding): each for each in shown}


def place_findings(
    document: Document,
    findings: Sequence[Finding],
    config: Config,
    registry: Registry,
    enabled: frozenset[str],
    place: Place,
    *,
    complete: bool = True,
    before: Placed | None = None,
) -> tuple[Reported, ...]:
    """All findings of a file as they are shown, in the order of their places.

    What ``before`` knows is taken over, and replaced. Where a file is not ``complete``, what could not be read may be
    what a comment silences: none counts as unused.
    """
    before = before or Placed()
    path = document.path
    placed: list[tuple[Span, Finding]] = []
    for finding in findings:
        span = document.file_span(finding.loc) if finding.loc.file == path else None
        if span is not None:
            placed.append((span, finding))
    placed = _merged(placed)
    directives = _directives(document)
    used: set[int] = set()
    if directives:
        placed = [each for each in placed if not _silenced(document, directives, each, used)]
    relative = config.relative(path)
    anchors = [_anchor(document, span, finding, before) for span, finding in placed]
    marks = _marks(anchors, relative, before)
    severity_of = config.severity_of if config.severity else None
    shown: list[Reported] = []
    for (span, finding), mark in zip(placed, marks, strict=True):
        severity = (severity_of(finding.rule) if severity_of is not None else None) or finding.severity
        last = before.shown.get(id(finding)) if not finding.related else None
        if last is None or last.fingerprint != mark or last.severity != severity:
            shown.append(_reported(document, finding, span, mark, severity, registry, place))
        elif last.span == span:
            shown.append(last)
        else:
            shown.append(last.at(span))
    before.replace(anchors, marks, shown, relative)
    shown += _about_directives(document, directives, used, registry, enabled, relative, complete=complete)
    shown.sort(key=_PLACE)
    return tuple(shown)


def _silenced(
    document: Document, directives: Sequence[Suppression], placed: tuple[Span, Finding], used: set[int]
) -> bool:
    """Whether a comment silences a finding; the comments that do are noted in ``used``."""
    line = document.buffer.lines.position(placed[0].start)[0]
    silencing = [at for at, each in enumerate(directives) if covers(each, placed[1].rule, line)]
    used.update(silencing)
    return bool(silencing)


def _marks(anchors: Sequence[Anchor], relative: str, before: Placed) -> list[str]:
    """The fingerprint of each finding; findings that look the same are counted in the order of the text."""
    # Most keys change neither what is found nor its order.
    if list(map(_KEY, anchors)) == before.keys and relative == before.relative:
        return before.marks
    ordinals: Counter[tuple[str, str, str]] = Counter()
    marks: list[str] = []
    for anchor in anchors:
        marks.append(fingerprint(anchor.finding.rule, relative, anchor.symbol, anchor.text, ordinals[anchor.key]))
        ordinals[anchor.key] += 1
    return marks


def _reported(
    document: Document,
    finding: Finding,
    span: Span,
    mark: str,
    severity: Severity,
    registry: Registry,
    place: Place,
) -> Reported:
    rule = registry.get(finding.rule)
    return Reported(
        path=document.path,
        rule=finding.rule,
        variant=finding.variant,
        severity=severity,
        message=masked(finding.message),
        span=span,
        fingerprint=mark,
        related=tuple(_related(document, finding, place)),
        fixable=rule is not None and rule.fixable,
        finding=finding,
        what=masked(finding.what),
    )


def _anchor(document: Document, span: Span, finding: Finding, before: Placed) -> Anchor:
    """What stands for a finding; in Python it is what it was, since its unit is whole lines and the same as before."""
    known = before.by_finding.get(id(finding)) if document.language == "python" else None
    if known is not None and known.finding is finding:
        return known
    text, symbol = masked_at(document.text, span), _symbol(document, span)
    return Anchor(finding, text, symbol, (finding.rule, symbol, " ".join(text.split())))


def _related(document: Document, finding: Finding, place: Place) -> Iterable[RelatedPlace]:
    for each in finding.related:
        if each.loc.file == document.path:
            span = document.file_span(each.loc)
            if span is not None:
                yield RelatedPlace(document.path, span, masked(each.text))
        elif (where := place(each.loc)) is not None:
            yield RelatedPlace(where[0], where[1], masked(each.text))


def _merged(placed: list[tuple[Span, Finding]]) -> list[tuple[Span, Finding]]:
    """In the order of the text, one finding per cause: what a rule says twice about one place becomes related."""
    placed.sort(key=lambda each: (each[0].start, each[1].rule, each[0].end))
    found: list[tuple[Span, Finding]] = []
    for span, finding in placed:
        if found and found[-1][0] == span and _same(found[-1][1], finding):
            first = found[-1][1]
            found[-1] = (span, replace(first, related=(*first.related, *finding.related)))
        else:
            found.append((span, finding))
    return found


def _same(one: Finding, other: Finding) -> bool:
    return (one.rule, one.variant, one.loc) == (other.rule, other.variant, other.loc)


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
