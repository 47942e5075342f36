"""Which words the facts use for sqlglot's node classes (sqlglot 30.x)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Final

from sqlglot import exp

from pipesense.lang.sql.lift.calls import RENAMED, WORDS

COMPARISONS: Final[dict[type, str]] = {
    exp.EQ: "eq",
    exp.NEQ: "neq",
    exp.LT: "lt",
    exp.LTE: "lte",
    exp.GT: "gt",
    exp.GTE: "gte",
    exp.Is: "is",
    exp.In: "in",
    exp.Like: "like",
    exp.ILike: "ilike",
    exp.Between: "between",
    exp.NullSafeEQ: "is_not_distinct",
    exp.NullSafeNEQ: "is_distinct",
    exp.RegexpLike: "matches",
    exp.RegexpILike: "matches",
    exp.SimilarTo: "matches",
    exp.Glob: "matches",
}
NEGATED: Final = {
    "is": "is_not",
    "in": "not_in",
    "like": "not_like",
    "ilike": "not_ilike",
    "between": "not_between",
    "matches": "not_matches",
}
OPERATOR_WORDS: Final = frozenset(
    {
        *("=", "==", "<>", "!=", "^=", "<", "<=", ">", ">=", "!<", "!>", "<=>"),
        *("IS", "ISNULL", "NOTNULL", "IN", "NOT", "LIKE", "ILIKE", "BETWEEN", "RLIKE", "REGEXP", "GLOB"),
        *("SIMILAR TO", "~", "~*", "!~", "!~*", "~~", "~~*", "!~~", "!~~*", "!", "REGEXP_LIKE", "GLOBAL"),
    }
)
"""Texts of tokens that start a comparison's operator."""

OPERATORS: Final[dict[type, str]] = {
    exp.Add: "add",
    exp.Sub: "sub",
    exp.Mul: "mul",
    exp.Div: "div",
    exp.IntDiv: "div",
    exp.Mod: "mod",
    exp.DPipe: "concat",
    exp.Not: "not",
    exp.Neg: "neg",
    exp.And: "and",
    exp.Or: "or",
}
FUNCTION_BINARIES: Final = frozenset(
    {exp.Mod, exp.IntDiv, exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseLeftShift, exp.BitwiseRightShift}
)
"""Operators that are also written as calls: ``MOD(a, b)``."""
GUARDS: Final[dict[type, str]] = {
    exp.Coalesce: "coalesce",
    exp.Nullif: "nullif",
    exp.Case: "case",
    exp.If: "case",
    exp.SafeDivide: "nullif",
}
_SKIPPED: Final = (exp.DataType, exp.JSONPath, exp.JSONPathPart, exp.WindowSpec, exp.TableAlias, exp.Hint)
"""Children that are no expressions of the query."""


def _operation(cls: type) -> str:
    """The word for a node class without a word of its own above."""
    word = OPERATORS.get(cls) or COMPARISONS.get(cls) or RENAMED.get(cls)
    if word is not None:
        return word
    if issubclass(cls, exp.Func):
        return str(cls.sql_name()).lower()
    return cls.__name__.lower()


def _call_kind(cls: type) -> str:
    """The words "aggregate", "function" or "" for a node class."""
    if issubclass(cls, exp.AggFunc):
        return "aggregate"
    return "function" if issubclass(cls, exp.Func) else ""


def _is_lifted(cls: type) -> bool:
    """Whether a child of a class is an expression of the query."""
    return issubclass(cls, exp.Expr) and not issubclass(cls, _SKIPPED)


def _spellings(cls: type) -> frozenset[str]:
    """The words, in upper case, that a call of a class is written with."""
    names = cls.sql_names() if issubclass(cls, exp.Func) else ()
    return frozenset({_operation(cls).upper(), *names}) | WORDS.get(cls, frozenset())


spellings: Final[Callable[[type], frozenset[str]]] = cache(_spellings)
operation: Final[Callable[[type], str]] = cache(_operation)
call_kind: Final[Callable[[type], str]] = cache(_call_kind)
is_lifted: Final[Callable[[type], bool]] = cache(_is_lifted)
