"""One file a factor of a pair: declared as factors of books are, found by its name."""
