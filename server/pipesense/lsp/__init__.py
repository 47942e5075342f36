"""The language server: the engine's findings, hovers and fixes over the Language Server Protocol.

Only this package imports pygls and lsprotocol. ``server.serve`` is the way in.
"""
