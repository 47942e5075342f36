"""Write what follows from the rules' own modules: their index, and the table of rules in README.md.

python tests/generate_docs.py [--check]
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "server"), str(ROOT / "rules")]

from pipesense.rule.meta import CONCERNS, PILLARS
from pipesense.rule.registry import Registry, type_name
from pipesense.rule.rule import Rule

BEGIN, END = "<!-- rules: begin (python tests/generate_docs.py) -->", "<!-- rules: end -->"


def rules() -> Iterator[Rule]:
    """Every rule that has a module and a page beside it, in the order of the pillars."""
    package = ROOT / "rules" / "pipesense_rules"
    for concern in CONCERNS:
        for file in sorted((package / concern).glob("*.py")):
            if file.with_suffix(".md").is_file():
                module = importlib.import_module(f"pipesense_rules.{concern}.{file.stem}")
                yield getattr(module, file.stem)


def index() -> tuple[Path, str]:
    """The index of the rules as it should be: id, scope, whether it is on, and the fact types that it wants."""
    rows = [
        " ".join(
            (
                rule.meta.id,
                rule.meta.scope.value,
                "on" if rule.meta.default else "off",
                *map(type_name, rule.meta.wanted),
            )
        )
        for rule in rules()
    ]
    return ROOT / "rules" / "pipesense_rules" / "index.txt", "\n".join([*rows, ""])


def rules_table() -> str:
    """The table of all bundled rules, in the order of the pillars."""
    import pipesense_rules

    registry = Registry(rules(), pipesense_rules.page, pipesense_rules.pattern)
    rows = ["| rule | what it finds | severity | fix |", "|---|---|---|---|"]
    for pillar, concerns in PILLARS.items():
        found = sorted((rule for rule in registry if rule.meta.concern in concerns), key=lambda rule: rule.meta.id)
        if found:
            rows.append(f"| **{pillar}** | | | |")
        for rule in found:
            page = registry.page(rule.meta.id)
            path = "rules/" + rule.module.replace(".", "/") + ".md"
            severities = sorted({message.severity for message in rule.meta.messages.values()})
            words = ", ".join(severity.word for severity in severities)
            summary = page.summary if page else ""
            rows.append(f"| [{rule.meta.id}]({path}) | {summary} | {words} | {'yes' if rule.fixable else ''} |")
    return "\n".join(rows)


def readme() -> tuple[Path, str]:
    """README.md as it should be."""
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    block = f"{BEGIN}\n{rules_table()}\n{END}"
    return path, re.sub(re.escape(BEGIN) + r".*?" + re.escape(END), lambda _: block, text, flags=re.S)


def main() -> int:
    stale = 0
    for make in (index, readme):
        path, text = make()
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        if "--check" in sys.argv:
            print(f"{path.name} is not up to date; run: python tests/generate_docs.py")
            stale = 1
        else:
            path.write_text(text, encoding="utf-8")
    return stale


if __name__ == "__main__":
    raise SystemExit(main())
