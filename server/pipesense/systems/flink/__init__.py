"""Flink SQL: a reading of its own for what no parser of the language knows."""

from pipesense.systems.flink.read import read_statement
from pipesense.systems.flink.signs import sign
from pipesense.systems.system import SqlSystem

SYSTEM = SqlSystem(name="flink", dialects=("flink",), sign=sign, read_statement=read_statement)
