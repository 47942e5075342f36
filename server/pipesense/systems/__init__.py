"""One folder per system: how its syntax becomes facts, and how a change becomes its syntax."""
