"""What becomes of the body of an answer: whether it is read as something that the page of an error is not."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Final

from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.text.regex import regex

_PARSERS: Final = frozenset(
    {
        *("json.loads", "orjson.loads", "ujson.loads", "simplejson.loads", "xmltodict.parse", "zipfile.ZipFile"),
        *(
            "xml.etree.ElementTree.fromstring",
            "defusedxml.ElementTree.fromstring",
            "lxml.etree.fromstring",
            "gzip.decompress",
            "gzip.GzipFile",
        ),
        *("pandas.read_excel", "pandas.read_json", "pandas.read_parquet", "tarfile.open", "fastavro.reader"),
        *("yaml.safe_load", "yaml.load", "tomllib.loads", "toml.loads"),
    }
)
"""Functions that refuse what is not in their format, as the page of an error is not."""
_UNPACKS: Final = regex(r"\b(?:ZipFile|is_zipfile|unpack_archive|tarfile\.open|gzip\.open)\(")
"""Code that unpacks what was downloaded, which fails for the page of an error."""
_NUMBERS: Final = frozenset({"builtins.int", "builtins.float", "decimal.Decimal"})


def refused(module: Module, scope: ast.AST, text: str, bodies: Sequence[ast.Attribute]) -> bool:
    """Whether the body is read as a format, or a piece of it as a number, that the page of an error is not.

    ``text`` is that of the function; ``bodies`` are the places where it reads the body.
    """
    if _UNPACKS.search(text):
        return True
    every = nodes_under(scope)
    assigned = [inner for inner in every if isinstance(inner, ast.Assign)]
    names = _bound_to(assigned, bodies, frozenset())
    calls = [inner for inner in every if isinstance(inner, ast.Call)]
    return any(
        bool(_PARSERS & set(module.qualified(call.func)))
        for call in calls
        for given in (*call.args[:1], *(word.value for word in call.keywords if word.arg == "fileobj"))
        for part in nodes_under(given)
        if part in bodies or (isinstance(part, ast.Name) and part.id in names)
    ) or _reads_number(module, calls, _bound_to(assigned, bodies, names))


def _reads_number(module: Module, calls: Sequence[ast.Call], pieces: frozenset[str]) -> bool:
    return any(
        not _NUMBERS.isdisjoint(module.qualified(call.func))
        for call in calls
        if len(call.args) == 1 and isinstance(call.args[0], ast.Name) and call.args[0].id in pieces
    )


def _bound_to(assigned: Sequence[ast.Assign], bodies: Sequence[ast.Attribute], names: frozenset[str]) -> frozenset[str]:
    """The names that are bound to something with one of the bodies in it, or with one of ``names``."""
    found = set(names)
    for each in assigned:
        parts = nodes_under(each.value)
        if any(part in bodies or (isinstance(part, ast.Name) and part.id in names) for part in parts):
            found |= {target.id for target in each.targets if isinstance(target, ast.Name)}
    return frozenset(found)
