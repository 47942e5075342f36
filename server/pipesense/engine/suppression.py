"""Comments that silence findings, and findings about comments that silence nothing."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pipesense.lang.cut import Cut
from pipesense.lang.documents.read import comment_spans as document_comments
from pipesense.lang.languages import DOCUMENTS
from pipesense.lang.python.nodes import nodes_under
from pipesense.text.line_index import LineIndex
from pipesense.text.regex import regex
from pipesense.text.span import Span

_MARK: Final = "pipesense:"
_DIRECTIVE: Final = regex(
    r"pipesense:[ \t]*(?P<verb>ignore-file|ignore)\b[ \t]*(?:\[(?P<ids>[^\]\n]*)\])?(?P<reason>[^\n]*)"
)
_SQL_COMMENT: Final = regex(
    r"(?P<string>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|(?P<dollar>\$\w*\$).*?(?P=dollar))"
    r"|(?P<comment>--[^\r\n]*|/\*.*?\*/|\{#.*?#\})",
    re.S,
)


class Reach(Enum):
    """How far a suppression reaches."""

    LINE = "line"
    NEXT = "next statement"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Suppression:
    """One directive. ``lines`` are the 0-based lines it covers (None: all), ``span`` the directive's characters."""

    ids: tuple[str, ...]
    reach: Reach
    lines: range | None
    span: Span
    comment: Span
    own_line: bool


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment of the host language; ``own_line``: nothing but blanks stands before it on its line."""

    span: Span
    own_line: bool


def python_tokens(text: str) -> Iterator[tokenize.TokenInfo]:
    """The tokens of one unit of a Python file, as far as it can be read."""
    try:
        yield from tokenize.generate_tokens(io.StringIO(text, newline="").readline)
    except (tokenize.TokenError, SyntaxError):
        return


def _python_comments(text: str) -> Iterator[Span]:
    starts = LineIndex(text).starts
    for token in python_tokens(text):
        if token.type == tokenize.COMMENT and token.start[0] <= len(starts):
            start = starts[token.start[0] - 1] + token.start[1]
            yield Span(start, start + len(token.string))


def _sql_comments(text: str) -> Iterator[Span]:
    for found in _SQL_COMMENT.finditer(text):
        if found.group("comment"):
            yield Span(*found.span("comment"))


def comment_spans(language: str, text: str, cuts: Iterable[Cut], mark: str = "") -> Iterator[Span]:
    """The comments of a file that hold ``mark``, unit by unit: what is broken in one hides no other's."""
    if mark not in text:
        return
    if language in DOCUMENTS:
        yield from (span for span in document_comments(language, text) if mark in span.of(text))
        return
    scan = _python_comments if language == "python" else _sql_comments
    for cut in cuts:
        piece = text[cut.start : cut.end]
        if mark in piece:
            yield from (span.shift(cut.start) for span in scan(piece) if mark in span.of(piece))


def comments(language: str, text: str, lines: LineIndex, cuts: Iterable[Cut]) -> list[Comment]:
    """The comments that speak to PipeSense."""
    spans = comment_spans(language, text, cuts, _MARK)
    return [
        Comment(span, not text[lines.starts[lines.position(span.start)[0]] : span.start].strip("\ufeff \t"))
        for span in spans
    ]


def suppressions(
    text: str, lines: LineIndex, spoken: Iterable[Comment], next_statement: Callable[[int], range]
) -> list[Suppression]:
    """All directives in some comments; ``next_statement`` gives the lines of the statement behind a line."""
    found: list[Suppression] = []
    for comment in spoken:
        body = comment.span.of(text)
        for match in _DIRECTIVE.finditer(body):
            ids = tuple(word.strip() for word in (match.group("ids") or "").split(",") if word.strip())
            line = lines.position(comment.span.start)[0]
            last = lines.position(comment.span.end)[0]
            if match.group("verb") == "ignore-file":
                reach, covered = Reach.FILE, None
            elif comment.own_line:
                reach, covered = Reach.NEXT, next_statement(last)
            else:
                reach, covered = Reach.LINE, range(line, line + 1)
            span = Span(comment.span.start + match.start(), comment.span.start + match.end())
            found.append(Suppression(ids, reach, covered, span, comment.span, comment.own_line))
    return found


def covers(suppression: Suppression, rule: str, line: int) -> bool:
    """Whether a directive silences a rule's finding that starts in a line (0-based)."""
    if suppression.lines is not None and line not in suppression.lines:
        return False
    concern = rule.partition("/")[0]
    return any(each == rule or each.rstrip("/*") == concern for each in suppression.ids)


def comment_text(language: str, rule: str) -> str:
    """The comment that silences a rule, for the end of a line."""
    return f"{'#' if language == 'python' else '--'} pipesense: ignore[{rule}]"


def statement_lines_sql(text: str, lines: LineIndex, cuts: Iterable[tuple[int, int]]) -> Callable[[int], range]:
    """For SQL: the lines from behind a comment to the end of the statement that it stands before or in."""
    ends = [end for _, end in cuts]

    def following(line: int) -> range:
        behind = lines.starts[line + 1] if line + 1 < len(lines.starts) else len(text)
        end = next((end for end in ends if end > behind), len(text))
        return range(line + 1, lines.position(end)[0] + 1)

    return following


def statement_lines_python(text: str, lines: LineIndex, cuts: Sequence[Cut]) -> Callable[[int], range]:
    """For Python: the lines of the statement (or decorated definition's head) that follows a line."""

    def following(line: int) -> range:
        at = line + 1
        while at < len(lines.starts) and _says_nothing(lines.line_text(at)):
            at += 1
        if at >= len(lines.starts):
            return range(at, at)
        base, statements = python_statements(text, lines, cuts, at)
        # Of statements that start together the outermost is meant.
        statement = next((each for each in statements if base + _first_line(each) == at), None)
        if statement is None:
            return range(at, at + 1)
        body = getattr(statement, "body", None)
        if isinstance(body, list) and body:
            return range(at, max(at + 1, base + _first_line(body[0])))
        return range(at, base + (statement.end_lineno or statement.lineno))

    return following


def python_statements(text: str, lines: LineIndex, cuts: Sequence[Cut], line: int) -> tuple[int, list[ast.stmt]]:
    """The statements of the unit with the code of a line, outer ones first, and the line that their lines count from.

    ``lineno`` 1 of a statement is that line. There are none where the unit cannot be read.
    """
    row = lines.line_text(line)
    code = lines.starts[line] + len(row) - len(row.lstrip())
    at = bisect_right(cuts, code, key=lambda cut: cut.start) - 1
    if at < 0:
        return line, []
    cut = cuts[at]
    from pipesense.lang.python.syntax import as_module

    piece, added = as_module(text[cut.start : cut.end], cut.kind)
    base = lines.position(cut.start)[0] - added
    try:
        tree = ast.parse(piece)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return base, []
    return base, [node for node in nodes_under(tree) if isinstance(node, ast.stmt)]


def _says_nothing(row: str) -> bool:
    return not row.strip() or row.lstrip().startswith("#")


def _first_line(statement: ast.stmt) -> int:
    """Where a statement starts, its decorators included; 0 is the first line."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(each.lineno for each in decorators)]) - 1
