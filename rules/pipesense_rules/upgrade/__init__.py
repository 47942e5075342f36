"""Rules about names that newer versions gave up."""
