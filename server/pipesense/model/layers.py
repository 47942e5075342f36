"""The layers of the medallion architecture, told from the names of schemas, catalogues and folders.

https://docs.databricks.com/aws/en/lakehouse/medallion: bronze as it came, silver cleaned, gold for those who use it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from pipesense.model.data import DatasetName
from pipesense.text.regex import regex

MEDALLION: Final = ("bronze", "silver", "gold")
"""From raw to ready, in the order in which data may flow."""
_BESIDE: Final = regex(r"(?:.*[_-])?(?P<layer>bronze|silver|gold)|(?P<first>bronze|silver|gold)[_-].*")

RANKS: Final = {
    **dict.fromkeys(("raw", "bronze"), 0),
    **dict.fromkeys(("staging", "intermediate", "silver"), 1),
    **dict.fromkeys(("mart", "gold"), 2),
}
"""Where each word of a configuration stands in MEDALLION; what is staged lies between what came and what is used."""
_LONGEST: Final = 3
"""Parts of a table's name."""


class Layered(NamedTuple):
    """Where a dataset stands: ``rank`` in MEDALLION, and the part of its name that says it."""

    rank: int
    by: str

    @property
    def word(self) -> str:
        """The layer's name."""
        return MEDALLION[self.rank]


def medallion_layer(dataset: DatasetName, configured: Mapping[str, str] | None = None) -> Layered | None:
    """The layer that a schema, catalogue or folder names; the table's own name says nothing, and two layers neither.

    ``sales_gold.orders``, ``bronze.crm.leads``, ``s3://lake/silver/orders``. What ``configured`` says counts first:
    names of schemas, catalogues, buckets and folders, or their beginnings with ``_``, and the words of ``RANKS``.
    """
    found = {layered.rank: layered for layered in _configured(dataset, configured)} if configured else {}
    if not found:
        found = {layered.rank: layered for layered in _named(dataset)}
    return next(iter(found.values())) if len(found) == 1 else None


def _configured(dataset: DatasetName, configured: Mapping[str, str]) -> Iterator[Layered]:
    for part in dataset.parts[:-1]:
        folded = part.lower()
        for key, word in configured.items():
            said = key.lower()
            if word in RANKS and (folded == said or (said.endswith("_") and folded.startswith(said))):
                yield Layered(RANKS[word], part)


def _named(dataset: DatasetName) -> Iterator[Layered]:
    # Folders are called by the layer and nothing else; gold_prices may be what is traded.
    is_path = dataset.platform is not None or len(dataset.parts) > _LONGEST
    for part in dataset.parts[:-1]:
        match = _BESIDE.fullmatch(part) if not is_path or part in MEDALLION else None
        if match is not None:
            yield Layered(MEDALLION.index(match["layer"] or match["first"]), part)
