"""Quality checks: which ones a table deserves, and how they are written.

Pure functions from the model to the model and to text. A system's writer and the engine use them alike, so
they stand below both.
"""
