from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lsp.wire import PROBE, Wire

Start = Callable[..., Wire]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts server processes and sees that none outlives the test."""
    running: list[Wire] = []

    def begin(command: tuple[str, ...] = PROBE, **more: Any) -> Wire:
        running.append(Wire(command, **more))
        return running[-1]

    yield begin
    for wire in running:
        wire.kill()
