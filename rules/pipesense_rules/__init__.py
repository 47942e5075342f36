"""The rules that come with PipeSense: one Python module and one Markdown page each, and the pages of patterns.

The entry point group ``pipesense.rules`` names this module. A pack of rules offers three functions: ``rules`` or
``index`` gives the rules, ``page`` the Markdown of one of them, ``pattern`` the Markdown of a pattern.
"""

from __future__ import annotations

import importlib
from functools import partial
from pathlib import Path

from pipesense.rule.meta import Scope
from pipesense.rule.registry import RuleEntry
from pipesense.rule.rule import Rule

_HERE = Path(__file__).parent


def index() -> tuple[RuleEntry, ...]:
    """What must be known of every rule of this pack before it is imported; tests/generate_docs.py writes it down."""
    rows = (line.split(" ") for line in (_HERE / "index.txt").read_text(encoding="ascii").splitlines())
    return tuple(_entry(rule_id, scope, default, wants) for rule_id, scope, default, *wants in rows)


def _entry(rule_id: str, scope: str, default: str, wants: list[str]) -> RuleEntry:
    module = f"{__name__}.{rule_id.replace('/', '.').replace('-', '_')}"
    return RuleEntry(rule_id, module, Scope(scope), tuple(wants), default == "on", partial(_load, module))


def rules() -> tuple[Rule, ...]:
    """Every rule of this pack, in the order of the pillars: quality, reliability, performance, maintainability."""
    return tuple(entry.load() for entry in index())


def _load(module: str) -> Rule:
    found: Rule = getattr(importlib.import_module(module), module.rpartition(".")[2])
    return found


def page(rule: Rule) -> str | None:
    """The Markdown beside the rule's module, or None where there is none."""
    return _text(_HERE.joinpath(*rule.module.split(".")[1:]).with_suffix(".md"))


def pattern(name: str) -> str | None:
    """The Markdown of a pattern ("retry-with-backoff"), or None where there is none."""
    return _text(_HERE / "patterns" / f"{name}.md")


def patterns() -> tuple[str, ...]:
    """The names of all patterns that have a page."""
    return tuple(sorted(path.stem for path in (_HERE / "patterns").glob("*.md")))


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
