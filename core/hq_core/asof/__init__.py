"""What hq-asof is made of: the rows that are joined, the rows that wait for them, and which belongs to which."""
