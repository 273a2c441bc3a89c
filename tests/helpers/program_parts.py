"""What programs at random are made of: columns, functions, places, and trees that are changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from slow_language import Node, Rule

COLUMNS = ("open", "high", "low", "close", "volume", "trades")
MORE = {"count4": "i4", "small": "i1", "up": "b1", "odd name": "f8", "venue": "s4"}  # what the base has besides a bar's
TEXTS = ("", "up", "X", "gtc", "1h")  # of venue
REFERENCES = (("", "4h"), ("X", "30m"), ("Y", ""), ("Y", "4h"), ("X", ""), ("X", "4h"))
ZONES = ("UTC", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kolkata", "Asia/Tokyo")
SHORT = (8, 2)  # bits of a column: below 256, quarters
EXACT = 50  # more bits than this are no exact sum
LEVELS = {"OR": 1, "AND": 2, "NOT": 3, "rel": 4, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6, "neg": 7, "^": 8, "post": 9}


class Function(NamedTuple):
    """DEF: `outputs` are its values by name, '' the only one; arguments are Nodes `arg`."""

    name: str
    kinds: list[str]
    keys: list[str]
    outputs: dict[str, Node]
    pure: bool  # reads no name of the file
    across: bool  # has a cross-section, which takes no value that a variable is made of


class Place(NamedTuple):
    """What may stand where an expression is made.

    bare   only columns of the clock that is said behind it; own: a variable that is being made; keys: of a DEF
    """

    bare: bool = False
    own: Node | None = None
    args: tuple[Node, ...] = ()


class Program(NamedTuple):
    text: str
    names: dict[str, Node]  # those that may be kept
    plots: dict[str, Node]
    rules: list[Rule]
    given: dict[str, Any]  # params set from outside
    params: dict[str, list[Any]]  # what each may be set to
    files: dict[str, str]  # those that it uses
    across: bool  # has cross-sections, and so reads nothing with '@'


def more_bits(*bits: tuple[int, int] | None, add: int = 0) -> tuple[int, int] | None:
    """Of the largest of several, or of their sum with `add`."""
    if None in bits or not bits:
        return None
    found = max(one[0] for one in bits if one) + add, max(one[1] for one in bits if one)
    return found if sum(found) <= EXACT else None


def copied(node: Node, change: Callable[[Node], Node | None], known: dict[int, Node]) -> Node:
    """The tree with other nodes where `change` gives one."""
    if id(node) not in known:
        made = change(node)
        if made is None:
            args = tuple(copied(one, change, known) for one in node.args)
            made = Node(node.op, args, node.data, node.kind, node.bits, None, node.text, node.level) if args else node
            if not args or all(one is other for one, other in zip(args, node.args)):
                made = node
        known[id(node)] = made
    return known[id(node)]


def on_other_rows(node: Node, reference: tuple[str, str]) -> Node:
    """What it is where '@reference' stands behind it."""

    def change(one: Node) -> Node | None:
        if one.op in ("col", "time") and one.data[1] is None:
            return Node(one.op, (), (one.data[0], reference, *one.data[2:]), one.kind, one.bits, True)
        return None

    return copied(node, change, {})
