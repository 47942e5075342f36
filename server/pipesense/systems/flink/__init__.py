"""Flink SQL, in files and in the strings of PyFlink: a reading of its own for what no parser of the language knows."""

from __future__ import annotations

from typing import Final

from pipesense.systems.flink.read import read_statement
from pipesense.systems.flink.signs import sign
from pipesense.systems.system import SqlSystem

SYSTEM: Final = SqlSystem(name="flink", dialects=("flink",), sign=sign, read_statement=read_statement)
