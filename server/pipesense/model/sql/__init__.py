"""Relational facts: what a SQL statement says, without a parser's tree.

Import from here; the modules beside it only sort the facts by subject.
"""

from __future__ import annotations

from pipesense.model.sql.calls import CLOCKS, HASHES, RANDOM
from pipesense.model.sql.command import Argument, Command, Grant, Principal, Setting
from pipesense.model.sql.define import (
    Alter,
    AlterAction,
    CheckDef,
    ColumnChange,
    ColumnDef,
    Create,
    Drop,
    ForeignKeyDef,
    IndexDef,
    TableDef,
)
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
    "CLOCKS",
    "HASHES",
    "RANDOM",
    "Alter",
    "AlterAction",
    "Argument",
    "Block",
    "CheckDef",
    "Clause",
    "ColumnChange",
    "ColumnDef",
    "ColumnUse",
    "Command",
    "Comparison",
    "Create",
    "Cte",
    "Drop",
    "Expr",
    "ForeignKeyDef",
    "Grant",
    "Hole",
    "IndexDef",
    "Join",
    "Merge",
    "MergeBranch",
    "Output",
    "Principal",
    "Role",
    "Script",
    "SetOperation",
    "Setting",
    "Source",
    "Star",
    "Statement",
    "StatementFacts",
    "TableDef",
    "WindowCall",
    "Write",
]
