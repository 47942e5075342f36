"""What YAML and JSON files have in common: read into one kind of tree, edited in the manner of the file."""
