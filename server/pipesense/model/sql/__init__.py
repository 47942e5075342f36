"""Relational facts: what a SQL statement says, without a parser's tree.

Import from here; the modules beside it only sort the facts by subject.
"""

from __future__ import annotations

from pipesense.model.sql.define import CheckDef, ColumnChange, ColumnDef, ForeignKeyDef, TableDef
from pipesense.model.sql.query import (
    Block,
    Clause,
    ColumnUse,
    Comparison,
    Cte,
    Expr,
    Join,
    Output,
    Role,
    SetOperation,
    Source,
    Star,
    WindowCall,
)
from pipesense.model.sql.statement import Hole, Script, Statement, StatementFacts
from pipesense.model.sql.write import Merge, MergeBranch, Write

__all__ = [
    "Block",
    "CheckDef",
    "Clause",
    "ColumnChange",
    "ColumnDef",
    "ColumnUse",
    "Comparison",
    "Cte",
    "Expr",
    "ForeignKeyDef",
    "Hole",
    "Join",
    "Merge",
    "MergeBranch",
    "Output",
    "Role",
    "Script",
    "SetOperation",
    "Source",
    "Star",
    "Statement",
    "StatementFacts",
    "TableDef",
    "WindowCall",
    "Write",
]
