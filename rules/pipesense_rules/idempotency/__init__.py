"""Rules about runs that can be repeated."""
