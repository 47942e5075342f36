"""Facts as lines of text, so that tests read as tables of SQL and what it says."""

from __future__ import annotations

from pipesense.model.sql import Block, Expr, Join, Output, Source, StatementFacts
from pipesense.text.span import Span


class Shown:
    """Writes facts of one text; every range is shown by the characters it covers."""

    def __init__(self, text: str) -> None:
        self.text = text

    def at(self, span: Span | None) -> str:
        assert span is not None
        assert 0 <= span.start <= span.end <= len(self.text), span
        return f"`{span.of(self.text)}`"

    def exprs(self, exprs: tuple[Expr, ...]) -> str:
        return " ".join(self.at(expr.span) for expr in exprs)

    def source(self, source: Source) -> str:
        name = ".".join(source.parts) or "-"
        return (
            f"{source.kind} {name} as {source.alias or '-'}{' opaque' if source.opaque else ''} {self.at(source.span)}"
        )

    def join(self, join: Join) -> str:
        how = "comma" if join.comma else " ".join(filter(None, (join.side, join.kind, "join")))
        on = f" on {self.exprs(join.on)}" if join.on else ""
        using = f" using {','.join(join.using)}" if join.using else ""
        return f"{how} {'.'.join(join.source.parts) or join.source.kind}{on}{using} {self.at(join.span)}"

    def output(self, output: Output) -> str:
        return f"{output.name or '-'}={output.expr.op} {self.at(output.span)}"

    def block(self, block: Block) -> list[str]:
        lines = [f"depth {block.depth} {self.at(block.keyword)}"]
        lines += [f"out {self.output(output)}" for output in block.outputs]
        lines += [f"from {self.source(source)}" for source in block.sources]
        lines += [self.join(join) for join in block.joins]
        for name in ("where", "group", "having", "qualify", "order"):
            parts = getattr(block, name)
            if parts:
                lines.append(f"{name} {self.exprs(parts)}")
        flags = [name for name in ("limit", "distinct") if getattr(block, name)]
        if flags:
            lines.append(" ".join(flags))
        if block.ctes:
            lines.append(f"ctes {' '.join(cte.name for cte in block.ctes)}")
        if block.holes:
            lines.append(f"holes {' '.join(sorted(clause.value for clause in block.holes))}")
        return lines

    def comparisons(self, facts: StatementFacts) -> list[str]:
        return [
            f"{one.clause.value}: {one.op} {self.at(one.left.span)} {self.at(one.operator)} {self.exprs(one.right)}"
            for one in facts.comparisons
        ]

    def columns(self, facts: StatementFacts) -> list[str]:
        return [
            f"{one.clause.value}: {'.'.join(one.path)} of {one.source or '-'} {self.at(one.span)}"
            for one in facts.columns
        ]

    def write(self, facts: StatementFacts) -> list[str]:
        write = facts.write
        if write is None:
            return []
        lines = [f"{write.verb} {'.'.join(write.target)} {self.at(write.target_span)} {self.at(write.keyword)}"]
        if write.columns:
            lines.append(f"columns {' '.join(write.columns)}")
        if write.guard:
            lines.append(f"guard {write.guard}")
        flags = [name for name in ("filtered", "overwrite", "temporary", "reads_target") if getattr(write, name)]
        if flags:
            lines.append(" ".join(flags))
        if write.where:
            lines.append(f"where {self.exprs(write.where)}")
        if write.alias_like_keyword:
            lines.append(f"typing {write.alias_like_keyword}")
        if write.run_date:
            lines.append("run date " + " ".join(self.at(span) for span in write.run_date))
        if write.holes:
            lines.append(f"holes {' '.join(sorted(clause.value for clause in write.holes))}")
        return lines

    def table(self, facts: StatementFacts) -> list[str]:
        table = facts.table
        if table is None:
            return []
        flags = [
            name for name in ("temporary", "replace", "if_not_exists", "from_query", "closed") if getattr(table, name)
        ]
        lines = [f"{table.kind} {'.'.join(table.parts)} {self.at(table.name_span)} {' '.join(flags)}".rstrip()]
        for column in table.columns:
            words = [name for name in ("primary_key", "unique", "has_default") if getattr(column, name)] + (
                [] if column.nullable else ["not_null"]
            )
            if column.references:
                words.append(f"references {'.'.join(column.references)}")
            if column.inline_foreign_key is not None:
                words.append(f"inline {self.at(column.inline_foreign_key)}")
            lines.append(f"{column.name}: {column.type} {' '.join(words)}".rstrip())
        if table.primary_key:
            lines.append(f"primary key {' '.join(table.primary_key)}")
        lines += [f"unique {' '.join(names)}" for names in table.unique]
        lines += [f"foreign key {' '.join(names)}" for names in table.foreign_keys]
        lines += [f"{name} = {value}" for name, value in table.properties]
        return lines
