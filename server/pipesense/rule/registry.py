"""All rules in use, by id and by the fact they want."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pipesense.rule.meta import Scope
from pipesense.rule.page import Page, parse_page
from pipesense.rule.rule import Rule


class DuplicateRule(ValueError):
    """Two rules have one id, so configuration could not tell them apart."""


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """What must be known of a rule before it is needed.

    ``wants`` are the full names of the fact types it is called with ("pipesense.model.flow.Pipeline"), ``module`` is
    where it is defined, ``load`` gives the rule.
    """

    id: str
    module: str
    scope: Scope
    wants: tuple[str, ...]
    default: bool
    load: Callable[[], Rule]

    @staticmethod
    def of(rule: Rule) -> RuleEntry:
        """The entry of a rule that is loaded already."""
        wants = tuple(map(type_name, rule.meta.wanted))
        return RuleEntry(rule.meta.id, rule.module, rule.meta.scope, wants, rule.meta.default, lambda: rule)


def type_name(fact: type) -> str:
    """The full name of a fact type."""
    return f"{fact.__module__}.{fact.__qualname__}"


class Registry:
    """An unchanging set of rules with their pages and the pages of patterns.

    A rule is loaded when somebody asks for it, or for the rules that want its facts. ``page_text`` returns the
    Markdown of a rule, or None; ``pattern_text`` that of a pattern. Both are called at most once per name, when the
    page is first asked for.
    """

    def __init__(
        self,
        rules: Iterable[Rule | RuleEntry],
        page_text: Callable[[Rule], str | None],
        pattern_text: Callable[[str], str | None],
    ) -> None:
        self._entries: dict[str, RuleEntry] = {}
        for each in rules:
            entry = each if isinstance(each, RuleEntry) else RuleEntry.of(each)
            if entry.id in self._entries:
                raise DuplicateRule(f"two rules are called {entry.id}")
            self._entries[entry.id] = entry
        self._loaded: dict[str, Rule] = {}
        self._page_text = page_text
        self._pattern_text = pattern_text
        self._pages: dict[str, Page | None] = {}
        self._patterns: dict[str, Page | None] = {}
        self._by_want: dict[tuple[Scope, str], list[str]] = {}
        for entry in self._entries.values():
            for number, wanted in enumerate(entry.wants):
                scope = entry.scope if number == 0 else Scope.FILE
                self._by_want.setdefault((scope, wanted), []).append(entry.id)
        self.on_by_default = frozenset(entry.id for entry in self._entries.values() if entry.default)
        """The ids of the rules that speak unless they are told not to."""

    def __iter__(self) -> Iterator[Rule]:
        return (self._load(rule_id) for rule_id in self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def _load(self, rule_id: str) -> Rule:
        found = self._loaded.get(rule_id)
        if found is None:
            found = self._loaded[rule_id] = self._entries[rule_id].load()
        return found

    def get(self, rule_id: str) -> Rule | None:
        """The rule of that id."""
        return self._load(rule_id) if rule_id in self._entries else None

    def wanting(self, scope: Scope, fact: type) -> tuple[Rule, ...]:
        """The rules of that scope that want facts of a type."""
        return tuple(map(self._load, self._by_want.get((scope, type_name(fact)), ())))

    def matching(self, selector: str) -> frozenset[str]:
        """The ids that a selector of the configuration means: an id, a concern, or "all"."""
        if selector in ("all", "ALL", "*"):
            return frozenset(self._entries)
        if selector in self._entries:
            return frozenset({selector})
        concern = selector.rstrip("/*")
        return frozenset(rule_id for rule_id in self._entries if rule_id.partition("/")[0] == concern)

    def near(self, rule_id: str) -> tuple[str, ...]:
        """Ids spelled like ``rule_id``, nearest first."""
        names = {each.partition("/")[2]: each for each in self._entries}
        by_id = difflib.get_close_matches(rule_id, list(self._entries), 3, 0.6)
        by_name = difflib.get_close_matches(rule_id.rpartition("/")[2], list(names), 3, 0.7)
        return tuple(dict.fromkeys([*by_id, *(names[name] for name in by_name)]))

    def page(self, rule_id: str) -> Page | None:
        """The page of a rule, or None where there is none."""
        if rule_id not in self._pages:
            rule = self.get(rule_id)
            text = self._page_text(rule) if rule else None
            self._pages[rule_id] = parse_page(text) if text is not None else None
        return self._pages[rule_id]

    def pattern(self, name: str) -> Page | None:
        """The page of a pattern, or None where there is none."""
        if name not in self._patterns:
            text = self._pattern_text(name)
            self._patterns[name] = parse_page(text) if text is not None else None
        return self._patterns[name]
