"""``pipesense rules`` and ``pipesense explain``."""

from __future__ import annotations

import json
import sys
from typing import Final

from pipesense.cli.terminal import complain, put, wants_colour, width_of
from pipesense.host.rulepacks import load_registry
from pipesense.rule.meta import CONCERNS
from pipesense.rule.page import Page
from pipesense.rule.registry import Registry
from pipesense.rule.rule import Rule
from pipesense.text.regex import regex

_LINK: Final = regex(r"\[([^\[\]]+)\]\((?:\.\./)?(?:[a-z]+/)?([a-z0-9_-]+)\.md\)")
"""A link from one page to that of a pattern or rule."""


def list_rules(format: str) -> int:  # noqa: A002 (the option's own word)
    """Print all rules, those first that matter most."""
    problems: list[str] = []
    registry = load_registry(lambda problem: problems.append(problem.message))
    rules = in_order(registry)
    if format == "schema":
        from pipesense.engine.catalogue import sql_dialects
        from pipesense.engine.config_schema import config_schema

        put(json.dumps(config_schema(registry, sql_dialects()), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    elif format == "json":
        put(
            json.dumps([_data(rule, registry) for rule in rules], ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
        )
    else:
        put(_table(rules, registry))
    for problem in problems:
        complain(problem)
    return 2 if problems else 0


def in_order(registry: Registry) -> list[Rule]:
    """All rules by the rank of their concern, then by name."""
    rank = {concern: at for at, concern in enumerate(CONCERNS)}
    return sorted(registry, key=lambda rule: (rank.get(rule.meta.concern, len(rank)), rule.meta.id))


def _summary(rule: Rule, registry: Registry) -> str:
    page = registry.page(rule.meta.id)
    return page.summary if page is not None else ""


def _data(rule: Rule, registry: Registry) -> dict[str, object]:
    meta = rule.meta
    return {
        "id": meta.id,
        "summary": _summary(rule, registry),
        "severity": meta.worst.word,
        "variants": {name: message.severity.word for name, message in meta.messages.items()},
        "pattern": meta.pattern,
        "since": meta.since,
        "fixable": rule.fixable,
        "default": meta.default,
        "roles": sorted(role.value for role in meta.roles),
        "options": {
            name: {"type": option.kind.__name__, "default": option.default, "help": option.help}
            for name, option in meta.options.items()
        },
    }


def _table(rules: list[Rule], registry: Registry) -> str:
    width = max((len(rule.meta.id) for rule in rules), default=0)
    lines: list[str] = []
    concern = ""
    for rule in rules:
        if rule.meta.concern != concern:
            concern = rule.meta.concern
            lines += ([""] if lines else []) + [concern]
        marks = "fix" if rule.fixable else ""
        off = "" if rule.meta.default else "(off unless selected) "
        lines.append(
            f"  {rule.meta.id:{width}}  {rule.meta.worst.word:7}  {marks:3}  {off}{_summary(rule, registry)}".rstrip()
        )
    noun = "rule" if len(rules) == 1 else "rules"
    lines += ["", f'{len(rules)} {noun}. "pipesense explain ID" shows a rule\'s page.']
    return "\n".join(lines) + "\n"


def explain(name: str, *, all_examples: bool = False) -> int:
    """Print the page of a rule or a pattern, or the rules of a concern.

    Of a rule's examples the first is shown, unless ``all_examples``.
    """
    registry = load_registry(lambda problem: complain(problem.message))
    rule = registry.get(name) or _by_bare_name(name, registry)
    page = registry.page(rule.meta.id) if rule is not None else registry.pattern(name)
    if page is not None:
        taught = page.teaching if all_examples or rule is None else page.brief
        _show(page.title or name, _facts(rule), page.summary, taught, _settings(rule), _more(rule, page, taught))
        return 0
    if rule is not None:
        _show(name, _facts(rule), "This rule has no page.", _settings(rule))
        return 0
    concern = [each for each in in_order(registry) if each.meta.concern == name]
    if concern:
        put(_table(concern, registry))
        return 0
    near = registry.near(name)
    hint = f"Did you mean {', '.join(near)}?" if near else '"pipesense rules" lists all rules.'
    complain(f"there is no rule, concern or pattern {name}. {hint}")
    return 2


def _by_bare_name(name: str, registry: Registry) -> Rule | None:
    """The one rule of that name, whatever its concern."""
    found = [rule for rule in registry if rule.meta.name == name]
    return found[0] if len(found) == 1 else None


def _facts(rule: Rule | None) -> str:
    if rule is None:
        return ""
    fix = "can be fixed" if rule.fixable else "no fix"
    return f"{rule.meta.worst.word}, {fix}, pattern `{rule.meta.pattern}`"


def _settings(rule: Rule | None) -> str:
    """The rule's options as they are written into the configuration, with their defaults."""
    if rule is None or not rule.meta.options:
        return ""
    lines = ["## Settings", "", "```toml", f'[tool.pipesense.rules."{rule.meta.id}"]']
    lines += [
        # Arrays, texts, numbers and truth values of JSON are those of TOML.
        f"{name} = {json.dumps(option.default, ensure_ascii=False, default=list)}  # {option.help}"
        for name, option in rule.meta.options.items()
    ]
    return "\n".join([*lines, "```"])


def _more(rule: Rule | None, page: Page, taught: str) -> str:
    if rule is None or taught == page.teaching:
        return ""
    return f"This page has {len(page.examples)} examples: `pipesense explain {rule.meta.id} --all-examples` shows them."


def _show(title: str, *parts: str) -> None:
    markdown = "\n\n".join([f"# {title}", *(part for part in parts if part)]) + "\n"
    # Links lead from file to file, which no terminal follows.
    markdown = _LINK.sub(lambda link: f"{link[1]} (`pipesense explain {link[2].replace('_', '-')}`)", markdown)
    if not sys.stdout.isatty():
        put(markdown)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    width = min(width_of(sys.stdout) or 100, 100)
    Console(width=width, no_color=not wants_colour(sys.stdout)).print(Markdown(markdown))
