"""When a source counts as stale. https://docs.getdbt.com/reference/resource-properties/freshness (1.10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pipesense.lang.yaml.nodes import Mapping, Node, Scalar
from pipesense.model.dbt import Freshness
from pipesense.model.where import Loc
from pipesense.text.span import Span

HOURS: Final = {"minute": 1 / 60, "hour": 1.0, "day": 24.0}


def freshness(node: Mapping, locate: Callable[[Span], Loc]) -> Freshness | bool | None:
    """The thresholds of a source or table; False where it opts out, None where it says nothing."""
    config = node.get("config")
    entry = config.entry("freshness") if isinstance(config, Mapping) else None
    if entry is None:
        entry = node.entry("freshness")
    if entry is None:
        return None
    value = entry.value
    if isinstance(value, Scalar):
        return False if value.is_null else None
    if not isinstance(value, Mapping):
        return Freshness(None, None)
    wrong: list[tuple[str, Loc]] = []
    warn = _hours(value.get("warn_after"), wrong, locate)
    error = _hours(value.get("error_after"), wrong, locate)
    return Freshness(
        warn[0],
        error[0],
        warn[1],
        error[1],
        warn[2],
        error[2],
        tuple(wrong),
    )


def loaded_at(node: Mapping) -> str:
    """The key that says when rows were loaded, "both" for both."""
    config = node.get("config")
    places = [node, *([config] if isinstance(config, Mapping) else [])]
    found = {key for place in places for key in ("loaded_at_field", "loaded_at_query") if place.get(key) is not None}
    return "both" if len(found) == 2 else next(iter(found), "")


def _hours(
    node: Node | None, wrong: list[tuple[str, Loc]], locate: Callable[[Span], Loc]
) -> tuple[float | None, Loc | None, str]:
    if not isinstance(node, Mapping):
        return None, None, ""
    count, period = node.get("count"), node.get("period")
    if isinstance(period, Scalar) and not period.template and "{{" not in period.text and period.text not in HOURS:
        wrong.append((period.text, locate(period.span)))
    if not isinstance(count, Scalar) or not isinstance(period, Scalar) or period.text not in HOURS:
        return None, locate(node.span), ""
    if type(count.value) not in (int, float):
        return None, locate(node.span), ""
    hours = float(count.text) * HOURS[period.text]
    return hours, locate(node.span), f"{count.text} {period.text}{'s' if count.text != '1' else ''}"
