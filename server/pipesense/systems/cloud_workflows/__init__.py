"""Google Cloud Workflows: steps in YAML or JSON (https://cloud.google.com/workflows/docs/reference/syntax)."""

from __future__ import annotations

from pipesense.systems.cloud_workflows.lift import claims, lift
from pipesense.systems.cloud_workflows.write import write
from pipesense.systems.system import DocumentSystem

SYSTEM = DocumentSystem("cloud_workflows", claims, lift, write)
