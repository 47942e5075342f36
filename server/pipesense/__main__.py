"""``pipesense`` and ``python -m pipesense``: brings the two faces together, which know nothing of each other."""

from __future__ import annotations

import sys

from pipesense.cli.main import main as command_line


def _serve(tcp: int | None) -> int:
    from pipesense.lsp.server import serve

    return serve(tcp=tcp)


def main() -> int:
    """Run the command line on the program's arguments and return the exit code."""
    return command_line(sys.argv[1:], _serve)


if __name__ == "__main__":
    sys.exit(main())
