"""Rules about how tables are declared and related."""
