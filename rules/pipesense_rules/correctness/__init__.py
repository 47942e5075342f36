"""Rules about results that are wrong whatever the input."""
