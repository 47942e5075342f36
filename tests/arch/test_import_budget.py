"""What a start may cost: heavy packages are loaded when they are needed, and not before."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("pygls", "lsprotocol", "sqlglot")

BUDGETS = [
    ("pipesense --version", ["--version"], (*HEAVY, "rich", "pathspec", "pipesense.engine", "pipesense_rules")),
    ("pipesense --help", ["--help"], (*HEAVY, "rich", "pathspec", "pipesense.engine", "pipesense_rules")),
    ("pipesense rules", ["rules"], (*HEAVY, "rich", "pipesense.engine.workspace")),
    ("pipesense explain", ["explain", "reliability/no-retries"], (*HEAVY, "rich", "pipesense.engine.workspace")),
]

IMPORTS = [
    ("pipesense.cli.main", (*HEAVY, "rich", "pipesense.engine", "pipesense_rules")),
    ("pipesense.cli.check", (*HEAVY, "rich", "pathspec", "pipesense_rules")),
    ("pipesense.__main__", (*HEAVY, "rich", "pipesense.engine", "pipesense_rules")),
    ("pipesense_rules", HEAVY),
    ("pipesense.engine.workspace", HEAVY),
    ("pipesense.host.rulepacks", HEAVY),
]


def loaded_after(code: str) -> set[str]:
    """Everything in sys.modules after some code ran in a fresh interpreter."""
    report = "import sys; print('LOADED', *sys.modules, file=sys.stderr)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    ran = subprocess.run([sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, env=environment)
    assert "LOADED" in ran.stderr, ran.stderr
    return set(ran.stderr.partition("LOADED ")[2].split())


def over_budget(modules: set[str], forbidden: tuple[str, ...]) -> list[str]:
    return sorted(name for name in modules if any(name == each or name.startswith(each + ".") for each in forbidden))


@pytest.mark.parametrize(("arguments", "forbidden"), [row[1:] for row in BUDGETS], ids=[row[0] for row in BUDGETS])
def test_command(arguments: list[str], forbidden: tuple[str, ...]) -> None:
    run = f"from pipesense.cli.main import main\ntry:\n    main({arguments!r})\nexcept SystemExit:\n    pass"
    assert over_budget(loaded_after(run), forbidden) == []


@pytest.mark.parametrize(("module", "forbidden"), IMPORTS)
def test_import(module: str, forbidden: tuple[str, ...]) -> None:
    assert over_budget(loaded_after(f"import {module}"), forbidden) == []


def test_every_rule_can_be_loaded_without_a_parser() -> None:
    run = "from pipesense.host.rulepacks import load_registry\nassert len(list(load_registry())) > 0"
    assert over_budget(loaded_after(run), HEAVY) == []


def test_a_rule_is_imported_when_a_fact_that_it_wants_turns_up() -> None:
    run = (
        "from pipesense.host.rulepacks import load_registry\n"
        "from pipesense.model.flow import Pipeline\nfrom pipesense.rule.meta import Scope\n"
        "registry = load_registry()\n{}"
    )
    asked = "assert registry.wanting(Scope.FILE, Pipeline)"
    rules = ("pipesense_rules.reliability", "pipesense_rules.correctness")
    assert over_budget(loaded_after(run.format("")), rules) == []
    found = over_budget(loaded_after(run.format(asked)), rules)
    assert "pipesense_rules.reliability.no_retries" in found
    assert "pipesense_rules.correctness.equals_null" not in found


def compiled_when_imported(tree: ast.Module) -> list[int]:
    """The lines of a module that compile a pattern of text while it is imported."""
    todo: list[ast.AST] = list(tree.body)
    lines: list[int] = []
    while todo:
        node = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile":
            pattern = node.args[0]
            if not (isinstance(pattern, ast.Constant) and isinstance(pattern.value, bytes)):
                lines.append(node.lineno)
        todo += ast.iter_child_nodes(node)
    return lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("import re\nX = re.compile('a')\n", [2]),
        ("class A:\n    x = [re.compile('a')]\n", [2]),
        ("X = re.compile(b'a')\n", []),
        ("def f():\n    return re.compile('a')\n", []),
    ],
)
def test_what_counts_as_compiled_when_imported(text: str, lines: list[int]) -> None:
    assert compiled_when_imported(ast.parse(text)) == lines


@pytest.mark.parametrize("folder", ["server/pipesense", "rules/pipesense_rules"])
def test_patterns_are_compiled_when_they_are_used(folder: str) -> None:
    """``regex()`` of pipesense/text/regex.py instead: most patterns are never asked in the run that defines them."""
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line in compiled_when_imported(ast.parse(path.read_text("utf-8")))
    ]
    assert found == []
