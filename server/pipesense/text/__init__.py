"""Text: buffers, lines, ranges, edits, source maps and position encodings. Nothing but the standard library."""
