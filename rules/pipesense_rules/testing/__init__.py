"""Rules about tests of pipelines."""
