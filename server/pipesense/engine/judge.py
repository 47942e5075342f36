"""Running rules over facts. The one place where a rule's failure is caught."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pipesense.engine.context import RuleContext
from pipesense.engine.index import Key
from pipesense.engine.report import Counters, InternalError
from pipesense.model.sql import Statement, StatementFacts
from pipesense.rule.finding import Finding
from pipesense.rule.meta import FileRole, RuleMeta, Scope
from pipesense.rule.registry import Registry
from pipesense.rule.rule import Rule

MakeContext = Callable[[RuleMeta], RuleContext]


def unit_facts(facts: StatementFacts) -> Iterator[object]:
    """Every fact of one statement that a UNIT rule may want."""
    yield facts
    yield from facts.blocks
    yield from facts.comparisons
    yield from facts.columns
    yield from facts.windows
    yield from facts.set_operations
    yield from facts.settings
    for one in (facts.write, facts.table, facts.create, facts.drop, facts.alter, facts.grant, facts.command):
        if one is not None:
            yield one


@dataclass(slots=True)
class _Verdict:
    """What a rule said about a fact, and the versions of what it read to say so."""

    fact: object
    findings: tuple[Finding, ...]
    reads: tuple[tuple[Key, int], ...]


@dataclass(slots=True)
class Verdicts:
    """The FILE rules' verdicts on one file's facts; reused while fact and answers are the same."""

    known: dict[tuple[str, int], _Verdict] = field(default_factory=dict)
    retired: dict[tuple[str, int], _Verdict] = field(default_factory=dict)
    """Those on facts that went away with most of the file: a quote that is opened takes everything behind it away,
    and brings it back when it is closed."""
    generation: int = -1

    def replace(self, current: dict[tuple[str, int], _Verdict]) -> None:
        """These hold now."""
        gone = self.known.keys() - current.keys()
        if len(gone) * 2 > max(len(self.known), len(self.retired)):
            self.retired = {key: self.known[key] for key in gone}
        self.known = current

    def clear(self) -> None:
        """Nothing that was said holds any more."""
        self.known, self.retired = {}, {}


class Judge:
    """Runs the rules that are on."""

    def __init__(
        self,
        registry: Registry,
        counters: Counters,
        log: Callable[[InternalError], None],
        version: Callable[[Key], int],
    ) -> None:
        self._registry = registry
        self._counters = counters
        self._log = log
        self._version = version
        self._unit_rules = registry.wanting(Scope.UNIT)
        self._file_rules = registry.wanting(Scope.FILE)
        self._by_role: dict[FileRole, dict[type, tuple[Rule, ...]]] = {}

    def unit(self, statement: Statement, role: FileRole, context: MakeContext) -> tuple[Finding, ...]:
        """What UNIT rules say about a statement; nothing for one that could not be read.

        All rules run, those that are off as well: the result belongs to the statement, not to a configuration.
        ``context`` may give one context for all statements of a file: such rules ask nothing of other files.
        """
        if statement.facts.error:
            return ()
        found = self._said(statement, statement.facts, role, context)
        for variant in statement.facts.variants:
            # What stands in every rendering was judged in the first one, where most of the statement is seen.
            found += (
                each
                for each in self._said(statement, variant, role, context)
                if any(shown.start <= each.loc.span.start and each.loc.span.end <= shown.end for shown in variant.shows)
            )
        return tuple(found)

    def _said(self, statement: Statement, facts: StatementFacts, role: FileRole, context: MakeContext) -> list[Finding]:
        found: list[Finding] = []
        made: dict[str, RuleContext] = {}
        rules = self._unit_rules_for(role)
        for fact in unit_facts(facts):
            for rule in rules.get(type(fact), ()):
                of_rule = made.get(rule.meta.id)
                if of_rule is None:
                    of_rule = made[rule.meta.id] = context(rule.meta)
                    of_rule.dialect = statement.facts.dialect
                    of_rule.unit = statement.loc
                found += self._run(rule, fact, of_rule)
        return found

    def _unit_rules_for(self, role: FileRole) -> dict[type, tuple[Rule, ...]]:
        known = self._by_role.get(role)
        if known is None:
            known = self._by_role[role] = {
                wanted: tuple(rule for rule in rules if role in rule.meta.roles)
                for wanted, rules in self._unit_rules.items()
            }
        return known

    def file(
        self,
        facts: Iterable[object],
        role: FileRole,
        enabled: frozenset[str],
        verdicts: Verdicts,
        context: MakeContext,
    ) -> tuple[tuple[Finding, ...], frozenset[Key]]:
        """What FILE rules say about a file's facts, and the keys that they read."""
        found: list[Finding] = []
        reads: set[Key] = set()
        current: dict[tuple[str, int], _Verdict] = {}
        active: dict[type, list[tuple[str, Rule]]] = {}
        for fact in facts:
            kind = type(fact)
            rules = active.get(kind)
            if rules is None:
                rules = active[kind] = [
                    (rule.meta.id, rule)
                    for rule in self._file_rules.get(kind, ())
                    if rule.meta.id in enabled and role in rule.meta.roles
                ]
            number = id(fact)
            for name, rule in rules:
                key = (name, number)
                verdict = current[key] = self._verdict(key, rule, fact, verdicts, context)
                found += verdict.findings
                if verdict.reads:
                    reads.update(asked for asked, _ in verdict.reads)
        verdicts.replace(current)
        return tuple(found), frozenset(reads)

    def _verdict(
        self, key: tuple[str, int], rule: Rule, fact: object, verdicts: Verdicts, context: MakeContext
    ) -> _Verdict:
        known = verdicts.known.get(key) or verdicts.retired.get(key)
        if (
            known is not None
            and known.fact is fact
            and (not known.reads or all(self._version(asked) == version for asked, version in known.reads))
        ):
            return known
        made = context(rule.meta)
        findings = tuple(self._run(rule, fact, made))
        return _Verdict(fact, findings, tuple((asked, self._version(asked)) for asked in made.reads))

    def _run(self, rule: Rule, fact: Any, context: RuleContext) -> list[Finding]:
        self._counters.rules_run += 1
        context.fact = fact
        try:
            # What stands nowhere (the parser keeps no place for it) cannot be shown.
            return [each for each in rule.findings(fact, context) if each.loc.span.start >= 0]
        except Exception as error:  # a rule's failure costs its own findings and nothing else
            self._log(InternalError(rule.meta.id, context.path, f"{type(error).__name__}: {error}"))
            return []
