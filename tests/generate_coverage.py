"""Write COVERAGE.md: what works in which system, and the tests that show it. Empty cells are printed as empty.

python tests/generate_coverage.py [--check]

How many written forms are lifted is counted from the collected tests, which rules and fixes reach a system from the
examples on the rules' pages, and what was proven on the real thing from the folders under tests/frameworks.
tests/coverage.toml names the tests; one that does not exist is an error.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "server"), str(ROOT / "rules")]

from pipesense.host.rulepacks import load_registry
from pipesense.rule.page import Example

HEAD = """# Coverage

What PipeSense reads of each system, and the tests that show it. `python tests/generate_coverage.py` writes this page
from the tests themselves; an empty cell is work not done.

- **forms**: different ways of writing something in that system that are lifted into facts, one test each
- **rules**, **fixes**: rules whose pages hold an example of that system, and those that show its fixed form
- **hover**: a test that reads what a hover says there
- **proven on**: the real systems that the fixes and checks were run on

| system | forms | rules | fixes | hover | proven on |
|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class System:
    """One row. ``marks``: a regular expression that examples of the system match, by its text or its file's name."""

    name: str
    forms: tuple[str, ...]
    marks: re.Pattern[str]
    hover: tuple[str, ...]
    proven: Mapping[str, str]

    @staticmethod
    def read(name: str, table: Mapping[str, Any]) -> System:
        return System(
            name,
            tuple(table.get("forms", ())),
            re.compile(table["marks"], re.M),
            tuple(table.get("hover", ())),
            dict(table.get("proven", {})),
        )


def collected(paths: Sequence[str]) -> list[str]:
    """The ids of all tests in some files or folders."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *paths]
    where = os.pathsep.join(str(ROOT / each) for each in ("server", "rules", "tests"))
    ran = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": where}, check=False
    )
    if ran.returncode:
        raise SystemExit(ran.stdout[-2000:] + ran.stderr[-2000:])
    return [line for line in ran.stdout.splitlines() if "::" in line]


def examples() -> Iterator[tuple[str, Sequence[Example]]]:
    """The id of every rule, and the examples of its page."""
    registry = load_registry(packs=["pipesense_rules"])
    for rule in registry:
        page = registry.page(rule.meta.id)
        yield rule.meta.id, page.examples if page is not None else ()


def row(system: System, tests: Counter[str], pages: Sequence[tuple[str, Sequence[Example]]]) -> str:
    """One line of the table."""
    for named in (*system.forms, *system.hover):
        if not tests[named]:
            raise SystemExit(f"tests/coverage.toml: {system.name}: there is no test {named}")
    forms = sum(tests[named] for named in system.forms)

    def speaking(verdict: str) -> int:
        return sum(
            any(each.verdict == verdict and system.marks.search(f"{each.file}\n{each.text}") for each in several)
            for _, several in pages
        )

    rules, fixes = speaking("invalid"), speaking("fixed")
    places = dict.fromkeys(named.partition("::")[0] for named in system.hover)
    hover = ", ".join(f"[{place.rpartition('/')[2]}]({place})" for place in places)
    for folder in system.proven.values():
        if not (ROOT / folder).is_dir():
            raise SystemExit(f"tests/coverage.toml: {system.name}: there is no folder {folder}")
    proven = ", ".join(f"[{what}]({folder})" for what, folder in system.proven.items())
    counted = f"[{forms}]({system.forms[0].partition('::')[0]})" if forms else ""
    return f"| {system.name} | {counted} | {rules or ''} | {fixes or ''} | {hover} | {proven} |"


def page() -> str:
    """COVERAGE.md as it should be."""
    table = tomllib.loads((ROOT / "tests" / "coverage.toml").read_text(encoding="utf-8"))
    systems = [System.read(name, each) for name, each in table.items()]
    files = sorted({named.partition("::")[0] for each in systems for named in (*each.forms, *each.hover)})
    tests = Counter(each.partition("[")[0] for each in collected(files))
    pages = list(examples())
    return HEAD + "\n".join(row(each, tests, pages) for each in systems) + "\n"


def main() -> int:
    path, text = ROOT / "COVERAGE.md", page()
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return 0
    if "--check" in sys.argv:
        print("COVERAGE.md is not up to date; run: python tests/generate_coverage.py")
        return 1
    path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
