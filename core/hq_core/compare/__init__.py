"""Where two columns or two maps differ, and by how much."""
