"""PyYAML's loader in Python, for machines without libyaml: it accepts what libyaml accepts.

PyYAML ends a plain word of flow style at a question mark (``scan_plain`` of 6.0), so ``{Next: Done?}`` is refused
there; libyaml 0.2.5 and YAML 1.2 (7.3.3, ``ns-plain-safe(flow-in)``) take it as part of the word.
"""

from __future__ import annotations

from typing import Any

import yaml


def pure_loader(text: str) -> Any:
    """A safe loader of a text that reads question marks inside of plain words."""
    loader: Any = yaml.SafeLoader(text)
    scan, peek = loader.scan_plain, loader.peek

    def other(index: int = 0) -> str:
        found: str = peek(index)
        return "." if found == "?" else found

    def scan_plain() -> Any:
        # The scanner only compares what it peeks at; the text itself is taken by ``prefix``.
        loader.peek = other if loader.flow_level else peek
        try:
            return scan()
        finally:
            loader.peek = peek

    loader.scan_plain = scan_plain
    return loader
