"""Python files: cutting, parsing, linking names and constants, strings, effects and small edits. Only ``ast``."""
