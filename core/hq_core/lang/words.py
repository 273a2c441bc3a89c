"""What the language has besides indicators: operators, built-in functions, actions, columns."""

from __future__ import annotations

from hq_core.kinds import BAR, SUMS

ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "div"}
RELATIONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
LOGIC = {"AND": "and_", "OR": "or_"}

BUILTINS = {  # name -> (kernel, fewest and most arguments, is the result a condition, what it gives)
    "ABS": ("abs_", 1, 1, False, "size without sign"),
    "MIN": ("min_", 2, 8, False, "the smallest of the values"),
    "MAX": ("max_", 2, 8, False, "the largest of the values"),
    "CROSSOVER": ("crossover", 2, 2, True, "true on the row at which the first value comes to lie above the second"),
    "CROSSUNDER": ("crossunder", 2, 2, True, "true on the row at which the first value comes to lie below the second"),
    "CROSS": ("cross", 2, 2, True, "true on the rows of CROSSOVER and on those of CROSSUNDER"),
}
VECTORS = ("VEC_STORE", "NORMALIZE", "SIMILARITY")

ACTIONS = {  # name -> (name in the output, verbs): the last three are the account's older words
    "BUY": ("BUY", ("open_long", "close_short")),
    "SELL": ("SELL", ("open_short", "close_long")),
    "OPEN_LONG": ("OPEN_LONG", ("open_long",)),
    "CLOSE_LONG": ("CLOSE_LONG", ("close_long",)),
    "OPEN_SHORT": ("OPEN_SHORT", ("open_short",)),
    "CLOSE_SHORT": ("CLOSE_SHORT", ("close_short",)),
    "SELL_LONG": ("CLOSE_LONG", ("close_long",)),
    "SELL_SHORT": ("CLOSE_SHORT", ("close_short",)),
    "BUY_SHORT": ("OPEN_SHORT", ("open_short",)),
}

PRICES = frozenset(BAR.of_unit("price"))
COLUMNS = PRICES | frozenset(SUMS)
TIMES = frozenset(BAR.of_unit("ns"))
