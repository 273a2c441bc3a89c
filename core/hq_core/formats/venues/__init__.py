"""What exchanges' websockets say of books and trades, as it was captured: messages to rows, by each venue's rules."""
