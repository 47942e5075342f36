"""Which column is most likely meant at a place: habits of the workspace, and the statement's own structure.

Every piece of evidence adds to a score on the scale of a natural logarithm, so each can be read as "so many times
as likely".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Final

from pipesense.lang.sql.habits import Evidence
from pipesense.lang.sql.usage import Use, alias_of, signs, stem, stemmed
from pipesense.model.columns import Family, OutColumn
from pipesense.model.sql import Block, Clause, Source, StatementFacts
from pipesense.text.regex import regex

_OWN: Final = 2.0
"""What a use in the same statement counts, beside one elsewhere."""
_STRENGTH: Final = {
    "value": 1.0,
    "with": 1.3,
    "after": 0.7,
    "before": 0.7,
    "function": 0.5,
    "op": 0.3,
    "alias": 1.0,
    "value~": 0.6,
    "with~": 0.8,
    "after~": 0.5,
    "before~": 0.5,
    "alias~": 0.6,
    "function~": 0.4,
}
_SMOOTH: Final = 1.0
_NUMBERS: Final = frozenset({Family.INT, Family.DECIMAL, Family.FLOAT})
_TIMES: Final = frozenset({Family.DATE, Family.TIMESTAMP, Family.TIMESTAMPTZ})
_SUMS: Final = frozenset({"sum", "avg", "stddev", "stddev_samp", "variance", "median"})
_LISTS: Final = frozenset({Clause.SELECT, Clause.GROUP, Clause.ORDER})
_NOBODY: Final[set[int]] = set()
_CONDITIONS: Final = frozenset({Clause.WHERE, Clause.ON, Clause.HAVING})
_EQUAL: Final = frozenset({"eq", "neq", "in", "not_in", "is_not_distinct", "is_distinct"})
_WORD: Final = regex(r"[A-Z]?[a-z0-9]+|[A-Z0-9]+(?![a-z])|[^\W_A-Za-z0-9]+")
_PRIOR: Final = 0.7
"""How much the bare frequency of a name counts."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A column that may be meant; ``source`` is None for an output of the query itself. ``depth`` counts the queries
    around the one with the cursor. ``table`` is its source's own name in lower case.
    """

    column: OutColumn
    source: Source | None
    depth: int
    table: str = ""
    number: int = 0
    """Which source of its query."""

    @property
    def name(self) -> str:
        """The name in lower case."""
        return self.column.name.casefold()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a column is wanted: the stand-in's use, its query, every other use of the statement."""

    facts: StatementFacts
    use: Use
    block: Block | None
    others: tuple[Use, ...]
    wanted: frozenset[str] = frozenset()
    """Names that the statement reads from this query, and that it does not give."""
    siblings: tuple[Block, ...] = ()
    """The other branches of its UNION."""
    keys: frozenset[tuple[str, str, str, str]] = frozenset()
    """Foreign keys among the sources: table and column, table and column."""


def ranked(candidates: Sequence[Candidate], place: Place, evidence: Evidence) -> list[tuple[float, Candidate]]:
    """The candidates with their scores, the likeliest first; equal ones in the order of their tables."""
    if not candidates:
        return []
    habits = _habits(candidates, place, evidence)
    structure = _Structure(place, candidates)
    scored = [(habits[at] + structure.score(each), -at, each) for at, each in enumerate(candidates)]
    scored.sort(key=lambda each: (-each[0], -each[1]))
    return [(score, each) for score, _, each in scored]


def _habits(candidates: Sequence[Candidate], place: Place, evidence: Evidence) -> list[float]:
    clause = place.use.clause.value
    names = [each.name for each in candidates]
    stems = [stem(name) for name in names]
    weights: list[float] = []
    for name, bare, each in zip(names, stems, candidates, strict=True):
        known = evidence.count(("table", each.table, clause), name, _OWN) if each.table else 0.0
        weights.append(
            0.3
            + evidence.count(("clause", clause), name, _OWN)
            + 0.3 * evidence.count(("clause~", clause), bare, _OWN)
            + 2.0 * known
        )
    total = sum(weights)
    prior = [weight / total for weight in weights]
    scores = [_PRIOR * log(each) for each in prior]
    for sign in signs(place.use)[1:]:
        _weigh(scores, prior, [evidence.count(sign, name, _OWN) for name in names], _STRENGTH[sign[0]])
        rest = stemmed(sign)
        if rest is not None:
            _weigh(scores, prior, [evidence.count(rest, bare, _OWN) for bare in stems], _STRENGTH[rest[0]])
    return scores


def _weigh(scores: list[float], prior: list[float], counts: list[float], strength: float) -> None:
    """Bayes with a prior of its own strength, so that one count among few says little and many say much."""
    total = sum(counts)
    if total <= 0:
        return
    for at, count in enumerate(counts):
        share = (count + _SMOOTH * prior[at]) / (total + _SMOOTH)
        scores[at] += strength * max(-2.5, log(share / prior[at]))


class _Structure:
    """What the statement's own structure says about a candidate."""

    def __init__(self, place: Place, candidates: Sequence[Candidate]) -> None:
        use, block = place.use, place.block
        self.place = place
        self.own = [each for each in place.others if each.inside == use.inside]
        self.listed = {each.name for each in self.own if each.clause is use.clause and each.whole}
        alone = Counter((each.clause, each.item) for each in self.own)
        self.wrapped = {
            each.name
            for each in self.own
            if each.clause is use.clause and not each.op and alone[each.clause, each.item] == 1
        }
        self.read: dict[str, set[int]] = {}
        """The queries that read a name, by where they start."""
        for each in place.others:
            self.read.setdefault(each.name, set()).add(each.inside)
        self.elsewhere = {each.name for each in self.own if each.clause is not use.clause}
        self.grouped = {each.name for each in self.own if each.clause is Clause.GROUP}
        self.selected = {each.name for each in self.own if each.clause is Clause.SELECT and each.kind != "aggregate"}
        self.plain = {each.name for each in self.own if each.clause is Clause.SELECT and each.whole}
        self.aliases = (
            {o.name.casefold() for o in block.outputs if o.aliased and o.name} if block is not None else set()
        )
        self.ordered = {each.name for each in self.own if each.clause is Clause.ORDER}
        self.aggregates = block is not None and (
            bool(block.group) or any(each.kind == "aggregate" for each in self.own if each.clause is Clause.SELECT)
        )
        self.follower = self._follower()
        self.siblings = self._siblings()
        self.beside = self._beside(candidates)
        self.partner = self._partner(candidates)
        self.joined = self._joined()
        self.used_tables = {(each.qualifier or each.table) for each in self.own}

    def _follower(self) -> str:
        """What stands behind the column before, in the list that this one follows: GROUP BY after the SELECT list."""
        use = self.place.use
        if use.clause not in _LISTS:
            return ""
        if use.clause is Clause.SELECT:
            names = [each.name for each in self.own if each.clause is Clause.GROUP]
        elif self.place.block is None:
            return ""
        else:
            aggregated = {each.item for each in self.own if each.clause is Clause.SELECT and each.kind == "aggregate"}
            outputs = enumerate(self.place.block.outputs)
            is_group = use.clause is Clause.GROUP
            names = [each.name.casefold() for at, each in outputs if not (is_group and at in aggregated)]
        if not use.before:
            return names[0] if names else ""
        at = names.index(use.before) if use.before in names else -1
        return names[at + 1] if 0 <= at < len(names) - 1 else ""

    def _beside(self, candidates: Sequence[Candidate]) -> dict[tuple[int, str], float]:
        """Columns that stand beside their neighbours in the table, too: lists often follow the table's order."""
        use = self.place.use
        if use.clause not in _LISTS or not (use.before or use.after):
            return {}
        found: dict[tuple[int, str], float] = {}
        for at, each in enumerate(candidates[1:], 1):
            earlier = candidates[at - 1]
            if earlier.source is not each.source or each.source is None or each.depth:
                continue
            if earlier.name == use.before:
                found[each.number, each.name] = found.get((each.number, each.name), 0.0) + 2.0
            if each.name == use.after:
                found[each.number, earlier.name] = found.get((each.number, earlier.name), 0.0) + 2.0
        return found

    def _siblings(self) -> tuple[frozenset[str], frozenset[str]]:
        """The columns at the same place of the other branches of the UNION, and their stems."""
        use = self.place.use
        names: list[str] = []
        own = [each for each in (*self.own, use) if each.clause is use.clause]
        own.sort(key=lambda each: each.span)
        at = own.index(use)
        for block in self.place.siblings:
            theirs = [
                each for each in self.place.others if each.inside == block.keyword.start and each.clause is use.clause
            ]
            if use.clause is Clause.SELECT:
                theirs = [each for each in theirs if each.item == use.item]
                mine = [each for each in own if each.item == use.item]
                place = mine.index(use)
                names += [theirs[place].name] if place < len(theirs) else []
            elif at < len(theirs):
                names.append(theirs[at].name)
        return frozenset(names), frozenset(map(stem, names))

    def _partner(self, candidates: Sequence[Candidate]) -> Candidate | None:
        table, name = self.place.use.partner
        if not name:
            return None
        fitting = [each for each in candidates if each.name == name]
        return next((each for each in fitting if each.table == table), fitting[0] if fitting else None)

    def _joined(self) -> frozenset[int]:
        """The JOIN whose condition this is: the number of its source."""
        block, use = self.place.block, self.place.use
        if block is None or use.clause is not Clause.ON:
            return frozenset()
        for at, join in enumerate(block.joins):
            if join.span.start <= use.span.start and use.span.end <= join.span.end:
                return frozenset({len(block.sources) + at})
        return frozenset()

    def score(self, each: Candidate) -> float:
        """The sum of what speaks for and against it."""
        place, use, name = self.place, self.place.use, each.name
        found = -1.5 * each.depth
        if name in place.wanted and use.clause is Clause.SELECT and not use.alias:
            found += 5.0
        found += self._lists(each)
        found += self.beside.get((each.number, name), 0.0) if each.depth == 0 else 0.0
        if use.alias:
            found += _alike(use.alias, each.column.name) if use.alias.casefold() != name else 5.0
        same, stems = self.siblings
        if name in same:
            found += 5.0
        elif stem(name) in stems:
            found += 3.5
        found += self._comparison(each)
        found += self._types(each)
        return found

    def _lists(self, each: Candidate) -> float:
        use, name = self.place.use, each.name
        aggregated = use.kind == "aggregate"
        found = self._used(each)
        if name == self.follower and not aggregated:
            found += 2.0
        if use.clause is Clause.SELECT and self.grouped and not use.op:
            if aggregated:
                found -= 2.0 if name in self.grouped else 0.0
            elif name in self.grouped:
                found += 2.0 if name in self.selected else 4.5
        elif use.clause is Clause.GROUP:
            found += (
                4.5
                if name in self.plain
                else 3.0
                if name in self.selected
                else 0.0
                if each.source is not None
                else -1.0
            )
        elif use.clause is Clause.ORDER and name in self.aliases:
            found += 3.0 if each.source is None else -1.0
        elif use.clause is Clause.ORDER:
            found += 3.0 if name in self.plain else 1.0 if name in self.selected else 0.0
        elif use.clause in (Clause.HAVING, Clause.QUALIFY) and name in self.aliases and each.source is None:
            found += 2.0
        elif each.source is None:
            found -= 3.0
        return found

    def _used(self, each: Candidate) -> float:
        """What it says that the statement uses a column already, or not yet."""
        use, name = self.place.use, each.name
        found = 1.5 if self._is_unread(each) else 0.0
        if name in self.listed and use.whole:
            found -= 4.0
        elif name in self.wrapped and use.clause is Clause.SELECT and use.kind != "aggregate":
            found -= 1.5
        if name in self.elsewhere and use.clause not in _LISTS:
            found += 0.8
        return found

    def _is_unread(self, each: Candidate) -> bool:
        """Whether the statement makes the column in a CTE or subquery and reads it nowhere yet."""
        if each.source is None or each.source.block is None or each.depth:
            return False
        made = each.source.block.keyword.start
        return self.read.get(each.name, _NOBODY) <= {made}

    def _comparison(self, each: Candidate) -> float:
        use, name = self.place.use, each.name
        table, other = use.partner
        found = 0.0
        if use.clause is Clause.ON and self.joined and each.depth == 0:
            partner_joined = self.partner is not None and self.partner.number in self.joined
            if other:
                found += 1.0 if (each.number in self.joined) is not partner_joined else -1.5
            elif not use.literals:
                found += 0.5 if each.number in self.joined else 0.0
        if not other or use.op not in _EQUAL:
            return found
        if use.clause is Clause.SELECT and use.op == "eq":
            return found
        if self.partner is not None and each.source is self.partner.source and each.source is not None:
            found -= 3.0 if each.name == other else 1.5
        elif name == other:
            found += 3.5
        else:
            found += _keyed(name, each.table, other, table)
            found -= 1.5 if _is_key(name) is not _is_key(other) else 0.0
        if self.partner is not None and not _fits(each.column.type.family, self.partner.column.type.family):
            found -= 2.0
        if any(
            (each.table, name, table, other) == key or (table, other, each.table, name) == key
            for key in self.place.keys
        ):
            found += 5.0
        return found

    def _types(self, each: Candidate) -> float:
        use, family = self.place.use, each.column.type.family
        found = 0.0
        if use.function in _SUMS:
            if family is not Family.UNKNOWN:
                found += 0.7 if family in _NUMBERS else -2.5
            if _is_key(each.name) or each.name.startswith(("is_", "has_")):
                found -= 2.0
        elif use.function == "count" and _is_key(each.name):
            found += 1.0
        if use.literals and family is not Family.UNKNOWN and use.op:
            kind = use.literals[0][0]
            if kind == "number":
                found += 0.7 if family in _NUMBERS else -2.0
            elif kind == "string":
                found += -2.0 if family in _NUMBERS else 0.7
            if use.op == "eq" and _is_key(each.name):
                found -= 0.7
        if use.op == "condition" or (use.whole and use.clause in _CONDITIONS and not use.op):
            if family is Family.BOOLEAN or each.name.startswith(("is_", "has_")):
                found += 2.5
            elif family is not Family.UNKNOWN:
                found -= 2.0
        return found


def _is_key(name: str) -> bool:
    return name == "id" or name.endswith(("_id", "_sk", "_key", "_uuid"))


def _fits(one: Family, other: Family) -> bool:
    if Family.UNKNOWN in (one, other) or one is other:
        return True
    return any(one in group and other in group for group in (_NUMBERS, _TIMES))


def _keyed(name: str, table: str, other: str, other_table: str) -> float:
    """How much two names look like a key and what refers to it."""
    for key, owner, reference in ((name, table, other), (other, other_table, name)):
        if key in ("id", "key", "sk") and owner and reference in _references(owner, key):
            return 3.5
    return min(3.5, 1.3 * _shared_end(name, other))


def _references(table: str, key: str) -> tuple[str, ...]:
    bare = table.removesuffix("s")
    return f"{table}_{key}", f"{bare}_{key}", f"{bare}{key}", f"{bare.rpartition('_')[2]}_{key}"


def _shared_end(one: str, other: str) -> int:
    """How many words two names have in common at their ends."""
    shared = 0
    for left, right in zip(reversed(one.split("_")), reversed(other.split("_")), strict=False):
        if left != right:
            break
        shared += 1
    return shared


def _alike(alias: str, name: str) -> float:
    """How much an alias says of the column behind it, both as written."""
    one, two = alias.casefold(), name.casefold()
    if stem(one) == stem(two):
        return 3.0
    if len(one) > 3 and (two.endswith(one) or one.endswith(two)):
        return 3.0
    words, theirs = _words(alias), _words(name)
    if not theirs:
        return 0.0
    if words == theirs:
        return 4.0
    return 2.5 * len(words & theirs) / len(words | theirs)


def _words(name: str) -> frozenset[str]:
    """The words of a name in lower case, without the s of the plural: ``snake_case`` and ``camelCase``."""
    return frozenset(word.casefold().removesuffix("s") for word in _WORD.findall(name))


def pairs(order: Sequence[Candidate], place: Place, evidence: Evidence) -> list[tuple[Candidate, Candidate]]:
    """The pairs of columns that a JOIN's condition may compare, the likeliest first: only where names, keys or
    the habits of the workspace say so.
    """
    joined = _Structure(place, order).joined
    inner = [each for each in order if each.depth == 0 and each.source is not None and alias_of(each.source)]
    found: list[tuple[float, int, Candidate, Candidate]] = []
    for right in (each for each in inner if each.number in joined):
        for left in (each for each in inner if each.number not in joined and each.number < min(joined)):
            told = _pair(left, right, place, evidence)
            if told > 0:
                found.append((-told, len(found), left, right))
    found.sort(key=lambda each: each[:2])
    return [(left, right) for _, _, left, right in found]


def _pair(left: Candidate, right: Candidate, place: Place, evidence: Evidence) -> float:
    seen = evidence.count(("with", right.table, right.name), left.name, 1.0)
    told = 2.0 * seen if evidence.count(("with", left.table, left.name), right.name, 1.0) else 0.0
    for key in place.keys:
        if key in ((left.table, left.name, right.table, right.name), (right.table, right.name, left.table, left.name)):
            told += 10.0
    near = _keyed(left.name, left.table, right.name, right.table)
    if left.name == right.name:
        near = 3.5 if _is_key(left.name) and left.name != "id" else 0.0
    return told + near if told or near >= 3.5 else 0.0
