"""How a test reads the rows of a table back, through the same database as the code that writes it."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass

from pipesense.lang.python.functions import locate
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.openings import Opening, opening_in


@dataclass(frozen=True, slots=True)
class ReadBack:
    """``imports`` are lines for the head of the test; ``body`` gives all rows in a fixed order."""

    imports: tuple[str, ...]
    body: tuple[str, ...]


def read_back(module: Module, scope: str, table: str, known_as: str) -> ReadBack | None:
    """None where nobody can repeat how the function of that qualified name opens its database.

    Names that the module defines itself are reached through ``known_as``, the test's name for it.
    """
    function = locate(module, scope)
    opening = opening_in(module, function) if function is not None and function.module is module else None
    if opening is None or opening.parameters:
        return None
    imports = _imports(module)
    text, needed = _elsewhere(opening.text, imports, known_as)
    if opening.way == "engine":
        needed.add("from sqlalchemy import text")
    return ReadBack(tuple(sorted(needed)), _body(opening, text, table))


def _body(opening: Opening, text: str, table: str) -> tuple[str, ...]:
    query = f'"SELECT * FROM {table}"'
    match opening.way:
        case "block":
            return (f"with {text} as database:", f"    return sorted(database.fetch_all({query}), key=repr)")
        case "engine":
            rows = f"connection.execute(text({query})).all()"
            return (f"with {text}.connect() as connection:", f"    return sorted({rows}, key=repr)")
        case "cursor":
            return (
                f"with {text} as connection:",
                "    cursor = connection.cursor()",
                f"    cursor.execute({query})",
                "    return sorted(cursor.fetchall(), key=repr)",
            )
        case _:
            rows = f"connection.execute({query}).fetchall()"
            return (f"with {text} as connection:", f"    return sorted({rows}, key=repr)")


def _imports(module: Module) -> dict[str, str]:
    """The lines that import the names of the module's top level, by name."""
    found: dict[str, str] = {}
    for statement in module.body:
        if isinstance(statement, ast.Import):
            for each in statement.names:
                line = f"import {each.name}" + (f" as {each.asname}" if each.asname else "")
                found[each.asname or each.name.partition(".")[0]] = line
        elif isinstance(statement, ast.ImportFrom) and not statement.level:
            for each in statement.names:
                line = f"from {statement.module} import {each.name}" + (f" as {each.asname}" if each.asname else "")
                found[each.asname or each.name] = line
    return found


def _elsewhere(text: str, imports: dict[str, str], known_as: str) -> tuple[str, set[str]]:
    """The expression as another file writes it, and the imports that it needs there."""
    needed: set[str] = set()
    lines = text.split("\n")
    names = [node for node in nodes_under(ast.parse(f"({text})")) if isinstance(node, ast.Name)]
    for node in sorted(names, key=lambda each: (each.lineno, each.col_offset), reverse=True):
        if node.id in imports:
            needed.add(imports[node.id])
        elif not hasattr(builtins, node.id):
            # The parenthesis before the text moves its first line by one.
            at = node.col_offset - (node.lineno == 1)
            line = lines[node.lineno - 1]
            before = line.encode()[:at].decode()
            lines[node.lineno - 1] = f"{before}{known_as}.{line[len(before) :]}"
    return "\n".join(lines), needed
