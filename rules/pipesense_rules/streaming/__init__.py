"""Rules about streams: time, state and the systems at both ends."""
