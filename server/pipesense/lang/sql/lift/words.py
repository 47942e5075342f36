"""The words that start statements, sorted by what is to be done with the statement."""

from __future__ import annotations

from typing import Final

from sqlglot import exp


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


UTILITIES: Final = _words(
    """
    cluster reindex vacuum analyze lock listen notify unlisten checkpoint call discard security reset prepare
    deallocate fetch close open explain grant revoke deny set show use print raise return comment refresh optimize
    msck restore dbcc exec execute kill load list remove put get undrop
    """
)
"""Statements that say nothing of rows or columns."""

PROCEDURAL: Final = _words(
    """
    if for while loop repeat begin case
    """
)
"""Words that start a block of procedural SQL."""

COMMANDS: Final = _words(
    """
    vacuum optimize call execute exec msck show explain reset lock notify listen unlisten do begin end start
    savepoint release prepare deallocate declare fetch close open checkpoint discard refresh reindex cluster grant
    revoke deny list ls remove rm put get undrop unset set if while for loop repeat case return raise leave break
    continue iterate let print go use alter comment load import export unload install attach detach pragma analyze
    restore backup dbcc waitfor throw rename assert clear add purge security fsck generate apply kill truncate
    rollback commit abort inspect cancel warn delimiter source handler flush exchange
    """
)
"""Words that start statements which the parser keeps as plain text."""

OBJECTS: Final = _words(
    """
    task stream pipe stage warehouse role user group extension procedure proc function trigger policy type domain
    server database schema sequence tablespace publication subscription aggregate operator cast rule event login
    language statistics foreign network masking row share storage integration catalog connection model reservation
    assignment capacity search vector secret notification api file resource monitor alert tag session streamlit
    semantic index package synonym library macro partition access collation default owned application compute
    service image git external volume profile recipient flow text conversion transform outline repository snapshot
    assembly certificate key
    """
)
"""What CREATE and DROP may name beside tables and views."""

ACCEPTED: Final = (
    *(exp.Query, exp.DML, exp.DDL, exp.Set, exp.Use, exp.Transaction, exp.Commit, exp.Rollback, exp.Drop),
    *(exp.Alter, exp.TruncateTable, exp.Copy, exp.Merge, exp.Grant, exp.Revoke, exp.Describe, exp.Show),
    *(exp.Analyze, exp.Comment, exp.Declare, exp.Pragma, exp.Kill, exp.LoadData, exp.Cache, exp.Uncache),
    *(exp.Refresh, exp.Attach, exp.Detach, exp.Values, exp.Summarize, exp.Export, exp.Put, exp.Get),
    exp.Create,
)
"""Trees that are statements; everything else is an expression that happened to parse."""
