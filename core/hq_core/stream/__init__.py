"""How rows travel: what a stream is, and what drives it."""
