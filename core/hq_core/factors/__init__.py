"""One file a factor: declared like an indicator, found by its name."""
