"""YAML: reading with positions, and edits placed by them. Nothing is constructed from tags, nothing is written back."""
