"""All rules in use, by id and by the fact they want."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping

from pipesense.rule.meta import Scope
from pipesense.rule.page import Page, parse_page
from pipesense.rule.rule import Rule


class DuplicateRule(ValueError):
    """Two rules have one id, so configuration could not tell them apart."""


class Registry:
    """An unchanging set of rules with their pages and the pages of patterns.

    ``page_text`` returns the Markdown of a rule, or None; ``pattern_text`` that of a pattern. Both are called
    at most once per name, when the page is first asked for.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        page_text: Callable[[Rule], str | None],
        pattern_text: Callable[[str], str | None],
    ) -> None:
        self._rules: dict[str, Rule] = {}
        for rule in rules:
            if rule.meta.id in self._rules:
                raise DuplicateRule(f"two rules are called {rule.meta.id}")
            self._rules[rule.meta.id] = rule
        self._page_text = page_text
        self._pattern_text = pattern_text
        self._pages: dict[str, Page | None] = {}
        self._patterns: dict[str, Page | None] = {}
        self._by_want: dict[tuple[Scope, type], list[Rule]] = {}
        for rule in self._rules.values():
            for wanted in rule.meta.wanted:
                self._by_want.setdefault((rule.meta.scope, wanted), []).append(rule)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules.values())

    def __len__(self) -> int:
        return len(self._rules)

    def get(self, rule_id: str) -> Rule | None:
        """The rule of that id."""
        return self._rules.get(rule_id)

    def wanting(self, scope: Scope) -> Mapping[type, list[Rule]]:
        """For each fact type the rules of that scope that want it."""
        return {wants: rules for (of, wants), rules in self._by_want.items() if of is scope}

    def matching(self, selector: str) -> frozenset[str]:
        """The ids that a selector of the configuration means: an id, a concern, or "all"."""
        if selector in ("all", "ALL", "*"):
            return frozenset(self._rules)
        if selector in self._rules:
            return frozenset({selector})
        concern = selector.rstrip("/*")
        return frozenset(rule.meta.id for rule in self if rule.meta.concern == concern)

    def near(self, rule_id: str) -> tuple[str, ...]:
        """Ids spelled like ``rule_id``, nearest first."""
        names = {rule.meta.name: rule.meta.id for rule in self}
        by_id = difflib.get_close_matches(rule_id, list(self._rules), 3, 0.6)
        by_name = difflib.get_close_matches(rule_id.rpartition("/")[2], list(names), 3, 0.7)
        return tuple(dict.fromkeys([*by_id, *(names[name] for name in by_name)]))

    def page(self, rule_id: str) -> Page | None:
        """The page of a rule, or None where there is none."""
        if rule_id not in self._pages:
            rule = self._rules.get(rule_id)
            text = self._page_text(rule) if rule else None
            self._pages[rule_id] = parse_page(text) if text is not None else None
        return self._pages[rule_id]

    def pattern(self, name: str) -> Page | None:
        """The page of a pattern, or None where there is none."""
        if name not in self._patterns:
            text = self._pattern_text(name)
            self._patterns[name] = parse_page(text) if text is not None else None
        return self._patterns[name]
