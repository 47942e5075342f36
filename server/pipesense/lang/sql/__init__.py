"""SQL: cutting scripts into statements, and lifting each statement to the facts of ``model.sql``."""
