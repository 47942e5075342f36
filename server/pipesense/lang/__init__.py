"""One folder per language: cut into units, parse, resolve, lift what belongs to the language itself."""
