"""From an offer to verified edits.

A fix is only handed out after the whole file was analysed again with the edits in place: the finding must be
gone, nothing new may appear at warning or above, nothing that could be read may have become unreadable, and
no comment and no masked stretch may have been touched.
"""

from __future__ import annotations

import re
import tokenize
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipesense.engine.document import Document
from pipesense.engine.suppression import comment_spans, python_statements, python_tokens
from pipesense.lang.cut import Cut
from pipesense.model.change import Change, Refusal, Replace, Rewrite, Together
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Severity
from pipesense.text.edit import OverlappingEdits, TextEdit, apply_edits
from pipesense.text.regex import regex
from pipesense.text.span import Span

_SQL_COMMENT: Final = regex(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|(?P<comment>--[^\r\n]*|/\*.*?\*/|\{#.*?#\})", re.S)


_PYTHON_STRING: Final = regex(
    r"#[^\n]*|(?P<prefix>(?<!\w)[rRbBuUfF]{1,2}|)(?P<quote>\"{3}|'{3}|\"|')(?P<body>(?:\\.|(?!(?P=quote)).)*)(?P=quote)",
    re.S,
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What the analysis of a file says, as far as the verification asks.

    ``loud``: findings at warning or above, by rule. ``said``: all findings, by rule and first sentence.
    """

    loud: Counter[str]
    said: Counter[tuple[str, str]]
    unread: int


def trial(findings: Iterable[Finding], unread: int) -> Trial:
    """Count what was found."""
    found = list(findings)
    loud = Counter(each.rule for each in found if each.severity <= Severity.WARNING)
    return Trial(loud, Counter((each.rule, each.what) for each in found), unread)


_STRING_TOKENS: Final = frozenset(
    kind
    for name in ("STRING", "FSTRING_MIDDLE", "TSTRING_MIDDLE")
    if isinstance(kind := getattr(tokenize, name, None), int)
)
"""From Python 3.12 on an f-string is several tokens, from 3.14 on a t-string is too."""

WriteChange = Callable[[Change], "tuple[Replace, ...] | Refusal"]


def edits_of(
    change: Change, write: WriteChange, document_of: Callable[[str], Document | None]
) -> dict[str, tuple[TextEdit, ...]] | Refusal:
    """The edits that a change means, per file, in offsets of the current texts."""
    if isinstance(change, Together):
        return _joined([edits_of(each, write, document_of) for each in change.parts])
    if isinstance(change, Replace):
        parts: tuple[Replace, ...] | Refusal = (change,)
    elif isinstance(change, Rewrite) and not change.imports:
        parts = change.parts
    else:
        parts = write(change)
    if isinstance(parts, Refusal):
        return parts
    found: dict[str, list[TextEdit]] = {}
    for part in parts:
        document = document_of(part.loc.file)
        if document is None:
            return Refusal("a file that the fix would change is not there any more")
        edit = _edit(part, document)
        if isinstance(edit, Refusal):
            return edit
        found.setdefault(part.loc.file, []).append(edit)
    return {path: tuple(edits) for path, edits in found.items()}


def _joined(several: Iterable[dict[str, tuple[TextEdit, ...]] | Refusal]) -> dict[str, tuple[TextEdit, ...]] | Refusal:
    found: dict[str, tuple[TextEdit, ...]] = {}
    for each in several:
        if isinstance(each, Refusal):
            return each
        for path, edits in each.items():
            found[path] = (*found.get(path, ()), *edits)
    return found


def _edit(part: Replace, document: Document) -> TextEdit | Refusal:
    span = document.file_span(part.loc)
    if span is None:
        return Refusal("the text has changed since the finding was made")
    if part.loc.unit not in document.embedded or document.language == "sql":
        return TextEdit(span, part.text)
    if not document.is_verbatim(part.loc):
        return Refusal("the place holds a template or a placeholder, which a fix may not touch")
    if not _spelled_alike(part, document):
        return Refusal("the new text would need other characters inside this string")
    return TextEdit(span, part.text)


def _spelled_alike(part: Replace, document: Document) -> bool:
    """Whether the text means itself inside the host's string literal."""
    embedded = document.embedded[part.loc.unit]
    host = document.unit(embedded.host)
    script = next((each for each in document.scripts.values() if embedded in each.statements), None)
    if host is None or script is None or "\\" in part.text:
        return False
    source = embedded.map.to_source(part.loc.span.shift(embedded.start))
    opening = _opening(host.text, source.start)
    if opening is None:
        return False
    prefix, quote = opening
    if quote in part.text or (len(quote) == 1 and "\n" in part.text) or part.text.endswith(quote[0]):
        return False
    formatted = "f" in prefix or script.formats & {"fstring", "format"}
    if formatted and any(brace in part.text for brace in "{}"):
        return False
    return not ("percent" in script.formats and "%" in part.text)


def _opening(text: str, offset: int) -> tuple[str, str] | None:
    """The prefix (lower case) and quotes of the Python literal that holds an offset; None where it is unclear."""
    found: tuple[str, str] | None = None
    for literal in _PYTHON_STRING.finditer(text):
        if literal.start("body") <= offset <= literal.end("body"):
            found = literal["prefix"].lower(), literal["quote"]
    return found


def touched_comments(document: Document, edits: Sequence[TextEdit]) -> bool:
    """Whether an edit overlaps a comment."""
    return any(comment.overlaps(edit.span) for comment in _comments(document) for edit in edits)


def _comments(document: Document) -> list[Span]:
    return list(comment_spans(document.language, document.text, document.cuts))


def verify(
    finding: Finding,
    edits: Mapping[str, tuple[TextEdit, ...]],
    document_of: Callable[[str], Document | None],
    before: Callable[[str], Trial],
    after: Callable[[str, str], Trial],
    elsewhere: Callable[[str, str, str], Trial],
    creates: Mapping[str, Trial] | None = None,
) -> Refusal | None:
    """None where the edits hold what the fix promises, else why they do not.

    ``after(path, text)`` analyses a changed file, ``elsewhere(path, text, other)`` another one beside it; ``creates``
    says what is said of new files. The finding is gone when one sentence less is said of it.
    """
    said = (finding.rule, finding.what)
    removed, home = 0, finding.loc.file
    for fresh in (creates or {}).values():
        if fresh.unread or fresh.loud:
            return Refusal(
                f"the new file would bring a finding of {next(iter(fresh.loud), 'text that cannot be read')}"
            )
    here = document_of(home)
    if creates and home not in edits and here is not None:
        removed += before(home).said[said] - after(home, here.text).said[said]
    for path, changes in edits.items():
        document = document_of(path)
        if document is None:
            return Refusal("a file that the fix would change is not there any more")
        if touched_comments(document, changes):
            return Refusal("the fix would change a comment")
        try:
            text = apply_edits(document.text, changes)
        except OverlappingEdits:
            return Refusal("two parts of the fix touch the same characters")
        if text == document.text:
            return Refusal("the fix would change nothing")
        old, new = before(path), after(path, text)
        if new.unread > old.unread:
            return Refusal("the file could not be read after the fix")
        removed += old.said[said] - new.said[said]
        if home not in edits:
            removed += before(home).said[said] - elsewhere(path, text, home).said[said]
        worse = [rule for rule, count in new.loud.items() if count > old.loud[rule]]
        if worse:
            return Refusal(f"the fix would bring a finding of {worse[0]}")
    if removed < 1:
        return Refusal("the finding would still be there")
    return None


def suppression_edit(document: Document, language: str, line: int, text: str) -> TextEdit:
    """A comment at the end of a line (0-based), or above its statement where the end is inside a string."""
    lines = document.buffer.lines
    row = lines.line_text(line)
    end = lines.starts[line] + len(row)
    if _ends_in_code(document, language, line):
        return TextEdit(Span(end, end), f"  {text}")
    first = _statement_line(document, line)
    row = lines.line_text(first)
    start = lines.starts[first]
    return TextEdit(Span(start, start), f"{row[: len(row) - len(row.lstrip())]}{text}\n")


def _statement_line(document: Document, line: int) -> int:
    """The first line of the innermost statement that a line belongs to."""
    lines = document.buffer.lines
    if document.language == "python":
        base, statements = python_statements(document.text, lines, document.cuts, line)
        firsts = [
            base + node.lineno - 1
            for node in statements
            if base + node.lineno - 1 <= line < base + (node.end_lineno or node.lineno)
        ]
        return max(firsts, default=line)
    found = document.unit_at(lines.starts[line])
    if found is None:
        return line
    start = lines.starts[line] - found[1]
    return lines.position(start + len(found[0].text) - len(found[0].text.lstrip()))[0]


def _ends_in_code(document: Document, language: str, line: int) -> bool:
    """Whether a comment at the end of the line would be a comment, not part of a string or of another comment."""
    lines = document.buffer.lines
    end = lines.starts[line] + len(lines.line_text(line))
    if any(comment.start < end <= comment.end for comment in _comments(document)):
        return False
    if language != "python":
        opened = [each for each in _SQL_COMMENT.finditer(document.text) if each.start() < end < each.end()]
        return not opened
    for cut in document.cuts:
        if cut.start <= end and lines.starts[line] < cut.end and not _line_ends_in_code(document, cut, line):
            return False
    return not lines.line_text(line).rstrip().endswith("\\")


def _line_ends_in_code(document: Document, cut: Cut, line: int) -> bool:
    base = document.buffer.lines.position(cut.start)[0] - 1
    return not any(
        token.type in _STRING_TOKENS and base + token.start[0] <= line < base + token.end[0]
        for token in python_tokens(document.text[cut.start : cut.end])
    )
