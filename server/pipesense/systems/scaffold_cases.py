"""The text of a test of what one function makes of its input, for systems whose files are imported like any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_CASES: Final = '''"""What {function} makes of its input."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
{imports}
PROJECT = Path(__file__).resolve().parent{up}
sys.path[:0] = [str(PROJECT{root}), str(PROJECT)]
pipeline = importlib.import_module("{module}")

# One line for each case: what goes in, and what has to come out.
CASES: list[tuple[dict, object]] = [
    # ({arguments}, expected),
]


def test_there_are_cases() -> None:
    assert CASES, "write down what {function} has to make of an input"


@pytest.mark.parametrize(("given", "expected"), CASES)
def test_{function}(given: dict, expected: object) -> None:
    assert pipeline.{call} == expected
'''


def cases(
    up: int,
    root: tuple[str, ...],
    module: str,
    *,
    function: str,
    call: str,
    arguments: Sequence[str],
    imports: Sequence[str] = (),
) -> str:
    """A table of cases; ``call`` is the call of the bare function, ``root`` the folder where imports start."""
    return _CASES.format(
        function=function,
        imports="".join(f"{line}\n" for line in imports),
        up=".parent" * up,
        root="".join(f' / "{part}"' for part in root),
        module=module,
        arguments="{" + ", ".join(f'"{name}": ...' for name in arguments) + "}",
        call=call,
    )
