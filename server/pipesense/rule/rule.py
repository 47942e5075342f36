"""A rule: its metadata, the function that finds, and the functions that offer fixes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Offer
from pipesense.rule.meta import RuleMeta

Check = Callable[[Any, Context], Iterable[Finding]]
Fix = Callable[[Finding, Any, Context], "Offer | Iterable[Offer] | None"]


class Rule:
    """A check with its metadata; made by ``@rule(META)``, extended by ``@<rule>.fix``."""

    def __init__(self, meta: RuleMeta, check: Check) -> None:
        self.meta = meta
        self.module = check.__module__
        """The Python module that defines the rule; its page lies beside it."""
        self._check = check
        self._fixes: list[Fix] = []

    @property
    def fixable(self) -> bool:
        """Whether the rule offers a fix at least sometimes."""
        return bool(self._fixes)

    def findings(self, fact: object, context: Context) -> list[Finding]:
        """What the rule has to say about a fact of the type it wants; its subject unless a finding names another."""
        found = list(self._check(fact, context))
        return [each if each.subject is not None else replace(each, subject=fact) for each in found] if found else found

    def fix(self, offer: Fix) -> Fix:
        """Register a function that offers fixes for this rule's findings (a decorator)."""
        self._fixes.append(offer)
        return offer

    def offers(self, finding: Finding, context: Context) -> Iterator[Offer]:
        """The fixes for one of this rule's findings, best first."""
        for fix in self._fixes:
            offered = fix(finding, finding.subject, context)
            if isinstance(offered, Offer):
                yield offered
            elif offered is not None:
                yield from offered


def rule(meta: RuleMeta) -> Callable[[Check], Rule]:
    """Make the decorated function the check of a rule."""

    def make(check: Check) -> Rule:
        return Rule(meta, check)

    return make
