"""Google Cloud Workflows: steps in YAML or JSON (https://cloud.google.com/workflows/docs/reference/syntax)."""
