"""Strategies that are classes of Python: what the language cannot say.

load.py       a class out of a file, what it declares, its numbers as params
given.py      what it is given: a row, the rows before, a context to ask in
actions.py    what it gives back: words and dicts, as orders
running.py    an instance on one series
orders.py     the orders of all of them at a batch of rows, beside those of the language's rules
"""
