"""From sqlglot's trees to the facts of ``model.sql``: the only place that knows the parser's shapes."""
