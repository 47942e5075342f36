"""Rules about data that was looked at before it is used."""
