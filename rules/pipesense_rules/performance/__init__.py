"""Rules about work that costs more than it must."""
