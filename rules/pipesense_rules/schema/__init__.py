"""Rules about the shape of data: columns, their order and their names."""
