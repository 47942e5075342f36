"""The words that tell Flink SQL from every other."""

from __future__ import annotations

import re
from typing import Final

from pipesense.text.regex import regex

_LOOKED_AT: Final = 20_000
_COMMENT: Final = regex(r"--[^\r\n]*|/\*(?!\+).*?\*/", re.DOTALL)
_SIGNS: Final = (
    ("'connector' =", "CONNECTOR", regex(r"\(\s*(?:'[^'\n]*'\s*=\s*'[^'\n]*'\s*,\s*)*'connector'\s*=", re.I)),
    ("WATERMARK FOR", "WATERMARK", regex(r"[(,]\s*WATERMARK\s+FOR\s+[\w`.]+\s+AS\b", re.I)),
    (
        "a window over DESCRIPTOR",
        "DESCRIPTOR",
        regex(r"\b(?:TUMBLE|HOP|CUMULATE|SESSION)\s*\(\s*(?:DATA\s*=>\s*)?TABLE\b.*?\bDESCRIPTOR\s*\(", re.I | re.S),
    ),
    (
        "a window in GROUP BY",
        "INTERVAL",
        regex(r"\bGROUP\s+BY\b[^;]*\b(?:TUMBLE|HOP|SESSION)\s*\(\s*[\w.`]+\s*,\s*INTERVAL\s*'", re.I),
    ),
    ("a setting of Flink", "'TABLE.EXEC.", regex(r"\bSET\s+'table\.exec\.", re.I)),
    ("a statement set", "STATEMENT SET", regex(r"\b(?:BEGIN|EXECUTE)\s+STATEMENT\s+SET\b", re.I)),
)
_RISINGWAVE: Final = regex(r"\bCREATE\s+(?:SOURCE|SINK|MATERIALIZED\s+VIEW)\b|(?<!')\bconnector\s*=", re.I)


def sign(text: str) -> str:
    """The words by which a statement shows that it is Flink SQL; "" where it shows nothing.

    RisingWave has watermarks of the same form; its options have no quotes around their names.
    """
    upper = text[:_LOOKED_AT].upper()
    if not any(word in upper for _, word, _ in _SIGNS):
        return ""
    code = _COMMENT.sub(" ", text[:_LOOKED_AT])
    if _RISINGWAVE.search(code) is not None:
        return ""
    return next((name for name, word, pattern in _SIGNS if word in upper and pattern.search(code) is not None), "")
