"""PyYAML's loader in Python, for machines without libyaml: it accepts what libyaml accepts.

PyYAML ends a plain word of flow style at a question mark (``scan_plain`` of 6.0), so ``{Next: Done?}`` is refused there;
libyaml since 0.2.3 and YAML 1.2 (7.3.3, ``ns-plain-safe(flow-in)``) take it as part of the word.
"""

from __future__ import annotations

from typing import Any

import yaml


class PureLoader(yaml.SafeLoader):
    """Reads question marks inside of plain words."""

    def scan_plain(self) -> Any:
        """The next plain word."""
        if not self.flow_level:
            return super().scan_plain()
        # The scanner only compares what it peeks at; the text itself is taken by ``prefix``.
        peek = self.peek
        self.peek = lambda index=0: "." if (found := peek(index)) == "?" else found  # type: ignore[method-assign]
        try:
            return super().scan_plain()
        finally:
            self.peek = peek  # type: ignore[method-assign]
