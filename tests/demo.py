"""Check examples/ as a user does and compare what is found with examples/expected.json.

    python tests/demo.py [--update]

expected.json: a list of {"path", "line", "rule"}. Every difference is printed as a line of a diff.
Exit code: 0 when the run was as expected, else 1.
"""

from __future__ import annotations

import difflib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXPECTED = ROOT / "examples" / "expected.json"
CHECK = [sys.executable, "-m", "pipesense", "check", "examples"]
FINDINGS = 1  # exit code of a check that found something, and nothing went wrong


def told(findings: list[dict[str, object]]) -> list[str]:
    """One comparable line per finding."""
    return sorted("{path}:{line}: {rule}".format(**finding) for finding in findings)


def main() -> int:
    shown = subprocess.run(CHECK, cwd=ROOT)
    run = subprocess.run([*CHECK, "--format", "json"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    if run.returncode not in (0, FINDINGS) or shown.returncode != run.returncode:
        print(f"\nThe check ended with exit codes {shown.returncode} and {run.returncode}.\n{run.stderr}")
        return 1
    found = [
        {"path": each["path"], "line": each["range"]["start"]["line"], "rule": each["rule"]}
        for each in json.loads(run.stdout)["findings"]
    ]
    if "--update" in sys.argv:
        EXPECTED.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    expected = json.loads(EXPECTED.read_text("utf-8"))
    difference = list(difflib.unified_diff(told(expected), told(found), "expected", "found", n=0, lineterm=""))
    if difference:
        print("\nThe run was not as expected:\n" + "\n".join(difference))
        return 1
    if not found:
        print("\nexamples/ gave no findings at all, so nothing was shown to work.")
        return 1
    print(f"\nAs expected: {len(found)} findings.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
