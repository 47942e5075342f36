"""Rules about statements that reach further than meant."""
