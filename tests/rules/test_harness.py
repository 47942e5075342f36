"""The page harness itself, run with a checker that knows one bad word instead of a real engine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Offer
from pipesense.rule.harness import (
    Checked,
    Files,
    Seen,
    case_problems,
    cases,
    comments,
    expectations,
    page_problems,
    variant_problems,
)
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.page import parse_page
from pipesense.rule.registry import Registry
from pipesense.rule.rule import Rule, rule

META = RuleMeta(
    id="quality/bad-word",
    wants=str,
    pattern="good-words",
    since="0.1",
    messages={
        "word": Message(Severity.ERROR, "{word} is bad.", "", ""),
        "loud": Message(Severity.WARNING, "{word} is loud.", "", ""),
    },
)


@rule(META)
def bad_word(fact: str, ctx: Context) -> Iterator[Finding]:
    yield from ()


@bad_word.fix
def never_called(finding: Finding, fact: str, ctx: Context) -> Offer | None:
    return None


assert isinstance(bad_word, Rule)


def _good(text: str) -> str:
    return text.replace("bad", "good", 1)


@dataclass
class WordChecker:
    """Finds "bad" and "BAD"; ``repair`` is what its fix does to a file."""

    repair: Callable[[str], str] = _good
    message: str = "bad is bad."
    other: tuple[Severity, ...] = ()
    unread: tuple[str, ...] = ()

    def check(self, files: Files) -> Checked:
        found = []
        for path, text in files.items():
            for number, line in enumerate(text.splitlines(), 1):
                for match in re.finditer(r"bad", line):
                    place = (number, match.start() + 1)
                    found.append(Seen(path, META.id, "word", Severity.ERROR, *place, self.message, ("Be good",)))
                for match in re.finditer(r"BAD", line):
                    found.append(
                        Seen(path, META.id, "loud", Severity.WARNING, number, match.start() + 1, "BAD is loud.")
                    )
        found += [Seen("example.py", "quality/other", "x", level, 1, 1, "Other.") for level in self.other]
        return Checked(tuple(found), self.unread)

    def fix(self, files: Files, finding: Seen, title: str) -> Files | str:
        text = self.repair(files[finding.path])
        return text if text.startswith("Refused") else {**files, finding.path: text}


PAGE = """# quality/bad-word

Bad words make bad data.

## How it fails

1. Somebody writes one.
2. Somebody reads it.

## Pattern

[Good words](../patterns/good-words.md)

## Not automatically wrong

Quotations.

## Examples

### Python

```python invalid
x = bad  # why  # error: [quality/bad-word] "is bad"
```

```python fixed
x = good  # why
```

```python invalid
y = BAD  # warning: [quality/bad-word]
```

```python valid
x = fine
```

## Fix safety

Safe.

## When to ignore

Never.
"""

ONE = 'x = bad  # why  # error: [quality/bad-word] "is bad"\n'


def _problems(page_text: str, checker: WordChecker | None = None) -> list[str]:
    page = parse_page(page_text)
    found = list(page_problems(bad_word, page))
    for case in cases(page):
        found += case_problems(bad_word, case, checker or WordChecker())
    return found + list(variant_problems(bad_word, page, checker or WordChecker()))


def test_a_good_page_has_no_problems() -> None:
    assert _problems(PAGE) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("# quality/bad-word\n", "# Bad words\n", 'must start with "# quality/bad-word"'),
        ("Bad words make bad data.\n\n", "", "no summary"),
        ("## Fix safety\n", "## Safety\n", "must have the sections"),
        ("Never.\n", "", 'section "When to ignore" is empty'),
        ("good-words.md", "words.md", "does not link the pattern good-words"),
        ("1. Somebody writes one.\n2. Somebody reads it.", "It does.", "numbered steps"),
        ("python valid\nx = fine", "python\nx = fine", "0 valid examples"),
        ("python fixed\n", "python\n", "no fixed block"),
        ("```python valid\nx = fine\n```\n", "```python valid\nx = fine\n```\n\n```python fixed\nx = fine\n```\n",
         "stands behind a valid one"),
        ("x = fine", "x = fine  # error: [quality/bad-word]", "states a finding of the rule itself"),
        ("  # warning: [quality/bad-word]", "", "states no finding of quality/bad-word"),
        ("y = BAD", "z = fine", "Not found: example.py:1 warning"),
        ("```python valid\nx = fine", "```python valid\nx =  good # why\n```\n\n```python valid\nx = good  # why",
         "once more"),
        ('"is bad"', '"is worse"', 'error [quality/bad-word] with "is worse". The nearest finding is'),
        ("# error: [", "# warning: [", "Not stated: example.py:1:5 error"),
        ("x = fine", "x = fine and bad", "Not stated"),
        ("x = good  # why", "x = good", "The fix gives something else than the page says"),
        ("y = BAD  # warning", "y = bad  # error", 'No example shows the variant "loud"'),
    ],
)  # fmt: skip
def test_every_flaw_of_a_page_is_told(old: str, new: str, complaint: str) -> None:
    assert old in PAGE
    assert any(complaint in problem for problem in _problems(PAGE.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("checker", "complaint"),
    [
        (WordChecker(message="{word} is bad."), "still holds the field {word}"),
        (WordChecker(unread=("example.py: odd",)), "not read: example.py: odd"),
        (WordChecker(other=(Severity.WARNING,)), "Not stated: example.py:1:1 warning [quality/other]"),
        (WordChecker(repair=lambda text: text), "changes nothing"),
        (WordChecker(repair=lambda text: "Refused: no."), "was refused: Refused: no."),
        (WordChecker(repair=lambda text: text.replace("  # why", "").replace("bad", "good")), "loses the comment"),
        (WordChecker(repair=lambda text: text.replace("bad", "bad.")), "The fix leaves"),
        (WordChecker(repair=lambda text: text.replace("bad", "(")), "is no Python"),
    ],
)
def test_every_flaw_of_a_finding_or_fix_is_told(checker: WordChecker, complaint: str) -> None:
    assert any(complaint in problem for problem in _problems(PAGE, checker))


def test_advice_of_other_rules_may_stay_unsaid_until_the_example_speaks_of_it() -> None:
    advice = WordChecker(other=(Severity.INFO,))
    assert not any("quality/other" in problem for problem in _problems(PAGE, advice))
    stated = PAGE.replace("x = fine", "x = fine  # hint: [quality/other]")
    assert any("Not stated" in problem for problem in _problems(stated, advice))


def test_one_fix_repairs_every_finding_of_the_block() -> None:
    twice = PAGE.replace(ONE, ONE + "z = bad  # error: [quality/bad-word]\n").replace(
        "x = good  # why\n", "x = good  # why\nz = good\n"
    )
    assert _problems(twice) == []


def test_context_blocks_join_every_case_of_their_heading_and_no_other() -> None:
    page = parse_page(
        "# r\n\nSummary.\n\n### A\n\n```sql context file=t.sql\nCREATE TABLE t (a INT);\n```\n\n"
        "```python invalid file=d.py\na\n```\n\n```sql fixed file=t.sql\nb\n```\n\n```python valid file=d.py\nc\n```\n\n"
        "### B\n\n```python valid file=d.py\nd\n```\n"
    )
    assert [(case.subject.verdict, sorted(case.files()), len(case.fixed)) for case in cases(page)] == [
        ("invalid", ["d.py", "t.sql"], 1),
        ("valid", ["d.py", "t.sql"], 0),
        ("valid", ["d.py"], 0),
    ]


def test_expectations_may_share_a_line_and_stand_in_any_comment() -> None:
    page = parse_page(
        '# r\n\nS.\n\n```sql invalid\nSELECT 1; -- error: [a/b] "one"; warning: [c/d]\n-- a plain comment\n```\n'
    )
    stated = [(each.line, each.severity.word, each.rule, each.text) for each in expectations(page.examples[0])]
    assert stated == [(1, "error", "a/b", "one"), (1, "warning", "c/d", "")]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.py", "x = '# no'  # yes\n", ["# yes"]),
        ("a.sql", "SELECT '--no' -- yes\n/* and\nthis */", ["-- yes", "/* and\nthis */"]),
        ("a.toml", "# not looked at", []),
        ("a.py", "x = (", []),
    ],
)
def test_comments_are_told_from_strings(path: str, text: str, expected: list[str]) -> None:
    assert comments(path, text) == expected


def test_a_rule_is_asked_about_each_fact_type_that_it_wants() -> None:
    several = Rule(replace(META, wants=(str, int)), lambda fact, ctx: ())
    registry = Registry([several], lambda _: None, lambda _: None)
    asked = {fact: registry.wanting(several.meta.scope, fact) for fact in (str, int, float)}
    assert asked == {str: (several,), int: (several,), float: ()}
