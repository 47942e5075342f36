"""A Python model: what ``dbt.ref`` and ``dbt.source`` name in it.

https://docs.getdbt.com/docs/build/python-models (1.10).
"""

from __future__ import annotations

import ast

from pipesense.lang.python.nodes import nodes_under
from pipesense.model.dbt import DbtFile, DbtNode, DbtReference, DbtSetting, Dynamic, Setting
from pipesense.model.where import Loc
from pipesense.systems.dbt.sql import Whereabouts
from pipesense.text.span import Span


def read_python(text: str, where: Whereabouts) -> DbtFile:
    """The model that a Python file is; places are the file's start."""
    at = Loc(where.path, 0, Span(0, 0))
    references: list[DbtReference] = []
    settings: list[DbtSetting] = []
    opened = False
    try:
        tree: ast.AST = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        tree, opened = ast.Module([], []), True
    for node in nodes_under(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in ("ref", "source") and isinstance(node.func.value, ast.Name):
            names = tuple(
                each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)
            )
            whole = len(names) == len(node.args)
            opened = opened or not whole
            references.append(DbtReference(node.func.attr, names if whole else (), "", at, at))
        elif node.func.attr == "config":
            for each in node.keywords:
                value: Setting = Dynamic("")
                if isinstance(each.value, ast.Constant) and isinstance(each.value.value, (str, int, float, bool)):
                    value = each.value.value
                settings.append(DbtSetting(each.arg or "**", value, at, at))
    node_made = DbtNode(
        *("model", where.stem, where.path, where.folder, where.package, where.place, "python"),
        tuple(settings),
        tuple(references),
        (),
        opened,
        at,
    )
    return DbtFile(where.path, where.folder, "model", (node_made,), (), (), (), tuple(references))
