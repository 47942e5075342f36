"""AWS Step Functions: state machines in the Amazon States Language (https://states-language.net/spec.html)."""

from __future__ import annotations

from pipesense.systems.stepfunctions.lift import claims, lift
from pipesense.systems.stepfunctions.write import write
from pipesense.systems.system import DocumentSystem

SYSTEM = DocumentSystem("stepfunctions", claims, lift, write)
