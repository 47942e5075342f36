"""The harness that runs a rule's page: its fenced blocks are the rule's tests.

A rule pack's tests take a page, cut it into cases and hand each to a checker, which is whatever can find and
fix: ``pipesense.host.testing.EngineChecker`` runs the real engine over files that exist in memory only.

**Cases.** Under one heading, every ``invalid`` and every ``valid`` block is a case of its own. It is checked
together with the ``context`` blocks above it under the same heading, which add the other files of a small
workspace (a later one with the same ``file=`` takes the earlier one's place). ``fixed`` blocks directly behind
an ``invalid`` one say what its fix makes of that file; ``fixed`` blocks with the same ``fix="title"`` belong to
one fix that touches several files, ones with different titles to alternative fixes.

**Expectations.** A finding is stated at the end of the line where it starts, as a comment of that language::

    DELETE FROM orders;  -- error: [security/dml-without-where] "every row of orders"

The quoted text must be part of the message and may be left out. Several findings on one line follow one
another after the same comment sign, separated by ``;``. The comments are taken away before the text is checked.
An ``invalid`` or ``context`` block must give what is stated, exactly. Findings of other rules at info or hint
need not be stated; those at error or warning must be, so that no example teaches another mistake unsaid.

Every function here returns what is wrong as sentences; an empty tuple means that all is well.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Final, Protocol

from pipesense.rule.meta import Severity
from pipesense.rule.page import Example, Page, strip_expectations
from pipesense.rule.rule import Rule
from pipesense.text.regex import regex

SECTIONS: Final = ("How it fails", "Pattern", "Not automatically wrong", "Examples", "Fix safety", "When to ignore")
"""The ``##`` headings that every page has, in this order."""

Files = Mapping[str, str]
"""Texts by path; paths are relative to the workspace of the example."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A finding as a checker gives it; ``line`` and ``column`` count from 1, ``fixes`` are titles, best first."""

    path: str
    rule: str
    variant: str
    severity: Severity
    line: int
    column: int
    message: str
    fixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """What a checker says about a workspace; ``unread`` names stretches that it could not read, with the reason."""

    findings: tuple[Seen, ...]
    unread: tuple[str, ...] = ()


class Checker(Protocol):
    """Finds and fixes. Which rules it runs is its own business; it must run those of the page."""

    def check(self, files: Files) -> Checked:
        """All findings in a workspace of these files."""

    def fix(self, files: Files, finding: Seen, title: str) -> Files | str:
        """The files after that fix of that finding, or a sentence saying why it cannot be applied."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A finding that a page states; ``text`` is part of its message."""

    path: str
    line: int
    severity: Severity
    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class Case:
    """One workspace of a page: the block in question, the files around it, what its fixes give."""

    subject: Example
    context: tuple[Example, ...]
    fixed: tuple[Example, ...]

    @property
    def name(self) -> str:
        """A name for test reports: heading, verdict and the line in the page."""
        heading = re.sub(r"\W+", "-", self.subject.heading.lower()).strip("-")
        return f"{heading}-{self.subject.verdict}-line-{self.subject.line}"

    @property
    def blocks(self) -> tuple[Example, ...]:
        """The blocks that make the workspace; of several for one file the last."""
        return tuple({block.file: block for block in (*self.context, self.subject)}.values())

    def files(self) -> dict[str, str]:
        """The workspace without the comments that state findings."""
        return {block.file: strip_expectations(block.text) for block in self.blocks}

    def expected(self) -> tuple[Expected, ...]:
        """What the page states for this workspace."""
        return tuple(each for block in self.blocks for each in expectations(block))

    def fixes(self) -> dict[str | None, tuple[Example, ...]]:
        """The ``fixed`` blocks by the title that they name; None where they name none."""
        found: dict[str | None, tuple[Example, ...]] = {}
        for block in self.fixed:
            found[block.fix] = (*found.get(block.fix, ()), block)
        return found


_STATED: Final = regex(r"(?:#|--)[ \t]*(?=(?:error|warning|info|hint): \[)(?P<rest>.*)$")
_FINDING: Final = regex(r"(error|warning|info|hint): \[([\w/-]+)\](?:[ \t]+\"([^\"]*)\")?")
_FIELD: Final = regex(r"(?<!\{)\{[a-z_]+\}(?!\})")


def expectations(block: Example) -> tuple[Expected, ...]:
    """The findings that a block's comments state."""
    found: list[Expected] = []
    for number, line in enumerate(block.text.splitlines(), 1):
        stated = _STATED.search(line)
        for word, rule_id, text in _FINDING.findall(stated.group("rest")) if stated else ():
            severity = Severity.parse(word)
            if severity is not None:
                found.append(Expected(block.file, number, severity, rule_id, text))
    return tuple(found)


def cases(page: Page) -> tuple[Case, ...]:
    """The workspaces of a page, in its order."""
    found: list[Case] = []
    context: list[Example] = []
    heading: str | None = None
    for block in page.examples:
        if block.heading != heading:
            heading, context = block.heading, []
        if block.verdict == "context":
            context.append(block)
        elif block.verdict == "fixed":
            last = found[-1] if found and found[-1].subject.heading == heading else None
            if last is not None:
                found[-1] = Case(last.subject, last.context, (*last.fixed, block))
        else:
            found.append(Case(block, tuple(context), ()))
    return tuple(found)


def page_problems(rule: Rule, page: Page, *, near_misses: int = 1) -> tuple[str, ...]:
    """What a page lacks, told without running anything. ``near_misses``: how many ``valid`` blocks it must have."""
    found: list[str] = []
    if page.title != rule.meta.id:
        found.append(f'The page starts with "# {page.title}"; it must start with "# {rule.meta.id}".')
    if not page.summary or page.summary.startswith(("#", "```")):
        found.append("The page has no summary: one sentence below the title, with a blank line behind it.")
    headings = re.findall(r"^## (.+?)[ \t]*$", page.body, re.M)
    if [heading for heading in headings if heading in SECTIONS] != list(SECTIONS):
        found.append(f"The page must have the sections {', '.join(SECTIONS)}, once each and in this order.")
    found += [f'The section "{name}" is empty.' for name in headings if name in SECTIONS and not page.section(name)]
    if rule.meta.pattern not in (page.section("Pattern") or ""):
        found.append(f'The section "Pattern" does not link the pattern {rule.meta.pattern}.')
    if not re.search(r"^1\. .*\n(?:.*\n)*?2\. ", (page.section("How it fails") or "") + "\n", re.M):
        found.append('The section "How it fails" must tell the failure in numbered steps.')
    return (*found, *_block_problems(rule, page, near_misses))


def _block_problems(rule: Rule, page: Page, near_misses: int) -> Iterable[str]:
    verdicts = Counter(block.verdict for block in page.examples)
    if not verdicts["invalid"]:
        yield "The page has no invalid example."
    if verdicts["valid"] < near_misses:
        yield f"The page has {verdicts['valid']} valid examples; at least {near_misses} near misses are needed."
    if rule.fixable and not verdicts["fixed"]:
        yield "The rule offers fixes, and no fixed block shows one."
    found = cases(page)
    shown = {block.line for case in found for block in case.fixed}
    for block in page.examples:
        if block.verdict == "fixed" and block.line not in shown:
            yield f"Line {block.line}: this fixed block stands behind no invalid block of its heading."
        if block.verdict in ("valid", "fixed") and any(each.rule == rule.meta.id for each in expectations(block)):
            yield f"Line {block.line}: a {block.verdict} block states a finding of the rule itself."
    for case in found:
        stated = any(each.rule == rule.meta.id for each in case.expected())
        if case.subject.verdict == "invalid" and not stated:
            yield f"Line {case.subject.line}: this invalid block states no finding of {rule.meta.id}."
        if case.fixed and case.subject.verdict == "valid":
            yield f"Line {case.subject.line}: a fixed block stands behind a valid one."
    yield from _duplicates(found)


def _duplicates(found: Sequence[Case]) -> Iterable[str]:
    first: dict[tuple[tuple[str, str], ...], int] = {}
    for case in found:
        key = tuple(sorted((path, " ".join(text.split())) for path, text in case.files().items()))
        line = first.setdefault(key, case.subject.line)
        if line != case.subject.line:
            yield f"Line {case.subject.line}: the example of line {line} once more."


def case_problems(rule: Rule, case: Case, checker: Checker) -> tuple[str, ...]:
    """What a checker says otherwise than the page does."""
    files = case.files()
    checked = checker.check(files)
    found = [f"Line {case.subject.line}: not read: {why}" for why in checked.unread]
    found += _compare(rule, case, checked.findings)
    found += _messages(checked.findings, rule)
    for title, blocks in case.fixes().items():
        found += _run_fix(rule, case, title, blocks, checker)
    return tuple(found)


def variant_problems(rule: Rule, page: Page, checker: Checker) -> tuple[str, ...]:
    """The message variants of a rule that no example of its page brings about."""
    seen = {
        finding.variant
        for case in cases(page)
        for finding in checker.check(case.files()).findings
        if finding.rule == rule.meta.id
    }
    return tuple(
        f'No example shows the variant "{name}" of {rule.meta.id}.' for name in rule.meta.messages if name not in seen
    )


def _compare(rule: Rule, case: Case, findings: Sequence[Seen]) -> Iterable[str]:
    left = list(findings)
    for each in case.expected():
        match = next((seen for seen in left if _fits(each, seen)), None)
        if match is not None:
            left.remove(match)
        else:
            yield f"Not found: {_stated(each)}.{_nearest(each, left)}"
    stated = {each.rule for each in case.expected()}
    for seen in left:
        # Advice of a rule that the example says nothing about may stay unsaid; see the module's text.
        if seen.severity <= Severity.WARNING or seen.rule in stated | {rule.meta.id}:
            yield f"Not stated: {_told(seen)}."


def _fits(expected: Expected, seen: Seen) -> bool:
    return (expected.path, expected.line, expected.severity, expected.rule) == (
        seen.path,
        seen.line,
        seen.severity,
        seen.rule,
    ) and expected.text in seen.message


def _stated(each: Expected) -> str:
    text = f' with "{each.text}"' if each.text else ""
    return f"{each.path}:{each.line} {each.severity.word} [{each.rule}]{text}"


def _told(seen: Seen) -> str:
    return f"{seen.path}:{seen.line}:{seen.column} {seen.severity.word} [{seen.rule}] {seen.message}"


def _nearest(expected: Expected, left: Sequence[Seen]) -> str:
    near = next((seen for seen in left if seen.rule == expected.rule), None)
    return f" The nearest finding is {_told(near)}" if near else ""


def _messages(findings: Sequence[Seen], rule: Rule) -> Iterable[str]:
    for seen in findings:
        field = _FIELD.search(seen.message) if seen.rule == rule.meta.id else None
        if field:
            yield f"The message still holds the field {field.group()}: {_told(seen)}."


def _run_fix(rule: Rule, case: Case, title: str | None, blocks: Sequence[Example], checker: Checker) -> Iterable[str]:
    """Apply one fix to every finding of the rule, and compare with what the page says it gives."""
    before = case.files()
    files: Files = before
    for _ in range(1 + sum(each.rule == rule.meta.id for each in case.expected())):
        seen = _next_fixable(checker.check(files).findings, rule, title)
        if seen is None:
            break
        chosen = next(each for each in seen.fixes if title is None or each == title)
        after = checker.fix(files, seen, chosen)
        if isinstance(after, str):
            yield f'The fix "{chosen}" was refused: {after}'
            return
        if dict(after) == dict(files):
            yield f'The fix "{chosen}" changes nothing.'
            return
        files = after
    if dict(files) == before:
        called = f' called "{title}"' if title else ""
        yield f"No fix{called} is offered for the block in line {case.subject.line}."
        return
    wanted = {**before, **{block.file: strip_expectations(block.text) for block in blocks}}
    yield from _differences(files, wanted)
    yield from _after_fix(rule, before, files, checker)


def _next_fixable(findings: Sequence[Seen], rule: Rule, title: str | None) -> Seen | None:
    return next(
        (
            seen
            for seen in findings
            if seen.rule == rule.meta.id and (title in seen.fixes if title is not None else bool(seen.fixes))
        ),
        None,
    )


def _differences(files: Files, wanted: Files) -> Iterable[str]:
    for path in sorted({*files, *wanted}):
        old, new = wanted.get(path, ""), files.get(path, "")
        if old != new:
            lines = unified_diff(old.splitlines(), new.splitlines(), f"{path} (page)", f"{path} (fix)", lineterm="")
            yield "The fix gives something else than the page says:\n" + "\n".join(lines)


def _after_fix(rule: Rule, before: Files, files: Files, checker: Checker) -> Iterable[str]:
    checked = checker.check(files)
    yield from (f"The fixed text is not read: {why}" for why in checked.unread)
    yield from (f"The fix leaves {_told(seen)}." for seen in checked.findings if seen.rule == rule.meta.id)
    for path, text in files.items():
        if path.endswith(".py"):
            try:
                ast.parse(text)
            except SyntaxError as error:
                yield f"The fixed {path} is no Python: {error}"
                continue
        lost = Counter(comments(path, before.get(path, ""))) - Counter(comments(path, text))
        yield from (f"The fix loses the comment {comment!r} of {path}." for comment in lost)


_SQL_TOKEN: Final = regex(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", re.S)


def comments(path: str, text: str) -> list[str]:
    """The comments of a Python or SQL text; none for other languages and for Python that does not parse."""
    if path.endswith(".sql"):
        return [match.group() for match in _SQL_TOKEN.finditer(text) if match.group()[0] in "-/"]
    if not path.endswith(".py"):
        return []
    try:
        return [
            token.string.strip()
            for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.type == tokenize.COMMENT
        ]
    except (tokenize.TokenError, SyntaxError):
        return []
