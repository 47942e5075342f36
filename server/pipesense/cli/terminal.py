"""What the output goes to: its colours, its width, its encoding."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO


def wants_colour(stream: TextIO) -> bool:
    """Whether text for a stream may be coloured (https://no-color.org, https://force-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width_of(stream: TextIO) -> int | None:
    """The columns of a terminal; None for a file or a pipe, whose lines are never wrapped."""
    return max(40, shutil.get_terminal_size().columns) if stream.isatty() else None


def put(text: str, stream: TextIO | None = None, *, encoding: str | None = None) -> None:
    """Write text; characters that the stream's encoding lacks are written as escapes.

    Raises:
        BrokenPipeError: nobody reads any more.
    """
    stream = stream or sys.stdout
    name = encoding or stream.encoding or "utf-8"
    data = text.encode(name, "backslashreplace")
    buffer = getattr(stream, "buffer", None)
    if buffer is None:
        stream.write(data.decode(name))
        stream.flush()
        return
    stream.flush()
    buffer.write(data)
    buffer.flush()


def complain(text: str) -> None:
    """Write a line to standard error."""
    put(f"pipesense: {text}\n", sys.stderr)


Progress = Callable[[int, int], None]


@contextmanager
def progress_bar(words: str) -> Iterator[Progress | None]:
    """A progress bar on standard error where that is a terminal; None where it is not."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    console = Console(stderr=True, no_color=not wants_colour(sys.stderr))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(words, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
