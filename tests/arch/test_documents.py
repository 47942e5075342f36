"""What the documents say about the tree is true, and what the files say about themselves is ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipesense.rule.meta import CONCERNS

ROOT = Path(__file__).resolve().parents[2]
ARCHITECTURE = ROOT / "ARCHITECTURE.md"
HARD_LIMIT = 500

_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
_FENCE = re.compile(r"^```.*?^```", re.M | re.S)
_PATH = re.compile(r"^(?:\./)?[\w.-]+(?:/[\w.-]+)*/?$")
_TOP = {path.name for path in ROOT.iterdir()}
_BASES = (ROOT, ROOT / "server", ROOT / "rules", ROOT / "server" / "pipesense")


def named_paths(text: str) -> Iterator[str]:
    """Paths in back quotes outside code blocks (those that contain a slash or end like a file), and link targets."""
    prose = _FENCE.sub("", text)
    for word in _INLINE.findall(prose):
        if _PATH.match(word) and ("/" in word or Path(word).suffix in (".py", ".md", ".toml")):
            yield word
    yield from _LINK.findall(prose)


def is_a_place_here(word: str) -> bool:
    """Whether a word with a slash means a place in this tree; rule ids and the like have slashes too."""
    first = word.removeprefix("./").split("/")[0]
    return word.endswith("/") or "." in word.rsplit("/", 1)[-1] or first in _TOP


def exists(word: str) -> bool:
    return any((base / word).exists() for base in _BASES)


@pytest.mark.skipif(not ARCHITECTURE.exists(), reason="ARCHITECTURE.md is not written yet")
def test_every_path_in_the_architecture_exists() -> None:
    named = [word for word in named_paths(ARCHITECTURE.read_text("utf-8")) if is_a_place_here(word)]
    assert [word for word in named if not exists(word)] == []
    assert len(named) >= 10, "the page names hardly any place of the tree"


PATHS = [
    ("`server/pipesense/text/`", ["server/pipesense/text/"]),
    ("`lang/cut.py` and `x = 1`", ["lang/cut.py"]),
    ("[a](CONTRIBUTING.md) [b](https://x.y/z) [c](#here)", ["CONTRIBUTING.md"]),
    ("`.py`", []),
    ("```\n`in/a/block.py`\n```\n`Makefile`", []),
]


@pytest.mark.parametrize(("text", "paths"), PATHS)
def test_what_counts_as_a_named_path(text: str, paths: list[str]) -> None:
    assert list(named_paths(text)) == paths


def test_a_rule_is_no_place() -> None:
    assert not is_a_place_here("reliability/no-retries")
    assert is_a_place_here("server/pipesense")
    assert is_a_place_here("lang/gone.py")


def sources() -> list[Path]:
    return [
        path
        for folder in ("server", "rules")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "tables" not in path.parts
    ]


def test_no_module_is_too_long_to_be_held_in_the_head() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in sources()}
    assert {name: length for name, length in lengths.items() if length > HARD_LIMIT} == {}


def test_every_module_says_what_it_is_for() -> None:
    assert [str(path) for path in sources() if not path.read_text("utf-8").lstrip().startswith(('"""', 'r"""'))] == []


def test_every_rule_has_its_page() -> None:
    folder = ROOT / "rules" / "pipesense_rules"
    modules = [path for path in folder.glob("*/*.py") if not path.name.startswith("_") and path.parent.name in CONCERNS]
    assert [str(path.relative_to(ROOT)) for path in modules if not path.with_suffix(".md").exists()] == []
    assert modules
