"""JSON with positions: read into the nodes of YAML, of which it is a part, and edited in the file's layout."""
