"""The process that started the server: when it ends without a word, so does the server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Final

PAUSE_SECONDS: Final = 3.0


def is_alive(process: int) -> bool:
    """Whether a process of that number runs on this machine."""
    if process <= 0:
        return False
    if os.name == "nt":
        return _is_alive_on_windows(process)
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _is_alive_on_windows(process: int) -> bool:
    import ctypes

    synchronize, still_running = 0x00100000, 0x00000102
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    handle = kernel.OpenProcess(synchronize, False, process)
    if not handle:
        return False
    try:
        return bool(kernel.WaitForSingleObject(handle, 0) == still_running)
    finally:
        kernel.CloseHandle(handle)


async def watch(
    process: int,
    gone: Callable[[], None],
    *,
    alive: Callable[[int], bool] = is_alive,
    pause: float = PAUSE_SECONDS,
) -> None:
    """Call ``gone`` when the process has ended; ask every ``pause`` seconds."""
    while alive(process):
        await asyncio.sleep(pause)
    gone()
