"""Whole strategies at random: their text, and the tree that slow_language.py gives a meaning to.

Every construct that is used is counted in `Maker.seen`, by the names that `constructs` lists.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from slow_across import OF_GROUP
from slow_language import PRICES, VERBS, Action, Node, Rule

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


class Maker:
    """Makes one program after another."""

    METAS = {"n": "a number", "b": "a condition", "t": "a text", "w": "a time"}

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.seen: Counter[str] = Counter()
        self._used = 0  # files so far: each has a name of its own

    # -- words -------------------------------------------------------------------------------------------
    def hit(self, *names: str) -> None:
        self.seen.update(names)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def cased(self, word: str) -> str:
        return self.rng.choice((word.upper(), word.upper(), word.lower(), word.capitalize()))

    def pad(self) -> str:
        return self.rng.choice((" ", " ", " ", "", "  "))

    def at(self, node: Node, need: int) -> str:
        """Its text where only what binds at least so tightly may stand."""
        return f"({self.pad()}{node.text})" if node.level < need or self.chance(0.07) else node.text

    def listed(self, parts: list[str]) -> str:
        trailing = "," if parts and self.chance(0.05) else ""
        gap = self.rng.choice((", ", ",", ",\n   ")) if self.chance(0.2) else ", "
        return gap.join(parts) + trailing

    def called(self, word: str, *args: str) -> str:
        return f"{self.cased(word)}({self.listed(list(args))})"

    # -- programs ----------------------------------------------------------------------------------------
    def program(self) -> Program:
        rng = self.rng
        self.lines: list[str] = []
        self.numbers: list[Node] = []  # named values
        self.conditions: list[Node] = []
        self.several: list[dict[str, Node]] = []  # named values with outputs
        self.functions: list[Function] = []
        self.settings: list[Node] = []  # params that are numbers
        self.texts: list[Node] = []
        self.kept: dict[str, Node] = {}
        self.params: dict[str, list[Any]] = {}
        self.given: dict[str, Any] = {}
        self.files: dict[str, str] = {}
        plots: dict[str, Node] = {}
        self.count = 0
        self.across, self.crossed = self.chance(0.2), 0  # whether it may have cross-sections; how many it has
        for _ in range(rng.randint(0, 2)):
            self._param()
        for _ in range(rng.randint(2, 6)):
            self._comment()
            makers = (self._name, self._variable, self._function, self._several, self._use)
            rng.choices(makers, (12, 9, 6, 3, 1))[0]()
        for _ in range(rng.randint(0, 2)):
            plots |= self._plot()
        if self.chance(0.1):
            self.hit("bare expression")
            self.lines.append(self.condition(1, Place()).text)
        if self.across and not self.crossed:
            self._named_as(self._cross(1, Place()))
        rules = [self._rule() for _ in range(rng.randint(1, 3))]
        self._comment()
        end = "\n" if self.chance(0.8) else ""
        return Program(
            "\n".join(self.lines) + end, self.kept, plots, rules, self.given, self.params, self.files, self.across
        )

    def new(self, stem: str) -> str:
        self.count += 1
        if self.chance(0.03):
            self.hit("soft keyword as a name")
            stem = self.rng.choice(("step", "seed", "var", "use", "Def", "wert", "价"))
        return f"{stem}{self.count}"

    def _comment(self) -> None:
        if self.chance(0.2):
            self.hit("comment")
            self.lines.append(self.rng.choice(("# note", "// note", "", "   ", "#", "\t// IF x THEN")))

    def _param(self) -> None:
        rng, name = self.rng, self.new("p")
        if self.chance(0.35):
            self.hit("param text")
            values: list[Any] = ["gtc", "ioc", "fok"]
            value = rng.choice(values)
            self.lines.append(f'{self.cased("param")} {name} = "{value}" in ("gtc", \'ioc\', "fok")')
            self.texts.append(Node("param", (), (name, value), "t", series=False, text=name))
        else:
            value, values = float(rng.randint(2, 4)), [2.0, 3.0, 4.0]
            bounds = rng.choice(
                ("", " in 2..4", " in 1..4 step 1", " IN (2, 3, 4)", " in .5..4.5 Step 0.5", " in -1..9")
            )
            self.hit(
                "param number",
                f"param{bounds.lower()[:6].rstrip('-.1248')}",
                *(["param step"] if "tep" in bounds else []),
            )
            self.lines.append(f"{self.cased('param')} {name}={value:g}{bounds}")
            self.settings.append(Node("param", (), (name, value), "n", (3, 0), False, name))
        self.params[name] = values
        if self.chance(0.5):
            self.hit("param set from outside")
            self.given[name] = rng.choice(values)

    def _named(self, name: str, node: Node) -> None:
        made = node.under(name) if node.op != "var" else node
        (self.numbers if node.kind == "n" else self.conditions).append(made)
        self.kept[name] = made

    def any_value(self, depth: int, place: Place) -> Node:
        return self.number(depth, place) if self.chance(0.6) else self.condition(depth, place)

    def _name(self) -> None:
        self._named_as(self.any_value(3, Place()))

    def _named_as(self, node: Node) -> None:
        name = self.new("n")
        self.hit("assignment")
        self.lines.append(f"{name}{self.pad()}={self.pad()}{node.text}")
        self._named(name, node)

    def _variable(self) -> None:
        name, rng = self.new("v"), self.rng
        if self.chance(0.3):  # a sum of what is short, so that sums of it are exact
            step = self.short(Place())
            start = self.literal()
            var = Node("var", (), None, "n", more_bits(step.bits, start.bits, add=7), True, name)
            own = self._own(var, 1, name)
            value = Node("+", (own, step), None, "n", None, True, f"{own.text} + {self.at(step, 6)}", 5)
            seed = start
        else:
            seed = self.any_value(1, Place())
            var = Node("var", (), None, seed.kind, None, True, name)
            make = self.number if seed.kind == "n" else self.condition
            value = make(rng.randint(1, 3), Place(own=var))
        var.data = (lambda: value), seed, name
        self.hit("VAR of numbers" if seed.kind == "n" else "VAR of conditions")
        self.lines.append(f"{self.cased('var')} {name} = {value.text} {self.cased('seed')} {seed.text}")
        self._named(name, var)

    def _own(self, var: Node, back: int, name: str) -> Node:
        self.hit("own value" if back == 1 else "own value of more rows before")
        return Node("own", (), (var, back), var.kind, None, True, f"{name}[{back}]", 9)

    def _function(self) -> None:
        rng, name = self.rng, self.new("f")
        kinds = [rng.choice("nnb") for _ in range(rng.randint(0, 3))]
        keys = [f"a{i}" for i in range(len(kinds))]
        args = tuple(
            Node("arg", (), key, kind, SHORT if kind == "n" else None, True, key) for key, kind in zip(keys, kinds)
        )
        pure, crossed = self.chance(0.6), self.crossed
        place = Place(bare=pure, args=args)
        if self.chance(0.3):
            self.hit("OUTPUTS")
            outputs = {key: self.any_value(2, place) for key in ("lo", "hi", "mid")[: rng.randint(2, 3)]}
            body = self.called("OUTPUTS", *(f"{key}={node.text}" for key, node in outputs.items()))
        else:
            outputs = {"": self.any_value(3, place)}
            body = outputs[""].text
        self.hit("DEF", f"DEF of {len(kinds)}")
        self.lines.append(f"{self.cased('def')} {name}({', '.join(keys)}) = {body}")
        self.functions.append(Function(name, kinds, keys, outputs, pure, self.crossed > crossed))

    def _use(self, deeper: bool = True) -> None:
        """USE: another file with functions, whose other names are its own."""
        self._used += 1
        file = f"part{self._used}.hq"
        outer = (
            self.lines,
            self.numbers,
            self.conditions,
            self.several,
            self.settings,
            self.texts,
            self.kept,
            self.functions,
        )
        self.lines, self.numbers, self.conditions, self.several, self.settings = [], [], [], [], []
        self.texts, self.kept, self.functions = [], {}, []
        if deeper and self.chance(0.3):
            self.hit("USE in a file that is used")
            self._use(deeper=False)
        for _ in range(self.rng.randint(1, 3)):
            self._comment()
            self.rng.choice((self._name, self._function, self._function, self._several))()
        self.files[file] = "\n".join(self.lines)
        found = self.functions
        (
            self.lines,
            self.numbers,
            self.conditions,
            self.several,
            self.settings,
            self.texts,
            self.kept,
            self.functions,
        ) = outer
        self.functions += found
        self.hit("USE")
        self.lines.append(f'{self.cased("use")} "{file}"')

    def call(self, function: Function, depth: int, place: Place) -> dict[str, Node]:
        """A call of a DEF: each of its values."""
        given: dict[str, Node] = {}
        for key, kind in zip(function.keys, function.kinds):
            given[key] = self.short(place, depth) if kind == "n" else self.condition(depth, place, series=True)
        parts = [node.text for node in given.values()]
        if self.chance(0.4):
            self.hit("call by names")
            pairs = list(given.items())
            self.rng.shuffle(pairs)
            parts = [f"{key}={node.text}" for key, node in pairs]
        text = f"{self.cased(function.name)}({self.listed(parts)})"
        self.hit("call of a DEF", *(["DEF that calls a DEF"] if place.args else []))
        known: dict[int, Node] = {}
        return {
            key: copied(
                node, lambda one: given[one.data] if one.op == "arg" and one.data in given else None, known
            ).under(text + (f".{self.cased(key)}" if key else ""), 9 if key else 10)
            for key, node in function.outputs.items()
        }

    def _usable(self, place: Place) -> list[Function]:
        """The functions that may be called there."""
        every = [one for one in self.functions if one.pure or not place.bare]
        return [one for one in every if place.own is None or not one.across]

    def _several(self) -> None:
        text, values = self._outputs(Place())
        self.hit("several")
        names = [self.new("s") for _ in values]
        if self.chance(0.3):
            name = self.new("m")
            self.hit("outputs under a name")
            self.lines.append(f"{name} = {text}")
            self.several.append({key: node.under(f"{name}.{key}", 9) for key, node in values.items()})
            return
        self.lines.append(f"{', '.join(names)} = {text}")
        for name, node in zip(names, values.values()):
            self._named(name, node)

    def _outputs(self, place: Place, depth: int = 1) -> tuple[str, dict[str, Node]]:
        """A call with several outputs: its text, and each of them."""
        many = [one for one in self._usable(place) if "" not in one.outputs]
        if many and self.chance(0.5):
            self.hit("several of a DEF")
            values = self.call(self.rng.choice(many), depth, place)
            return next(iter(values.values())).text.rpartition(".")[0], values
        rows = self.rows(2)
        if self.chance(0.5):
            self.hit("MINMAX")
            x = self.number(depth, place, series=True)
            text = self.called("MINMAX", x.text, self.keyed("period", rows))
            values = {key: Node(key, (x, rows), "rows", bits=x.bits) for key in ("min", "max")}
        else:
            self.hit("DONCHIAN")
            x, y = (Node("col", (), (key, None), bits=SHORT, series=True, text=key) for key in ("high", "low"))
            if self.chance(0.5):
                x, y = self.number(depth, place, series=True), self.number(depth, place, series=True)
                text = self.called("DONCHIAN", x.text, y.text, rows.text)
            else:
                self.hit("inputs left out")
                text = self.called("DONCHIAN", self.keyed("period", rows))
            values = {key: Node(key, (x, y, rows), "rows") for key in ("upper", "middle", "lower")}
        return text, {key: node.under(f"{text}.{self.cased(key)}", 9) for key, node in values.items()}

    def _plot(self) -> dict[str, Node]:
        name, node = self.new("plot"), self.any_value(2, Place())
        self.hit("PLOT")
        shown = self.rng.choice((name, f'"{name}"', f"'{name}'"))
        self.lines.append(f"{self.cased('plot')}({shown}, {node.text})")
        return {name: node}

    # -- rules -------------------------------------------------------------------------------------------
    def _rule(self) -> Rule:
        condition = self.condition(3, Place())
        actions = [self._action() for _ in range(self.rng.choice((1, 1, 1, 2)))]
        others = [self._action() for _ in range(self.rng.choice((0, 0, 1, 2)))]
        self.hit("rule", *(["ELSE"] if others else []), *(["several actions"] if len(actions) > 1 else []))
        before = self.rng.choice((" ", "\n  ", "\n# within\n  ")) if self.chance(0.3) else " "
        line = (
            f"{self.cased('if')} {condition.text}{before}{self.cased('then')} {', '.join(text for text, _ in actions)}"
        )
        if others:
            line += f"{before}{self.cased('else')} {', '.join(text for text, _ in others)}"
        self.lines.append(line)
        return Rule(condition, [one for _, one in actions], [one for _, one in others])

    def _action(self) -> tuple[str, Action]:
        rng, word = self.rng, self.rng.choice(sorted(VERBS))
        self.hit(f"action {word}")
        given: dict[str, Any] = {}
        opens = word in ("BUY", "SELL", "OPEN_LONG", "OPEN_SHORT", "BUY_SHORT")
        closes = not opens and word not in ("TARGET", "CANCEL")
        sizes = ["size", "contracts", "base", "quote", "equity", *(["risk"] if opens else [])]
        if word == "TARGET":
            given[rng.choice(sizes)] = self.number(2, Place()) if self.chance(0.7) else self.signed()
        elif word != "CANCEL":
            if self.chance(0.6):
                given[rng.choice(sizes)] = self.price()
            prices = [key for key in PRICES if self.chance(0.2) and (opens or key not in ("stop", "take"))]
            if closes and "trail" in prices:
                prices = ["trail"]
            given |= {key: self.price() for key in prices}
            if "risk" in given and "stop" not in given:
                given["stop"] = self.price()
            self._life(given)
        self.hit(*(f"argument {key}" for key in given))
        meta = self._meta() if self.chance(0.4) else None
        parts = [f"{self.cased(key) if self.chance(0.2) else key}={self._said(value)}" for key, value in given.items()]
        if meta is not None:
            self.hit("META")
            inside = [f"{key}={said if isinstance(said, str) else said.text}" for key, said in meta.items()]
            parts.append(self.called("META", *inside))
        rng.shuffle(parts)
        text = f"{self.cased(word)}({self.listed(parts)})" if parts or self.chance(0.5) else self.cased(word)
        return text, Action(word, given, meta)

    def _said(self, value: Any) -> str:
        if isinstance(value, Node):
            return value.text
        return (self.cased("TRUE") if value else self.cased("FALSE")) if isinstance(value, bool) else f'"{value}"'

    def _life(self, given: dict[str, Any]) -> None:
        rng = self.rng
        if self.chance(0.15):
            given["expire"] = rng.choice(("4h", "30m", "2d"))
            if self.chance(0.4):
                self.hit("tif gtd")
                given["tif"] = "gtd"
        elif self.chance(0.2):
            given["tif"] = rng.choice(("gtc", "ioc", "FOK", *self.texts))
            self.hit("tif")
        for key in ("reduce_only", "post_only"):
            if self.chance(0.1):
                given[key] = self.known_condition() if self.chance(0.4) else self.chance(0.5)

    def _meta(self) -> dict[str, Node | str]:
        found: dict[str, Node | str] = {}
        for _ in range(self.rng.randint(0, 3)):
            kind = self.rng.choice("nbtw")
            self.hit(f"META of {self.METAS[kind]}")
            if kind == "w":
                found[f"w{self.rng.randint(0, 1)}"] = self.rng.choice(("ts", "open_time"))
            elif kind == "t":
                found[f"t{self.rng.randint(0, 1)}"] = self.known_text()
            else:
                found[f"n{self.rng.randint(0, 2)}"] = (
                    self.number(2, Place()) if kind == "n" else self.condition(1, Place())
                )
        return found

    def price(self) -> Node:
        """A size or price: of a number that is known beforehand it is refused unless it is above 0."""
        return self.number(2, Place(), series=True) if self.chance(0.6) else self.literal(positive=True)

    # -- what is known beforehand ------------------------------------------------------------------------
    def literal(self, positive: bool = False) -> Node:
        text = self.rng.choice(("1", "2", "3", "7", "12", "0.5", "2.25", "1e1", ".25", "5E-1", "3.0"))
        if not positive and self.chance(0.15):
            text = "0"
        self.hit("number")
        return Node("number", (), float(text), bits=(4, 2), series=False, text=text)

    def signed(self) -> Node:
        node = self.literal()
        if self.chance(0.5):
            return node
        return Node("neg", (node,), bits=node.bits, text=f"-{node.text}", level=LEVELS["neg"])

    def power(self, depth: int, place: Place) -> tuple[Node, Node]:
        """Two that give an exact number, as pow is not rounded once: short ones to 0, 1, 2, 3, and -1, 0, 1 to any."""
        x = self.short(place, depth)
        if self.chance(0.3):
            y = self.rng.choice((self.literal(), self.number(1, place)))
            minus = Node("neg", (y,), text=f"-{self.at(y, LEVELS['neg'])}", level=LEVELS["neg"])
            return Node("SIGN", (x,), text=self.called("SIGN", x.text)), minus
        if self.chance(0.3):
            sign = self.called("SIGN", x.text)
            return self.short(place, depth), Node("ABS", (Node("SIGN", (x,)),), text=self.called("ABS", sign))
        text = self.rng.choice(("0", "1", "2", "3"))
        return x, Node("number", (), float(text), series=False, text=text)

    def rows(self, first: int = 1) -> Node:
        """A number of rows, as text and number."""
        if self.settings and self.chance(0.3):
            self.hit("param as a number of rows")
            return self.rng.choice(self.settings)
        n = self.rng.randint(first, 4)
        return Node("number", (), float(n), bits=(3, 0), series=False, text=str(n))

    def keyed(self, key: str, node: Node) -> str:
        return f"{key}={node.text}" if self.chance(0.4) else node.text

    def known_text(self) -> Node:
        choices = [
            *([] if self.across else [Node("symbol", (), None, "t", series=False, text="symbol")]),  # each row's own
            Node("period", (), None, "t", series=False, text="period"),
            Node("text", (), "up", "t", series=False, text=self.rng.choice(('"up"', "'up'"))),
            *self.texts,
        ]
        found = self.rng.choice(choices)
        self.hit(found.op if found.op != "text" else "text")
        return found

    def known_condition(self, place: Place | None = None) -> Node:
        """Texts compared: known before the first row; a column of texts too where a row has one."""
        left = self.known_text()
        if place is not None and not place.bare and not place.args and self.chance(0.6):
            self.hit("column of s4")
            left = Node("col", (), ("venue", None), "t", series=True, text="venue")
            if self.across and self.chance(0.5):
                self.hit("symbol beside a cross-section")
                left = Node("symbol", (), None, "t", series=False, text="symbol")
        words = ["X", "1h", "up", "gtc", ""]
        if self.chance(0.5):
            self.hit("IN of texts")
            some = self.rng.sample(words, 2)
            text = (
                f"{self.at(left, 5)} {self.cased('in')} ({self.listed([f'{chr(34)}{one}{chr(34)}' for one in some])})"
            )
            return Node("in", (left,), tuple(some), "b", series=False, text=text, level=4)
        self.hit("texts compared")
        value, sign = self.rng.choice(words), self.rng.choice(("==", "!="))
        right = Node("text", (), value, "t", series=False, text=f'"{value}"')
        pair = (left, right) if self.chance(0.7) else (right, left)
        return self._chain(list(pair), [sign])

    # -- numbers -----------------------------------------------------------------------------------------
    def short(self, place: Place, depth: int = 1) -> Node:
        """A number of few bits: what sums and DEFs take."""
        for _ in range(8):
            node = self.number(depth, place, series=True)
            if node.bits is not None and node.bits[0] <= SHORT[0] and node.bits[1] <= SHORT[1]:
                return node
        return self.column(place)

    def column(self, place: Place) -> Node:
        rng = self.rng
        if not place.bare and not place.args and self.chance(0.15):
            name = rng.choice([name for name, kind in sorted(MORE.items()) if kind != "s4"])
            self.hit(f"column of {MORE[name]}")
            quoted = " " in name or self.chance(0.3)
            self.hit(*(["backquotes"] if quoted else []))
            return Node("col", (), (name, None), bits=SHORT, series=True, text=f"`{name}`" if quoted else name)
        name = rng.choice(COLUMNS)
        here = Node("col", (), (name, None), bits=SHORT, series=True, text=name)
        if place.bare or place.args or self.across or self.chance(0.6):
            return here
        return self.elsewhere(here)

    def elsewhere(self, inner: Node) -> Node:
        symbol, period = reference = self.rng.choice(REFERENCES)
        plain = ":".join(part for part in reference if part)
        shown = f'"{plain}"' if self.chance(0.2) else plain
        self.hit("@ in quotes" if shown != plain else "@", f"@{'symbol' if symbol else ''}{'period' if period else ''}")
        text = (
            self.at(inner, LEVELS["post"])
            if inner.op == "col"
            else f"({inner.text})"
            if inner.level < 10
            else inner.text
        )
        return on_other_rows(inner, reference).under(f"{text}@{shown}", LEVELS["post"])

    def number(self, depth: int, place: Place, series: bool = False) -> Node:
        """A number; series: one that has rows."""
        for _ in range(20):
            node = self._leaf(place) if depth <= 0 or self.chance(0.15) else self._number(depth, place)
            if node.series or not series:
                return node
        return self.column(place)

    def _leaf(self, place: Place) -> Node:
        rng = self.rng
        choices: list[Callable[[], Node]] = [lambda: self.column(place)] * 4 + [self.literal] * 2
        if self.settings:
            choices.append(lambda: rng.choice(self.settings))
        if place.own is not None and place.own.kind == "n":
            own = place.own
            choices += [lambda: self._own(own, rng.choice((1, 1, 1, 2, 3)), own.text)] * 5
        numbers = [one for one in place.args if one.kind == "n"]
        if numbers:
            choices += [lambda: rng.choice(numbers)] * 5
        if not place.bare and self.numbers:
            choices += [lambda: rng.choice(self.numbers)] * 4
        if not place.bare and self.several:
            choices.append(self._picked)
        return rng.choice(choices)()

    def _picked(self) -> Node:
        self.hit("output of a name")
        found = [one for one in self.rng.choice(self.several).values() if one.kind == "n"]
        return self.rng.choice(found) if found else self.literal()

    def _number(self, depth: int, place: Place) -> Node:
        makers = (
            self._infix,
            self._pointwise,
            self._back,
            self._time,
            self._indicator,
            self._other_rows,
            self._own_call,
        )
        if self.across and self.chance(0.25):
            return self._cross(depth - 1, place)
        return self.rng.choices(makers, (5, 4, 5, 1, 3, 1, 2))[0](depth - 1, place)

    def _cross(self, depth: int, place: Place) -> Node:
        """What a number is among those of all symbols."""
        word = self.rng.choice(sorted(OF_GROUP))
        inner, crossed = place._replace(own=None), self.crossed
        x = self.number(depth, inner, series=True)
        args, parts = (x,), [x.text]
        if self.chance(0.4):
            self.hit("groups of a cross-section")
            by = self.rng.choice(
                (self.number(0, inner), Node("col", (), ("trades", None), bits=SHORT, series=True, text="trades"))
            )
            args, parts = (x, by), [x.text, f"by={by.text}" if self.chance(0.7) else by.text]
        self.hit(word)
        if self.crossed > crossed:
            self.hit("cross-section of a cross-section")
        if place.args:
            self.hit("cross-section in a DEF")
        if place.own is not None:
            self.hit("cross-section in a VAR")
        self.crossed += 1
        bits = {"CS_SUM": more_bits(x.bits, add=2), "CS_COUNT": (2, 0)}.get(word)
        return Node("across", args, word, bits=bits, text=self.called(word, *parts))

    def _infix(self, depth: int, place: Place) -> Node:
        rng = self.rng
        if self.chance(0.12):
            x = self.number(depth, place)
            self.hit("minus")
            return Node("neg", (x,), bits=x.bits, text="-" + self.at(x, LEVELS["neg"]), level=LEVELS["neg"])
        sign = rng.choice("++--**/%^")
        if sign == "^":
            x, y = self.power(depth, place)
        else:
            x = self.number(depth, place)
            y = self.number(depth, place, series=sign in "/%" and not x.series)
        self.hit(sign)
        level = LEVELS[sign]
        gap = " " if y.text[0] == "-" else self.pad()
        right = self.at(y, 7 if sign == "^" else level + 1)
        text = f"{self.at(x, 9 if sign == '^' else level)}{gap}{sign}{gap}{right}"
        bits = None
        if sign in "+-":
            bits = more_bits(x.bits, y.bits, add=1)
        elif sign == "*" and x.bits and y.bits and sum((*x.bits, *y.bits)) <= EXACT:
            bits = x.bits[0] + y.bits[0], x.bits[1] + y.bits[1]
        return Node(sign, (x, y), bits=bits, text=text, level=level)

    def _pointwise(self, depth: int, place: Place) -> Node:
        word = self.rng.choice(("IF", "ABS", "SIGN", "MIN", "MAX", "POW", "NZ"))
        self.hit(word)
        if word == "IF":
            c, a, b = self.condition(depth, place), self.number(depth, place), self.number(depth, place)
            parts = [c.text, a.text, b.text]
            if self.chance(0.2):
                self.hit("builtin by names")
                parts = [f"b={b.text}", f"condition={c.text}", f"a={a.text}"]
            return Node("IF", (c, a, b), bits=more_bits(a.bits, b.bits), text=self.called("IF", *parts))
        if word in ("ABS", "SIGN"):
            x = self.number(depth, place)
            return Node(word, (x,), bits=x.bits if word == "ABS" else None, text=self.called(word, x.text))
        if word in ("MIN", "MAX"):
            many = [self.number(depth, place) for _ in range(self.rng.choice((2, 2, 3, 4)))]
            bits = more_bits(*(one.bits for one in many))
            return Node(word, tuple(many), bits=bits, text=self.called(word, *(one.text for one in many)))
        if word == "POW":
            x, y = self.power(depth, place)
            return Node("^", (x, y), text=self.called(word, x.text, y.text))
        x = self.number(depth, place, series=True)
        if self.chance(0.4):
            self.hit("NZ alone")
            zero = Node("number", (), 0.0, bits=(0, 0), series=False)
            return Node("NZ", (x, zero), bits=x.bits, text=self.called(word, x.text))
        y = self.number(depth, place)
        return Node("NZ", (x, y), bits=more_bits(x.bits, y.bits), text=self.called(word, x.text, y.text))

    def _lag(self, x: Node) -> Node:
        rows = self.rows(0)
        self.hit("[0]" if rows.data == 0.0 else "[n]", f"history of {'a condition' if x.kind == 'b' else 'a number'}")
        text = f"{self.at(x, LEVELS['post'])}[{rows.text}]"
        return Node("lag", (x, rows), "rows", x.kind, x.bits, None, text, LEVELS["post"])

    def _back(self, depth: int, place: Place) -> Node:
        word = self.rng.choice(("lag", "lag", "HIGHEST", "LOWEST", "CHANGE", "COUNT", "BARSSINCE", "VALUEWHEN"))
        if word == "lag":
            return self._lag(self.number(depth, place, series=True))
        self.hit(word)
        if word == "BARSSINCE":
            c = self.condition(depth, place, series=True)
            return Node(word, (c,), bits=(7, 0), text=self.called(word, c.text))
        rows = self.rows()
        if word == "COUNT":
            c = self.condition(depth, place, series=True)
            return Node(word, (c, rows), "rows", bits=(7, 0), text=self.called(word, c.text, self.keyed("n", rows)))
        if word == "VALUEWHEN":
            c, x = self.condition(depth, place, series=True), self.number(depth, place)
            if self.chance(0.4):
                self.hit("VALUEWHEN of the last")
                one = Node("number", (), 1.0, series=False)
                return Node(word, (c, x, one), "rows", bits=x.bits, text=self.called(word, c.text, x.text))
            text = self.called(word, c.text, x.text, self.keyed("n", rows))
            return Node(word, (c, x, rows), "rows", bits=x.bits, text=text)
        x = self.number(depth, place, series=True)
        if word == "CHANGE" and self.chance(0.4):
            self.hit("CHANGE of one row")
            one = Node("number", (), 1.0, series=False)
            return Node(word, (x, one), "rows", bits=more_bits(x.bits, add=1), text=self.called(word, x.text))
        bits = more_bits(x.bits, add=1) if word == "CHANGE" else x.bits
        return Node(word, (x, rows), "rows", bits=bits, text=self.called(word, x.text, self.keyed("n", rows)))

    def _when(self) -> tuple[list[str], str, str]:
        """Zone and time, as written and as they are."""
        zone, time, parts = "UTC", "ts", []
        if self.chance(0.7):
            zone = self.rng.choice(ZONES)
            self.hit("zone" if zone != "UTC" else "zone UTC")
            parts.append(f'zone="{zone}"')
        if self.chance(0.4):
            time = self.rng.choice(("ts", "open_time"))
            self.hit(f"time {time}")
            parts.append(f"time={time}")
        return parts, zone, time

    def _time(self, _: int, place: Place) -> Node:
        word = self.rng.choice(("HOUR", "MINUTE", "MINUTE_OF_DAY", "WEEKDAY", "DAY", "MONTH", "YEAR", "TIME_LABEL"))
        parts, zone, time = self._when()
        self.hit(word)
        more = 5
        if word == "TIME_LABEL" and self.chance(0.7):
            more = self.rng.choice((1, 5, 30, 60, 240, 1440))
            parts.insert(0, str(more))
        elif parts and word != "TIME_LABEL" and self.chance(0.5):
            parts = [
                part.removeprefix("zone=").removeprefix("time=") if i == 0 and part[0] == "z" else part
                for i, part in enumerate(parts)
            ]
        return Node("time", (), (word, None, zone, time, more), "n", (12, 0), True, self.called(word, *parts))

    def _indicator(self, depth: int, place: Place) -> Node:
        word = self.rng.choice(("SUM", "SMA", "MOM", "MEDPRICE", "several"))
        if word == "several":
            found = [one for one in self._outputs(place, depth)[1].values() if one.kind == "n"]
            self.hit("output picked")
            return self.rng.choice(found) if found else self.column(place)
        self.hit(f"indicator {word}")
        if word == "MEDPRICE":
            x, y = self.number(depth, place, series=True), self.number(depth, place, series=True)
            if place.bare or place.args or self.chance(0.6):
                return Node("medprice", (x, y), text=self.called(word, x.text, y.text))
            high, low = (Node("col", (), (key, None), bits=SHORT, series=True, text=key) for key in ("high", "low"))
            return Node("medprice", (high, low), text=self.called(word))
        rows = self.rows(2 if word == "SUM" else 1)
        if self.chance(0.15):
            self.hit("inputs left out")
            x = Node("col", (), ("close", None), bits=SHORT, series=True, text="close")
            text = self.called(word, self.keyed("period", rows))
        else:
            x = self.short(place, depth) if word in ("SUM", "SMA") else self.number(depth, place, series=True)
            if word in ("SUM", "SMA") and place.own is not None and self.chance(0.3):
                x = self.column(place)
            inner = f"close={x.text}" if self.chance(0.1) else x.text
            text = self.called(word, inner, f"period={rows.text}" if inner != x.text else self.keyed("period", rows))
        bits = more_bits(x.bits, add=3) if word in ("SUM", "MOM") else None
        return Node(word.lower(), (x, rows), "rows", bits=bits, text=text)

    def _other_rows(self, depth: int, place: Place) -> Node:
        if place.bare or place.args or self.across:
            return self.column(place)
        self.hit("expression @")
        return self.elsewhere(self.number(max(depth, 1), Place(bare=True), series=True))

    def _own_call(self, depth: int, place: Place) -> Node:
        return self._call_of("n", depth, place) or self._leaf(place)

    def _call_of(self, kind: str, depth: int, place: Place) -> Node | None:
        usable = self._usable(place)
        if not usable:
            return None
        found = [
            one
            for one in self.call(self.rng.choice(usable), min(depth, 1) if not place.args else 0, place).values()
            if one.kind == kind
        ]
        return self.rng.choice(found) if found else None

    # -- conditions --------------------------------------------------------------------------------------
    def condition(self, depth: int, place: Place, series: bool = False) -> Node:
        for _ in range(20):
            node = self._condition(depth - 1, place)
            if node.series or not series:
                return node
        return self._chain([self.column(place), self.literal()], [">"])

    def _condition(self, depth: int, place: Place) -> Node:
        rng = self.rng
        simple = [self._compared] * 5 + [self._named_condition] * 2 + [self._na]
        deeper = [self._logic, self._logic, self._crossed, self._moving, self._held, self._equal, self._choice]
        more = [self._session, self._member, self._else_condition, self._called_condition, self._truth]
        if depth <= 0:
            return rng.choice(simple)(depth, place)
        return rng.choice([*simple, *deeper, *more])(depth, place)

    def _chain(self, operands: list[Node], signs: list[str]) -> Node:
        gap = self.pad()
        text = self.at(operands[0], 5)
        for sign, one in zip(signs, operands[1:]):
            text += f"{gap}{sign}{gap}{self.at(one, 5)}"
        return Node("chain", tuple(operands), tuple(signs), "b", text=text, level=LEVELS["rel"])

    def _compared(self, depth: int, place: Place) -> Node:
        signs = [self.rng.choice(("<", "<=", ">", ">=", "==", "!=")) for _ in range(self.rng.choice((1, 1, 1, 2, 3)))]
        self.hit(*signs, *(["chain"] if len(signs) > 1 else []))
        return self._chain([self.number(max(depth, 0), place) for _ in range(len(signs) + 1)], signs)

    def _named_condition(self, depth: int, place: Place) -> Node:
        rng = self.rng
        choices: list[Callable[[], Node]] = []
        if place.own is not None and place.own.kind == "b":
            own = place.own
            choices += [lambda: self._own(own, rng.choice((1, 1, 2, 3)), own.text)] * 3
        found = [one for one in place.args if one.kind == "b"]
        if found:
            choices += [lambda: rng.choice(found)] * 2
        if not place.bare and self.conditions:
            choices.append(lambda: rng.choice(self.conditions))
        return rng.choice(choices)() if choices else self._compared(depth, place)

    def _na(self, depth: int, place: Place) -> Node:
        x = self.number(depth, place, series=True)
        self.hit("NA")
        return Node("NA", (x,), None, "b", text=self.called("NA", x.text))

    def _logic(self, depth: int, place: Place) -> Node:
        if self.chance(0.3):
            x = self.condition(depth, place)
            self.hit("NOT")
            return Node("NOT", (x,), None, "b", text=f"{self.cased('not')} {self.at(x, 3)}", level=3)
        word = self.rng.choice(("AND", "OR"))
        x, y = self.condition(depth, place), self.condition(depth, place)
        self.hit(word)
        level = LEVELS[word]
        gap = self.rng.choice((" ", " ", "\n  ")) if self.chance(0.1) else " "
        text = f"{self.at(x, level)}{gap}{self.cased(word)} {self.at(y, level + 1)}"
        return Node(word, (x, y), None, "b", text=text, level=level)

    def _crossed(self, depth: int, place: Place) -> Node:
        word = self.rng.choice(("CROSSOVER", "CROSSUNDER", "CROSS"))
        x, y = self.number(depth, place, series=True), self.number(depth, place)
        self.hit(word)
        return Node(word, (x, y), None, "b", text=self.called(word, x.text, y.text))

    def _moving(self, depth: int, place: Place) -> Node:
        word, rows, x = self.rng.choice(("RISING", "FALLING")), self.rows(), self.number(depth, place, series=True)
        self.hit(word)
        return Node(word, (x, rows), "rows", "b", text=self.called(word, x.text, self.keyed("n", rows)))

    def _held(self, depth: int, place: Place) -> Node:
        return self._lag(self.condition(depth, place, series=True))

    def _equal(self, depth: int, place: Place) -> Node:
        self.hit("conditions compared")
        pair = [self.condition(depth, place), self.condition(depth, place)]
        return self._chain(pair, [self.rng.choice(("==", "!="))])

    def _choice(self, depth: int, place: Place) -> Node:
        self.hit("IF of conditions")
        parts = tuple(self.condition(depth, place) for _ in range(3))
        return Node("IF", parts, None, "b", text=self.called("IF", *(one.text for one in parts)))

    def _session(self, _: int, place: Place) -> Node:
        session = self.rng.choice(("09:30-16:00", "22:00-02:00", "00:00-12:00", "18:00-24:00", "20:00-00:00"))
        parts, zone, time = self._when()
        self.hit("IN_SESSION")
        text = self.called("IN_SESSION", f'"{session}"', *parts)
        return Node("time", (), ("IN_SESSION", None, zone, time, session), "b", None, True, text)

    def _member(self, depth: int, place: Place) -> Node:
        if self.chance(0.4):
            return self.known_condition(place)
        x = self.number(depth, place)
        values = self.rng.sample(("1", "2", "-1", "0", "5", "9.5", "12", "3"), self.rng.randint(1, 4))
        self.hit("IN of numbers")
        text = f"{self.at(x, 5)} {self.cased('in')} ({self.listed(list(values))})"
        return Node("in", (x,), tuple(map(float, values)), "b", text=text, level=LEVELS["rel"])

    def _else_condition(self, depth: int, place: Place) -> Node:
        if place.bare or place.args or self.across:
            return self._compared(depth, place)
        self.hit("condition @")
        inner = self.condition(max(depth, 1), Place(bare=True), series=True)
        return self.elsewhere(inner)

    def _called_condition(self, depth: int, place: Place) -> Node:
        return self._call_of("b", depth, place) or self._compared(depth, place)

    def _truth(self, _: int, place: Place) -> Node:
        value = self.chance(0.5)
        self.hit("TRUE" if value else "FALSE")
        return Node("truth", (), value, "b", series=False, text=self.cased("TRUE" if value else "FALSE"))
