"""The command line's way in. Nothing is imported before it is known to be needed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipesense.cli.options import Options

Serve = Callable[["int | None"], int]
"""Runs the language server on a port, or on standard input and output; returns the exit code."""

MISTAKE = 2
INTERNAL = 3
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None, serve: Serve | None = None) -> int:
    """Run a command and return its exit code. The language server is another package's: ``serve`` starts it."""
    from pipesense.cli.options import parse

    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(options, serve)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Nobody reads any more (| head). What is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception:  # noqa: BLE001 (Python's own exit code for this is 1, which means findings here)
        return _internal_error()


def _run(options: Options, serve: Serve | None) -> int:
    from pipesense.cli.options import CheckOptions, ChecksOptions, ExplainOptions, RulesOptions

    if isinstance(options, CheckOptions):
        from pipesense.cli.check import run

        return run(options)
    if isinstance(options, ChecksOptions):
        from pipesense.cli.checks import run as run_checks

        return run_checks(options)
    if isinstance(options, RulesOptions):
        from pipesense.cli.catalogue import list_rules

        return list_rules(options.format)
    if isinstance(options, ExplainOptions):
        from pipesense.cli.catalogue import explain

        return explain(options.name, all_examples=options.all_examples)
    if serve is None:
        raise RuntimeError("the language server is not part of this program")
    try:
        return serve(options.tcp)
    except OSError as problem:
        from pipesense.cli.terminal import complain

        complain(f"the language server cannot use port {options.tcp}: {problem.strerror or problem}")
        return MISTAKE


def _internal_error() -> int:
    import traceback

    from pipesense.cli.terminal import complain

    complain(f"internal error; please report this.\n{traceback.format_exc().rstrip()}")
    return INTERNAL
