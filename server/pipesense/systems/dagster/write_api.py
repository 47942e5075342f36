"""Writes obsolete arguments of Dagster in today's spelling."""

from __future__ import annotations

import ast

from pipesense.lang.python.edit import add_imports, quote
from pipesense.lang.python.module import Module
from pipesense.model.change import Refusal, Replace
from pipesense.model.code import ObsoleteUse


def use_new_api(use: ObsoleteUse, module: Module) -> tuple[Replace, ...] | Refusal:
    """The replacements for one obsolete use."""
    word = next(
        (
            word
            for site in module.calls()
            for word in site.node.keywords
            if word.arg is not None and module.loc(word) == use.loc
        ),
        None,
    )
    if word is None or use.fix is None:
        return Refusal(f"{use.what} is no longer where it was.")
    kind, _, rest = use.fix.partition(" ")
    if kind == "rename":
        return (_spelled(module, word, rest, module.text_of(word.value)),)
    if kind == "kinds":
        return (_spelled(module, word, "kinds", "{" + quote(module, rest, word.value) + "}"),)
    names, imports = add_imports(module, ("AutomationCondition",), "dagster")
    return (_spelled(module, word, "automation_condition", f"{names['AutomationCondition']}.eager()"), *imports)


def _spelled(module: Module, word: ast.keyword, name: str, value: str) -> Replace:
    return Replace(module.loc(word), f"{name}={value}")
