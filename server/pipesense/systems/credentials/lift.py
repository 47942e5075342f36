"""Finds secrets in the string literals of a Python file; comments and docstrings are no code."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, chain
from operator import attrgetter, itemgetter
from typing import Final

from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.syntax import ParsedUnit, parsed_of
from pipesense.model.change import Replace, imported
from pipesense.model.secrets import SecretLiteral
from pipesense.model.where import Loc
from pipesense.systems.system import Lifted
from pipesense.text.secrets import Secret, find_secrets, shows_secrets
from pipesense.text.span import Span


def lift(module: Module) -> Lifted:
    """Every secret of a file, unit by unit."""
    units = module.units if module.keeps else _suspicious(module.units)
    heads = list(map(itemgetter(0), filter(None, map(attrgetter("body"), units))))
    found = chain.from_iterable(module.memo_each("credentials: unit", heads, partial(_in_unit, module)))
    return Lifted(facts=tuple(_named_apart(found, module.units)))


def _suspicious(units: Sequence[ParsedUnit]) -> list[ParsedUnit]:
    """The units in which something looks like a secret, told by one look at the whole text."""
    texts = list(map(attrgetter("text"), units))
    ends = list(accumulate(map(len, texts)))
    numbers = {bisect_right(ends, at) for at in shows_secrets("".join(texts))}
    return [units[number] for number in sorted(numbers)]


@dataclass(frozen=True, slots=True)
class _Found:
    """``value`` is equal where the literals are: two values cannot be one variable of the environment."""

    secret: SecretLiteral
    value: int


def _named_apart(found: Iterable[_Found], units: Sequence[ParsedUnit]) -> Iterator[SecretLiteral]:
    """The secrets, each value with a variable of its own, which nothing in the file reads yet."""
    values: dict[str, int] = {}
    for one in found:
        secret, number = one.secret, 1
        name = secret.variable
        while secret.edits and (values.setdefault(name, one.value) != one.value or _is_read(name, units)):
            number += 1
            name = f"{secret.variable}_{number}"
        if name == secret.variable:
            yield secret
        else:
            yield replace(secret, variable=name, edits=_read_instead(secret.edits[0].loc, name))


def _is_read(variable: str, units: Sequence[ParsedUnit]) -> bool:
    read = re.compile(rf"(?:\benviron(?:\.get)?|\bgetenv)\s*[\[(]\s*['\"]{variable}['\"]")
    return any(variable in unit.text and read.search(unit.text) for unit in units)


def _read_instead(loc: Loc, variable: str) -> tuple[Replace, ...]:
    return (Replace(loc, f'{imported("environ")}["{variable}"]'),)


def _in_unit(module: Module, head: ast.stmt) -> tuple[_Found, ...]:
    unit = parsed_of(head)
    secrets = list(find_secrets(unit.text))
    if not secrets:
        return ()
    literals = [
        (unit.span_of(node), node)
        for statement in unit.body
        for node in nodes_under(statement)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and parsed_of(node) is unit
    ]
    docstrings = {id(each) for statement in unit.body for each in _docstrings(statement)}
    found: list[_Found] = []
    for secret in secrets:
        around = [(span, node) for span, node in literals if _holds(span, secret.span)]
        if not around or all(id(node) in docstrings for _, node in around):
            continue
        span, node = around[0]
        found.append(_Found(_fact(module, node, span, secret, unit.text), hash(node.value)))
    return tuple(found)


def _fact(module: Module, node: ast.Constant, span: Span, secret: Secret, text: str) -> SecretLiteral:
    loc = module.loc(node)
    variable = _variable(secret, text[: span.start])
    inside = secret.kind in _INSIDE
    whole = inside or span.end - span.start - (secret.span.end - secret.span.start) <= 4
    plain = re.fullmatch(r"[rub]?(['\"]).*\1", span.of(text), re.I) is not None
    edits = _read_instead(loc, variable) if whole and plain and variable else ()
    return SecretLiteral(secret.kind, secret.name, loc.at(secret.span), variable, edits)


def _variable(secret: Secret, before: str) -> str:
    """The name of an environment variable for it: what the code calls it, in capitals."""
    if secret.name:
        return re.sub(r"\W+", "_", secret.name).upper()
    assigned = re.search(r"(\w+)\s*(?::\s*str\s*)?=\s*$", before)
    if assigned is not None and assigned.group(1).lower() not in ("con", "url", "uri", "dsn", "conn"):
        return assigned.group(1).upper()
    return "DATABASE_URL" if secret.kind in _INSIDE else ""


_INSIDE: Final = frozenset({"a password in an address", "a password in a connection string"})
"""Secrets that are part of a text which leads to a database: all of it belongs elsewhere."""


def _holds(outer: Span, inner: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _docstrings(statement: ast.stmt) -> list[ast.expr]:
    found: list[ast.expr] = []
    if isinstance(statement, ast.Expr):
        found.append(statement.value)
    for node in nodes_under(statement):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            found.append(body[0].value)
    return found
