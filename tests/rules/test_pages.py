"""Every rule's page, run with the real engine: what it says is found is found, what its fix gives is given."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pipesense_rules
from pipesense.engine.judge import GIVEN
from pipesense.host.testing import EngineChecker
from pipesense.model.sql import Statement, StatementFacts
from pipesense.rule.harness import Case, case_problems, cases, page_problems, variant_problems
from pipesense.rule.meta import CONCERNS, Message
from pipesense.rule.page import Page, parse_page
from pipesense.rule.registry import Registry
from pipesense.rule.rule import Rule

REGISTRY = Registry(pipesense_rules.rules(), pipesense_rules.page, pipesense_rules.pattern)
PACK = Path(pipesense_rules.__file__).parent
RULES = [pytest.param(rule, id=rule.meta.id) for rule in REGISTRY]
PATTERN_SECTIONS = ("Problem", "Pattern", "Sketch", "Trade-offs")


def _page(rule: Rule) -> Page:
    page = REGISTRY.page(rule.meta.id)
    assert page is not None, f"{rule.meta.id} has no page beside its module"
    return page


CASES = [pytest.param(rule, case, id=f"{rule.meta.id}:{case.name}") for rule in REGISTRY for case in cases(_page(rule))]


@pytest.fixture(scope="module")
def checker() -> EngineChecker:
    return EngineChecker(REGISTRY)


@pytest.mark.parametrize("rule", [each for each in RULES if each.values[0].meta.given])
def test_what_must_be_given_is_a_field_of_a_statement(rule: Rule) -> None:
    assert rule.meta.wants in (Statement, StatementFacts)
    assert set(rule.meta.given) <= set(GIVEN)


@pytest.mark.parametrize("rule", RULES)
def test_page_is_complete(rule: Rule) -> None:
    assert page_problems(rule, _page(rule), near_misses=3) == ()


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_page_is_true(rule: Rule, case: Case, checker: EngineChecker) -> None:
    problems = case_problems(rule, case, checker)
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("rule", RULES)
def test_every_message_is_shown(rule: Rule, checker: EngineChecker) -> None:
    assert variant_problems(rule, _page(rule), checker) == ()


@pytest.mark.parametrize("rule", RULES)
def test_rule_lies_where_its_name_says(rule: Rule) -> None:
    assert rule.meta.concern in CONCERNS
    assert rule.module == f"pipesense_rules.{rule.meta.concern}.{rule.meta.name.replace('-', '_')}"


@pytest.mark.parametrize("rule", RULES)
def test_messages_are_sentences(rule: Rule) -> None:
    for message in rule.meta.messages.values():
        for text in (message.what, message.why, message.do):
            assert text.endswith("."), text
            assert text == " ".join(text.split()), text
        assert _blames(message) is None, _blames(message)


def _blames(message: Message) -> str | None:
    words = re.search(r"\b(you|your|forgot|wrongly|bad code|stupid|simply|just)\b", " ".join(_texts(message)), re.I)
    return words.group() if words else None


def _texts(message: Message) -> tuple[str, str, str]:
    return message.what, message.why, message.do


def test_every_rule_is_listed() -> None:
    modules = {path.relative_to(PACK) for path in PACK.rglob("*.md")} - {
        path.relative_to(PACK) for path in PACK.glob("patterns/*.md")
    }
    listed = {Path(*rule.module.split(".")[1:]).with_suffix(".md") for rule in REGISTRY}
    assert modules == listed


@pytest.mark.parametrize("rule", RULES)
def test_pattern_has_a_page(rule: Rule) -> None:
    assert REGISTRY.pattern(rule.meta.pattern) is not None


@pytest.mark.parametrize("name", pipesense_rules.patterns())
def test_pattern_page_is_complete(name: str) -> None:
    text = pipesense_rules.pattern(name)
    assert text is not None
    page = parse_page(text)
    headings = re.findall(r"^## (.+)$", text, re.M)
    assert page.title
    assert page.summary
    assert tuple(headings[:4]) == PATTERN_SECTIONS
    assert len(headings) == 5
    assert headings[4].startswith("In ")
    assert len(text.split()) < 420, "a pattern is read in a minute or two"


@pytest.mark.parametrize("path", sorted(PACK.rglob("*.md")), ids=lambda path: path.relative_to(PACK).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+\.md)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).is_file(), target
