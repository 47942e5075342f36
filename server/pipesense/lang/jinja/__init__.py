"""Jinja in other languages: finding tags, and hiding them from a parser that does not know them."""
