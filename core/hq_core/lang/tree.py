"""The tree of a strategy: what was written, with the place of every part (offsets in the source text)."""

from __future__ import annotations


class Syntax:
    """A piece of source text: start and end offset, and the depth of the expression tree under it."""

    __slots__ = ("depth", "end", "start")

    def __init__(self, start: int, end: int, depth: int = 1) -> None:
        self.start = start
        self.end = end
        self.depth = depth


def size(node: Syntax) -> int:
    """How many nodes an expression's tree has."""
    waiting, found = [node], 0
    while waiting:
        one = waiting.pop()
        found += 1
        for name in type(one).__slots__:
            part = getattr(one, name)
            parts = part if isinstance(part, list) else [part]
            waiting += [each for each in parts if isinstance(each, Syntax)]
    return found


class Number(Syntax):
    """A number; text keeps its spelling."""

    __slots__ = ("text", "value")

    def __init__(self, start: int, end: int, text: str) -> None:
        super().__init__(start, end)
        self.text = text
        self.value = float(text)


class Truth(Syntax):
    """TRUE or FALSE."""

    __slots__ = ("value",)

    def __init__(self, start: int, end: int, value: bool) -> None:
        super().__init__(start, end)
        self.value = value


class Text(Syntax):
    """A quoted text; text keeps its quotes, value is without."""

    __slots__ = ("text", "value")

    def __init__(self, start: int, end: int, text: str) -> None:
        super().__init__(start, end)
        self.text = text
        self.value = text[1:-1]


class Name(Syntax):
    """A name that is read: a parameter, an assigned name or a column."""

    __slots__ = ("name",)

    def __init__(self, start: int, end: int, name: str) -> None:
        super().__init__(start, end)
        self.name = name


class Column(Syntax):
    """`name`: a column whose name may be no word of the language."""

    __slots__ = ("name",)

    def __init__(self, start: int, end: int, name: str) -> None:
        super().__init__(start, end)
        self.name = name


class Argument(Syntax):
    """key=value or a value alone (key is None)."""

    __slots__ = ("key", "value")

    def __init__(self, start: int, end: int, key: Name | None, value: Syntax) -> None:
        super().__init__(start, end, value.depth)
        self.key = key
        self.value = value


class Call(Syntax):
    """FUNCTION(arguments); also IF(...), and an action, whose bare form has no arguments."""

    __slots__ = ("arguments", "function")

    def __init__(self, start: int, end: int, function: Name, arguments: list[Argument]) -> None:
        super().__init__(start, end, 1 + max((argument.depth for argument in arguments), default=0))
        self.function = function
        self.arguments = arguments


class Prefix(Syntax):
    """-x or NOT x."""

    __slots__ = ("operand", "sign")

    def __init__(self, start: int, sign: str, operand: Syntax) -> None:
        super().__init__(start, operand.end, operand.depth + 1)
        self.sign = sign
        self.operand = operand


class Infix(Syntax):
    """left sign right; at and at_end are the sign's own place."""

    __slots__ = ("at", "at_end", "left", "right", "sign")

    def __init__(self, left: Syntax, sign: str, at: int, at_end: int, right: Syntax) -> None:
        super().__init__(left.start, right.end, 1 + max(left.depth, right.depth))
        self.left = left
        self.sign = sign
        self.at = at
        self.at_end = at_end
        self.right = right


class Chain(Syntax):
    """a < b <= c: each comparison holds; the signs with their own places."""

    __slots__ = ("operands", "signs")

    def __init__(self, operands: list[Syntax], signs: list[tuple[str, int, int]]) -> None:
        super().__init__(operands[0].start, operands[-1].end, 1 + max(one.depth for one in operands))
        self.operands = operands
        self.signs = signs


class Member(Syntax):
    """operand IN (choices)"""

    __slots__ = ("choices", "operand")

    def __init__(self, operand: Syntax, choices: list[Number | Text], end: int) -> None:
        super().__init__(operand.start, end, 1 + operand.depth)
        self.operand = operand
        self.choices = choices


class History(Syntax):
    """operand[index]: the value of that many bars ago."""

    __slots__ = ("index", "operand")

    def __init__(self, end: int, operand: Syntax, index: Syntax) -> None:
        super().__init__(operand.start, end, 1 + max(operand.depth, index.depth))
        self.operand = operand
        self.index = index


class Output(Syntax):
    """operand.name: one output of an indicator that has several."""

    __slots__ = ("name", "operand")

    def __init__(self, operand: Syntax, name: Name) -> None:
        super().__init__(operand.start, name.end, operand.depth + 1)
        self.operand = operand
        self.name = name


class Elsewhere(Syntax):
    """operand@reference: read on another clock. symbol, period: empty where the base's own is meant."""

    __slots__ = ("at", "operand", "period", "symbol")

    def __init__(self, operand: Syntax, at: int, end: int, symbol: str, period: str) -> None:
        super().__init__(operand.start, end, operand.depth + 1)
        self.operand = operand
        self.at = at
        self.symbol = symbol
        self.period = period

    @property
    def where(self) -> str:
        """The reference as it stands after '@', without quotes."""
        return ":".join(part for part in (self.symbol, self.period) if part)


class Parameter(Syntax):
    """param name = value in low..high step step, or in (choices)"""

    __slots__ = ("choices", "high", "low", "name", "step", "value")

    def __init__(self, start: int, end: int, name: Name, value: Number | Text) -> None:
        super().__init__(start, end)
        self.name = name
        self.value = value
        self.low: Number | None = None
        self.high: Number | None = None
        self.step: Number | None = None
        self.choices: list[Number | Text] = []


class Assign(Syntax):
    """name = value"""

    __slots__ = ("name", "value")

    def __init__(self, name: Name, value: Syntax) -> None:
        super().__init__(name.start, value.end)
        self.name = name
        self.value = value


class Several(Syntax):
    """names = value: its outputs, in their order"""

    __slots__ = ("names", "value")

    def __init__(self, names: list[Name], value: Syntax) -> None:
        super().__init__(names[0].start, value.end)
        self.names = names
        self.value = value


class Variable(Syntax):
    """VAR name = value SEED seed: the value may read name[1], in whose place the seed stands while there is none."""

    __slots__ = ("name", "seed", "value")

    def __init__(self, start: int, name: Name, value: Syntax, seed: Syntax) -> None:
        super().__init__(start, seed.end)
        self.name = name
        self.value = value
        self.seed = seed


class Function(Syntax):
    """DEF name(parameters) = value"""

    __slots__ = ("name", "parameters", "value")

    def __init__(self, start: int, name: Name, parameters: list[Name], value: Syntax) -> None:
        super().__init__(start, value.end)
        self.name = name
        self.parameters = parameters
        self.value = value


class Use(Syntax):
    """USE "file": its functions"""

    __slots__ = ("file",)

    def __init__(self, start: int, file: Text) -> None:
        super().__init__(start, file.end)
        self.file = file


class Rule(Syntax):
    """IF condition THEN actions ELSE others"""

    __slots__ = ("actions", "condition", "others")

    def __init__(self, start: int, condition: Syntax, actions: list[Call], others: list[Call]) -> None:
        super().__init__(start, (others or actions)[-1].end)
        self.condition = condition
        self.actions = actions
        self.others = others


class Bare(Syntax):
    """An expression alone on its line: allowed, and without effect."""

    __slots__ = ("value",)

    def __init__(self, value: Syntax) -> None:
        super().__init__(value.start, value.end)
        self.value = value


class Program:
    """The statements in file order, and the comments as (start, end) offsets."""

    __slots__ = ("comments", "statements")

    def __init__(self, statements: list[Syntax], comments: list[tuple[int, int]]) -> None:
        self.statements = statements
        self.comments = comments
