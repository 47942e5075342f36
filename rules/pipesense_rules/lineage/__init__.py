"""Rules about names: what refers to what, and whether it is there."""
