"""Write the parts of the documentation that follow from the code: the table of rules in README.md.

python tests/generate_docs.py [--check]
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "server"), str(ROOT / "rules")]

from pipesense.host.rulepacks import load_registry
from pipesense.rule.meta import PILLARS

BEGIN, END = "<!-- rules: begin (python tests/generate_docs.py) -->", "<!-- rules: end -->"


def rules_table() -> str:
    """The table of all bundled rules, in the order of the pillars."""
    registry = load_registry(packs=["pipesense_rules"])
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
    path, text = readme()
    if path.read_text(encoding="utf-8") == text:
        return 0
    if "--check" in sys.argv:
        print(f"{path.name} is not up to date; run: python tests/generate_docs.py")
        return 1
    path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
