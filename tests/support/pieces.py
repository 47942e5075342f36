"""What is typed into documents in JSON and YAML by tests that edit them at random."""

from __future__ import annotations

from typing import Final

PIECES: Final = (*'"{}[,:\n', "  ", "- ", "# x", "&a ", "*a", "|\n")
