"""``pipesense`` and ``python -m pipesense``: brings the two faces together, which know nothing of each other."""

from __future__ import annotations

import gc
import sys

from pipesense.cli.main import main as command_line

COLLECT_EVERY = (100_000, 3, 5)
"""The collector's thresholds."""


def _serve(tcp: int | None) -> int:
    from pipesense.lsp.server import serve

    return serve(tcp=tcp)


def main() -> int:
    """Run the command line on the program's arguments and return the exit code."""
    # Analysis makes many objects that stay and little garbage in circles: Python's own thresholds look through what
    # stays so often that it takes a quarter of the time.
    gc.set_threshold(*COLLECT_EVERY)
    return command_line(sys.argv[1:], _serve)


if __name__ == "__main__":
    sys.exit(main())
