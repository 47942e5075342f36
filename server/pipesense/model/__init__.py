"""The vocabulary of facts that every language and system is lifted into, and that rules are written against.

Frozen dataclasses only: no framework, no parser, no editor protocol.
"""
