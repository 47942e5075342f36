"""A script, what is found in it, and the script after a fix: for proofs that run both."""

from __future__ import annotations

from collections.abc import Mapping

from pipesense.host.rulepacks import load_registry
from pipesense.host.testing import EngineChecker
from pipesense.rule.harness import Seen


class Script:
    """``text`` is the script's file, ``pins`` a requirements.txt beside it, ``more`` are other files, ``name`` its own."""

    def __init__(
        self, text: str, pins: str = "", more: Mapping[str, str] | None = None, name: str = "jobs/script.py"
    ) -> None:
        self.name = name
        self.files = {self.name: text, **({"requirements.txt": pins} if pins else {}), **(more or {})}
        self.checker = EngineChecker(load_registry())

    def found(self, rule: str) -> Seen:
        """The one finding of a rule."""
        seen = [each for each in self.checker.check(self.files).findings if each.rule == rule]
        assert len(seen) == 1, seen
        return seen[0]

    def fixed(self, rule: str) -> str:
        """The script after the first fix of the rule's finding; nothing of the rule is found in it any more."""
        seen = self.found(rule)
        made = self.checker.fix(self.files, seen, seen.fixes[0])
        assert not isinstance(made, str), made
        assert not [each for each in self.checker.check(made).findings if each.rule == rule]
        return made[self.name]
