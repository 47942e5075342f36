"""Names of tables and places of data, as Python code spells them."""

from __future__ import annotations

import re
from typing import Final

from pipesense.model.data import LOCAL, DatasetName
from pipesense.text.regex import regex

_PART: Final = regex(r"[\w$@#\- ]+")
_ADDRESS: Final = regex(r"(?P<scheme>[a-z][a-z0-9+.\-]*)://(?P<path>[^?#]+)", re.I)
_PLATFORMS: Final = {"s3a": "s3", "s3n": "s3", "gs": "gcs", "abfs": "azure", "abfss": "azure", "wasbs": "azure"}


def dataset_named(text: object) -> DatasetName | None:
    """The table that a text names ("mart.orders"); None for templates and what is no name."""
    if not isinstance(text, str) or "{" in text:
        return None
    parts = tuple(part for part in re.split(r"[.:]", text.replace("`", "").replace('"', "").lower()) if part)
    return DatasetName(parts) if parts and all(_PART.fullmatch(part) for part in parts) else None


def place_named(text: object) -> DatasetName | None:
    """The folder or file at an address or path ("s3://lake/orders/"), its extension kept; None for templates."""
    if not isinstance(text, str) or not text or "{" in text:
        return None
    found = _ADDRESS.match(text)
    platform = found["scheme"].lower() if found is not None else None
    path = found["path"] if found is not None else text
    parts = tuple(part.lower() for part in path.replace("\\", "/").split("/") if part and part != ".")
    return DatasetName(parts, _PLATFORMS.get(platform, platform) if platform else None) if parts else None


def file_named(text: object) -> DatasetName | None:
    """As ``place_named``, for libraries that take a path without a scheme for a file of their own machine."""
    found = place_named(text)
    return DatasetName(found.parts, LOCAL) if found is not None and found.platform is None else found
