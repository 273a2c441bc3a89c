"""Order books in whole ticks: what an event says, the books themselves, and what becomes of them at each event."""
