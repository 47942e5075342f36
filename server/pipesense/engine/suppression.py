"""Comments that silence findings, and findings about comments that silence nothing."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from pipesense.text.line_index import LineIndex
from pipesense.text.span import Span

_MARK: Final = "pipesense:"
_DIRECTIVE: Final = re.compile(
    r"pipesense:[ \t]*(?P<verb>ignore-file|ignore)\b[ \t]*(?:\[(?P<ids>[^\]\n]*)\])?(?P<reason>[^\n]*)"
)
_SQL_COMMENT: Final = re.compile(
    r"(?P<string>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")|(?P<comment>--[^\r\n]*|/\*.*?\*/|\{#.*?#\})", re.S
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


def _python_comments(text: str, lines: LineIndex) -> Iterable[Span]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(text, newline="").readline):
            if token.type == tokenize.COMMENT and _MARK in token.string:
                start = lines.starts[token.start[0] - 1] + token.start[1]
                yield Span(start, start + len(token.string))
    except (tokenize.TokenError, SyntaxError, IndexError):
        return


def comments(language: str, text: str, lines: LineIndex) -> list[Comment]:
    """The comments that speak to PipeSense."""
    if _MARK not in text:
        return []
    if language == "python":
        spans = list(_python_comments(text, lines))
    else:
        spans = [
            Span(*found.span("comment"))
            for found in _SQL_COMMENT.finditer(text)
            if found.group("comment") and _MARK in found.group("comment")
        ]
    return [Comment(span, not text[lines.starts[lines.position(span.start)[0]] : span.start].strip()) for span in spans]


def suppressions(
    language: str, text: str, lines: LineIndex, next_statement: Callable[[int], range]
) -> list[Suppression]:
    """All directives of a file; ``next_statement`` gives the lines of the statement behind a line."""
    found: list[Suppression] = []
    for comment in comments(language, text, lines):
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
