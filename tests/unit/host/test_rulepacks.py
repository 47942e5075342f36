"""Loading rule packs: whatever one of them does wrong costs its own rules only."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipesense.host import rulepacks
from pipesense.host.rulepacks import PackProblem, load_registry

RULE = """
from pipesense.model.flow import Pipeline
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="{id}",
    wants=Pipeline,
    messages={{"here": Message(Severity.HINT, "what", "why", "do")}},
    pattern="a-pattern",
    since="0.1",
)


@rule(META)
def found(pipeline, ctx):
    yield ctx.finding("here", at=pipeline.name)
"""

RULES = "\ndef rules(): return [found]\n"


@pytest.fixture
def packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("sys.modules", dict(rulepacks.sys.modules))
    return tmp_path


def lay(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def load(*packs: str) -> tuple[list[str], list[PackProblem]]:
    problems: list[PackProblem] = []
    registry = load_registry(problems.append, packs=packs)
    return [rule.meta.id for rule in registry], problems


def test_pages_lie_beside_the_rules_and_patterns_beside_the_pack(packs: Path) -> None:
    lay(
        packs,
        {
            "one_pack/__init__.py": "from one_pack.deep.below import found\ndef rules(): return [found]",
            "one_pack/deep/below.py": RULE.format(id="quality/below"),
            "one_pack/deep/below.md": "# Below\n\nIt is down there.\n\nMore.\n",
            "one_pack/patterns/a-pattern.md": "# A pattern\n\nDo it so.\n",
        },
    )
    problems: list[PackProblem] = []
    registry = load_registry(problems.append, packs=["one_pack"])
    assert ([rule.meta.id for rule in registry], problems) == (["quality/below"], [])
    page, pattern = registry.page("quality/below"), registry.pattern("a-pattern")
    assert page is not None and (page.title, page.summary) == ("Below", "It is down there.")
    assert pattern is not None and pattern.title == "A pattern"
    assert registry.pattern("../deep/below") is None


def test_a_pack_may_bring_its_pages_itself(packs: Path) -> None:
    own = "\ndef rules(): return [found]\ndef page(rule): return '# Own'\ndef pattern(name): return 1 / 0\n"
    lay(packs, {"own_pack.py": RULE.format(id="quality/own") + own})
    registry = load_registry(packs=["own_pack"])
    page = registry.page("quality/own")
    assert page is not None and page.title == "Own"
    assert registry.pattern("a-pattern") is None, "a pattern that fails is one that is not there"


BROKEN = [
    ("raises", "raise ValueError('not today')", "ValueError: not today"),
    ("exits", "import sys; sys.exit(3)", "SystemExit: 3"),
    ("does not parse", "def (:", "SyntaxError: "),
    ("wants what is not installed", "import not_there_at_all", "ModuleNotFoundError: "),
    ("has no rules", "", "AttributeError: "),
    ("fails when asked", "def rules(): return [1 / 0]", "ZeroDivisionError: division by zero"),
]


@pytest.mark.parametrize(("code", "reason"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_broken_pack_costs_its_own_rules(packs: Path, code: str, reason: str) -> None:
    lay(packs, {"bad_pack.py": code, "good_pack.py": RULE.format(id="quality/good") + RULES})
    rules, problems = load("bad_pack", "good_pack")
    assert rules == ["quality/good"]
    assert [problem.pack for problem in problems] == ["bad_pack"]
    assert f"it is left out, because loading it failed ({reason}" in problems[0].message


def test_what_is_no_rule_is_left_out(packs: Path) -> None:
    lay(packs, {"odd_pack.py": RULE.format(id="quality/odd") + "\ndef rules(): return [found, 'found']"})
    rules, problems = load("odd_pack")
    assert rules == ["quality/odd"]
    assert [problem.reason for problem in problems] == ["'found' is left out, because it is no rule"]


def test_a_pack_that_is_not_there(packs: Path) -> None:
    rules, problems = load("gone_pack")
    assert rules == []
    assert [problem.pack for problem in problems] == ["gone_pack"]


def test_two_rules_of_one_name_keep_the_first(packs: Path) -> None:
    code = RULE.format(id="quality/same") + RULES
    lay(packs, {"first_pack.py": code, "second_pack.py": code})
    rules, problems = load("first_pack", "second_pack")
    assert rules == ["quality/same"]
    assert [(problem.pack, problem.reason) for problem in problems] == [
        ("second_pack", "its rule quality/same is left out, because first_pack has one of that name")
    ]


def test_the_bundled_pack_is_whole() -> None:
    problems: list[PackProblem] = []
    assert len(load_registry(problems.append)) >= 12
    assert problems == []


def test_installed_packs_are_found_by_their_entry_points(packs: Path) -> None:
    lay(packs, {"third_pack.py": RULE.format(id="quality/third") + RULES})
    installed = packs / "third-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: third\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text(f"[{rulepacks.GROUP}]\nthird = third_pack\n")
    registry = load_registry(lambda problem: None)
    assert registry.get("quality/third") is not None


def test_where_nobody_offers_packs_the_bundled_one_is_in_use(packs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = packs / "other-1.0.dist-info"
    other.mkdir()
    (other / "entry_points.txt").write_text("[console_scripts]\nother = other:main\n")
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: pytest.fail("nobody offers anything"))
    monkeypatch.setattr("sys.path", [str(packs), str(packs / "gone")])
    assert [*rulepacks._offered()] == []
