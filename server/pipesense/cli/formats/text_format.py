"""The format for people: every finding with its lines of source, grouped by file, and a summary."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from pipesense.cli.result import CheckResult, FindingRow, by_path, counted
from pipesense.rule.finding import Applicability
from pipesense.rule.meta import Severity

_STYLES: Final = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "bold yellow",
    Severity.INFO: "bold blue",
    Severity.HINT: "dim",
}
_TAB: Final = "    "
_LONGEST_LINE: Final = 160
"""Code points of a source line that are shown; of longer ones the part around the finding."""
_GAPS_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Looks:
    """How the text may look. ``width`` None: lines are as long as they are; a terminal's lines are wrapped."""

    colour: bool = False
    width: int | None = None
    verbose: bool = False


def render(result: CheckResult, level: Severity, looks: Looks | None = None) -> str:
    """Findings from ``level`` up, then the summary."""
    looks = looks or Looks()
    out = io.StringIO()
    console = Console(
        file=out,
        force_terminal=looks.colour,
        color_system="standard" if looks.colour else None,
        no_color=not looks.colour,
        width=looks.width or 100_000,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=looks.width is None,
    )
    for rows in by_path(result.at_least(level)).values():
        for row in rows:
            _finding(console, row, looks)
    if looks.verbose:
        for note in result.notes:
            console.print(Text(note, "dim"))
        for file in result.sql_files:
            dialect = file.dialect or "generic"
            console.print(Text(f"{plain(file.path)}: read as {dialect} SQL ({plain(file.why)})", "dim"))
        if result.notes:
            console.print()
    _gaps(console, result, looks)
    for refusal in result.not_fixed:
        console.print(Text.assemble(("not fixed: ", "bold yellow"), plain(refusal)))
    for problem in result.problems:
        console.print(Text.assemble(("problem: ", "bold red"), plain(problem)))
    for failure in result.failures:
        console.print(Text.assemble(("internal error: ", "bold red"), plain(failure)))
    console.print(_summary(result, level))
    return "\n".join(line.rstrip() if not looks.colour else line for line in out.getvalue().split("\n"))


def _finding(console: Console, row: FindingRow, looks: Looks) -> None:
    style = _STYLES[row.severity]
    place = f"{row.path}:{row.range.start.line}:{row.range.start.column}"
    headline = Text.assemble((plain(place), "bold"), ": ", (row.severity.word, style), f": {plain(row.what)} ")
    headline.append(f"[{row.rule}]", "dim")
    console.print(headline)
    for line in _excerpt(row, style):
        console.print(line, soft_wrap=True)
    for text in _below(row, looks):
        console.print(Padding(text, (0, 0, 0, 4), expand=False) if looks.width else Text("    ").append_text(text))
    console.print()


def _below(row: FindingRow, looks: Looks) -> Iterator[Text]:
    for words in filter(None, (row.why, row.do)):
        yield Text(plain(words))
    for place in row.related:
        where = f"{place.path}:{place.range.start.line}:{place.range.start.column}"
        yield Text.assemble(("see ", "dim"), plain(where), f": {plain(place.text)}")
    for fix in row.fixes:
        how = "advice" if fix.applicability is Applicability.DISPLAY else f"{fix.applicability.value} fix"
        yield Text.assemble((f"{how}: ", "green"), plain(fix.title))
    if looks.verbose and row.dialect:
        dialect, why = row.dialect
        yield Text(f"read as {dialect or 'generic'} SQL: {plain(why)}", "dim")


def _excerpt(row: FindingRow, style: str) -> Iterator[Text]:
    """The finding's lines with their numbers, and a line of carets below each that it covers."""
    first, last = row.range.start.line, row.range.end.line
    gutter = len(str(first + len(row.excerpt)))
    for line, source in enumerate(row.excerpt, first):
        start = row.range.start.column - 1 if line == first else len(source) - len(source.lstrip())
        end = row.range.end.column - 1 if line == last else len(source.rstrip())
        before, marked, after = _window(source, start, max(start, end))
        yield Text.assemble((f"  {line:>{gutter}} | ", "dim"), before + marked + after)
        if marked or line == first:
            carets = "^" * max(1, cell_len(marked))
            yield Text.assemble((f"  {'':>{gutter}} | ", "dim"), " " * cell_len(before), (carets, style))
    if last >= first + len(row.excerpt) > first:
        yield Text(f"  {'':>{gutter}} | ...", "dim")


def _window(source: str, start: int, end: int) -> tuple[str, str, str]:
    """A line cut into what stands before, in and behind the marked part; of a long line the part around it."""
    low, high = 0, len(source)
    if high > _LONGEST_LINE:
        low = max(0, min(start - 40, high - _LONGEST_LINE))
        high = low + _LONGEST_LINE
    before = ("..." if low else "") + _spaced(source[low:start])
    after = _spaced(source[min(end, high) : high]) + ("..." if high < len(source) else "")
    return before, _spaced(source[start : min(end, high)]), after


def _spaced(text: str) -> str:
    return plain(text.replace("\t", _TAB))


def plain(text: str) -> str:
    """A text without characters that a terminal would obey instead of showing."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character == "\n" else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def _gaps(console: Console, result: CheckResult, looks: Looks) -> None:
    """What was not judged; said, so that nobody takes silence about it for praise."""
    gaps = result.not_analysed
    shown = gaps if looks.verbose else gaps[:_GAPS_SHOWN]
    for gap in shown:
        place = f"{gap.path}:{gap.range.start.line}:{gap.range.start.column}"
        console.print(Text.assemble(plain(place), ": ", ("not analysed", "magenta"), f": {plain(gap.why)}"))
    if len(shown) < len(gaps):
        console.print(Text(f"... and {len(gaps) - len(shown)} more places not analysed (--verbose lists them)"))
    if looks.verbose:
        for gap in result.recognised:
            place = f"{gap.path}:{gap.range.start.line}:{gap.range.start.column}"
            console.print(Text(f"{plain(place)}: not judged: {plain(gap.why)}", "dim"))
    if gaps or (looks.verbose and result.recognised):
        console.print()


def _summary(result: CheckResult, level: Severity) -> Text:
    shown = [
        (counted(result.count(severity), severity.word), _STYLES[severity])
        for severity in Severity
        if severity <= level and result.count(severity)
    ]
    text = Text()
    for at, (words, style) in enumerate(shown):
        text.append(", " if at else "").append(words, style)
    if not shown:
        text.append("No findings", "bold green" if not result.problems and not result.failures else "")
    text.append(f" in {counted(len(result.files), 'file')}")
    if result.not_analysed:
        text.append(f", {counted(len(result.not_analysed), 'place')} not analysed")
    if result.recognised:
        text.append(f", {counted(len(result.recognised), 'statement')} recognised but not judged")
    text.append(".")
    for sentence in _afterthoughts(result, level):
        text.append(" " + sentence)
    return text


def _afterthoughts(result: CheckResult, level: Severity) -> Iterator[str]:
    rows = result.at_least(level)
    if result.fixed:
        yield f"{counted(result.fixed, 'finding')} fixed."
    safe = _fixable(rows, Applicability.SAFE)
    unsafe = _fixable(rows, Applicability.UNSAFE) - safe
    if safe:
        yield f"{safe} can be fixed with --fix."
    if unsafe:
        yield f"{unsafe}{' more' if safe else ''} can be fixed with --fix --unsafe-fixes; read those changes."
    hidden = len(result.findings) - len(rows)
    if hidden:
        mildest = max(row.severity for row in result.findings)
        yield f"{hidden} below {level.word} not shown (--level {mildest.word})."
    if result.in_baseline:
        yield f"{counted(result.in_baseline, 'known finding')} in the baseline not shown."


def _fixable(rows: tuple[FindingRow, ...], how: Applicability) -> int:
    good = {Applicability.SAFE} if how is Applicability.SAFE else {Applicability.SAFE, Applicability.UNSAFE}
    return sum(any(fix.applicability in good for fix in row.fixes) for row in rows)
