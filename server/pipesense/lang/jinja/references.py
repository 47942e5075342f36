"""dbt's names for tables: ``{{ ref('orders') }}`` and ``{{ source('raw', 'orders') }}``.

https://docs.getdbt.com/reference/dbt-jinja-functions/ref and .../source (dbt 1.8).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_QUOTED: Final = r"""['"]([^'"{}]+)['"]"""
_REF: Final = re.compile(rf"\{{\{{-?\s*(?:builtins\.)?ref\(\s*{_QUOTED}\s*(?:,\s*{_QUOTED}\s*)?\)\s*-?\}}\}}")
_SOURCE: Final = re.compile(rf"\{{\{{-?\s*(?:builtins\.)?source\(\s*{_QUOTED}\s*,\s*{_QUOTED}\s*\)\s*-?\}}\}}")


class Reference(NamedTuple):
    """A table by dbt's names: ``kind`` is "ref" or "source"; ``group`` a package or the source's name, or ""."""

    kind: str
    group: str
    name: str


def reference(text: str) -> Reference | None:
    """What a whole tag names; None for other tags and for names that are made up when it runs.

    A reference to one version of a model (``v=2``) is none: its file has another name.
    """
    match = _REF.fullmatch(text)
    if match is not None:
        return Reference("ref", match[1] if match[2] else "", match[2] or match[1])
    match = _SOURCE.fullmatch(text)
    return Reference("source", match[1], match[2]) if match is not None else None
