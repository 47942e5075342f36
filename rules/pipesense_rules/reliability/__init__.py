"""Rules about tasks that survive what goes wrong."""
