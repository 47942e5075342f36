"""What the documentation says of the rules follows from the rules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_generated_parts_are_up_to_date() -> None:
    script = Path(__file__).parent.parent / "generate_docs.py"
    found = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_page_of_what_is_covered_is_up_to_date() -> None:
    script = Path(__file__).parent.parent / "generate_coverage.py"
    found = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
