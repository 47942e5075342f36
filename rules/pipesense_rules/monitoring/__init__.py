"""Rules about knowing how a pipeline and its data are doing."""
