"""Frames of window functions in words."""

from __future__ import annotations

from sqlglot import exp


def frame_words(spec: exp.Expr | None) -> tuple[str, str, str]:
    """The frame's kind, start and end in lower case; a frame without an end ends at the current row."""
    if spec is None:
        return "", "", ""
    args = spec.args
    return (
        str(args.get("kind") or "").lower(),
        _bound(args.get("start"), args.get("start_side")),
        _bound(args.get("end"), args.get("end_side")) or "current row",
    )


def skips_nulls(call: exp.Expr) -> bool:
    """IGNORE NULLS inside or behind the call's brackets; Spark's ``last_value(x, true)``."""
    if isinstance(call, exp.IgnoreNulls) or isinstance(call.this, exp.IgnoreNulls):
        return True
    return any(isinstance(arg, exp.Boolean) and arg.this for arg in call.args.values())


def _bound(value: object, side: object) -> str:
    if value is None:
        return ""
    text = value.sql() if isinstance(value, exp.Expr) else str(value)
    return f"{text} {side or ''}".strip().lower()
