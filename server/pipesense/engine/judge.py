"""Running rules over facts. The one place where a rule's failure is caught."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, compress, count, repeat
from operator import attrgetter, is_
from typing import Any, Final, Protocol, cast

from pipesense.engine.context import Asked, RuleContext
from pipesense.engine.index import Key
from pipesense.engine.report import Counters, InternalError
from pipesense.model.making import quick_to_make
from pipesense.model.sql import Statement, StatementFacts
from pipesense.rule.finding import Finding
from pipesense.rule.meta import FileRole, Scope
from pipesense.rule.registry import Registry
from pipesense.rule.rule import Rule


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


def _held(fact: object) -> tuple[bool, ...]:
    """Which of the fields that rules name as given hold something; () for what is no statement."""
    if fact.__class__ is Statement:
        fact = fact.facts
    elif fact.__class__ is not StatementFacts:
        return ()
    return tuple(map(bool, _GIVEN(fact)))


Reads = tuple[tuple[Key, int], ...]
"""Keys that were read, with the version of what stood there."""
NamedRules = tuple[tuple[str, Rule], ...]
_Asked = tuple[type, tuple[bool, ...]]
"""A type of facts, and which of its fields that rules name as given hold something."""


GIVEN: Final = ("blocks", "comparisons", "columns", "windows", "set_operations", "write", "table", "alter")
"""Fields of a statement's facts that rules may name as given."""
_GIVEN: Final = attrgetter(*GIVEN)


@quick_to_make
@dataclass(frozen=True, slots=True)
class _Verdict:
    """What one rule said about a fact, and what it read to say so."""

    findings: tuple[Finding, ...]
    reads: Reads


_SILENT: Final = _Verdict((), ())


@dataclass(slots=True, eq=False)
class _Judged:
    """What ``rules`` said about a fact, one verdict each; all in one place, so that one look tells if they hold."""

    fact: object
    rules: NamedRules
    verdicts: tuple[_Verdict, ...]
    findings: tuple[Finding, ...]
    reads: Reads
    keys: frozenset[Key]
    """The keys of ``reads``."""


_FINDINGS: Final = attrgetter("findings")
_KEYS: Final = attrgetter("keys")


@dataclass(slots=True)
class Verdicts:
    """The FILE rules' verdicts on one file's facts; reused while fact and answers are the same."""

    known: dict[int, _Judged] = field(default_factory=dict)
    retired: dict[int, _Judged] = field(default_factory=dict)
    """Those on facts that went away with most of the file: a quote that is opened takes everything behind it away,
    and brings it back when it is closed."""
    generation: int = -1
    clock: int = 0
    """What the index's clock showed when ``known`` held."""
    rules_for: object = None
    """By which rules was judged, for every kind of fact."""

    def again(self, fact: object, rules_for: object) -> _Judged | None:
        """What was said about this very fact, by the same rules, before it went away."""
        found = self.retired.get(id(fact)) if self.rules_for is rules_for else None
        return found if found is not None and found.fact is fact else None

    def replace(self, current: dict[int, _Judged]) -> None:
        """These hold now."""
        gone = self.known.keys() - current.keys()
        if len(gone) * 2 > max(len(self.known), len(self.retired)):
            self.retired = {key: self.known[key] for key in gone}
        self.known = current

    def clear(self) -> None:
        """Nothing that was said holds any more."""
        self.known, self.retired = {}, {}


class Versions(Protocol):
    """Which values changed when."""

    @property
    def clock(self) -> int:
        """The version of what changed last."""

    def version(self, key: Key) -> int:
        """A number that changes whenever the values under the key do."""

    def changed_since(self, clock: int) -> frozenset[Key] | None:
        """The keys whose values changed since the clock showed that; None where nobody knows."""


class Judge:
    """Runs the rules that are on."""

    def __init__(
        self,
        registry: Registry,
        counters: Counters,
        log: Callable[[InternalError], None],
        versions: Versions,
    ) -> None:
        self._registry = registry
        self._counters = counters
        self._log = log
        self._versions = versions
        self._version = versions.version
        self._by_role: dict[FileRole, dict[_Asked, tuple[Rule, ...]]] = {}
        self._enabled: dict[tuple[FileRole, frozenset[str]], dict[_Asked, NamedRules]] = {}

    def unit(self, statement: Statement, role: FileRole, asked: Asked) -> tuple[Finding, ...]:
        """What UNIT rules say about a statement; nothing for one that could not be read.

        All rules run, those that are off as well: the result belongs to the statement, not to a configuration.
        """
        if statement.facts.error:
            return ()
        found = self._said(statement, statement.facts, role, asked)
        for variant in statement.facts.variants:
            # What stands in every rendering was judged in the first one, where most of the statement is seen.
            found += (
                each
                for each in self._said(statement, variant, role, asked)
                if any(shown.start <= each.loc.span.start and each.loc.span.end <= shown.end for shown in variant.shows)
            )
        return tuple(found)

    def _said(self, statement: Statement, facts: StatementFacts, role: FileRole, asked: Asked) -> list[Finding]:
        found: list[Finding] = []
        made: dict[Rule, RuleContext] = {}
        rules_for = self._by_role.setdefault(role, {})
        for fact in unit_facts(facts):
            kind = (type(fact), _held(fact))
            rules = rules_for.get(kind)
            if rules is None:
                rules = rules_for[kind] = tuple(self._wanting(Scope.UNIT, kind, role))
            for rule in rules:
                of_rule = made.get(rule)
                if of_rule is None:
                    of_rule = made[rule] = RuleContext(rule.meta, asked)
                    of_rule.dialect = statement.facts.dialect
                    of_rule.unit = statement.loc
                found += self._run(rule, fact, of_rule)
        return found

    def file(
        self,
        facts: Iterable[object],
        role: FileRole,
        enabled: frozenset[str],
        verdicts: Verdicts,
        asked: Asked,
    ) -> tuple[tuple[Finding, ...], frozenset[Key]]:
        """What FILE rules say about a file's facts, and the keys that they read."""
        rules_for = self._enabled.setdefault((role, enabled), {})
        known = verdicts.known if verdicts.rules_for is rules_for else {}
        changed = self._versions.changed_since(verdicts.clock) if known else None
        facts = list(facts)
        # Most facts of a file are those of the last key, and nothing that was read of others changed since: no look at
        # each of them. What is known holds its fact, so that nothing else has its id.
        numbers = list(map(id, facts))
        said = list(map(known.get, numbers))
        for at in list(compress(count(), map(is_, said, repeat(None)))):
            one = verdicts.again(facts[at], rules_for)
            if one is None:
                one = self._judge_new(facts[at], rules_for, role, enabled, asked)
            elif one.reads and not self._holds(one.reads):
                one = self._judge(facts[at], one.rules, one.verdicts, asked)
            said[at] = one
        judged = cast("list[_Judged]", said)
        if changed is None or changed:
            for at in list(compress(count(), map(_KEYS, judged))):
                one = judged[at]
                if (changed is None or not changed.isdisjoint(one.keys)) and not self._holds(one.reads):
                    judged[at] = self._judge(facts[at], one.rules, one.verdicts, asked)
        verdicts.replace(dict(zip(numbers, judged, strict=True)))
        verdicts.clock, verdicts.rules_for = self._versions.clock, rules_for
        return tuple(chain.from_iterable(map(_FINDINGS, judged))), frozenset().union(*map(_KEYS, judged))

    def _judge_new(
        self,
        fact: object,
        rules_for: dict[_Asked, NamedRules],
        role: FileRole,
        enabled: frozenset[str],
        asked: Asked,
    ) -> _Judged:
        """What is said about a fact that nothing was said about yet."""
        kind = (type(fact), _held(fact))
        rules = rules_for.get(kind)
        if rules is None:
            wanting = self._wanting(Scope.FILE, kind, role)
            rules = rules_for[kind] = tuple((rule.meta.id, rule) for rule in wanting if rule.meta.id in enabled)
        if not rules:
            return _Judged(fact, rules, (), (), (), frozenset())
        return self._judge(fact, rules, (), asked)

    def _wanting(self, scope: Scope, asked: _Asked, role: FileRole) -> Iterator[Rule]:
        """The rules that may have something to say about facts of a kind, in files of a role."""
        kind, held = asked
        known = {name for name, holds in zip(GIVEN, held, strict=False) if holds}
        for rule in self._registry.wanting(scope, kind):
            given = rule.meta.given
            if role in rule.meta.roles and (not held or not given or not known.isdisjoint(given)):
                yield rule

    def _judge(self, fact: object, rules: NamedRules, before: tuple[_Verdict, ...], asked: Asked) -> _Judged:
        """What the rules say about a fact; those of ``before`` stay whose answers are the same."""
        verdicts: list[_Verdict] = []
        findings: list[Finding] = []
        reads: dict[tuple[Key, int], None] = {}
        made: RuleContext | None = None
        for number, (_, rule) in enumerate(rules):
            if before and self._holds(before[number].reads):
                verdict = before[number]
            else:
                # Most rules find nothing and ask nothing: the next one gets the same context under its own name.
                if made is None:
                    made = RuleContext(rule.meta, asked)
                else:
                    made.meta = rule.meta
                found = self._run(rule, fact, made)
                if not found and not made.reads:
                    verdicts.append(_SILENT)
                    continue
                verdict = _Verdict(tuple(found), tuple((key, self._version(key)) for key in made.reads))
                made = None
            verdicts.append(verdict)
            findings += verdict.findings
            reads.update(dict.fromkeys(verdict.reads))
        keys = frozenset(key for key, _ in reads)
        return _Judged(fact, rules, tuple(verdicts), tuple(findings), tuple(reads), keys)

    def _holds(self, reads: Reads) -> bool:
        version = self._version
        return all(version(asked) == seen for asked, seen in reads)

    def _run(self, rule: Rule, fact: Any, context: RuleContext) -> list[Finding]:
        self._counters.rules_run += 1
        context.fact = fact
        try:
            found = rule.findings(fact, context)
            # What stands nowhere (the parser keeps no place for it) cannot be shown.
            return [each for each in found if each.loc.span.start >= 0] if found else found
        except Exception as error:  # a rule's failure costs its own findings and nothing else
            self._log(InternalError(rule.meta.id, context.path, f"{type(error).__name__}: {error}"))
            return []
