"""Numbers of programs at random, known beforehand and of rows."""

from __future__ import annotations

from collections.abc import Callable

from program_parts import COLUMNS, EXACT, LEVELS, MORE, REFERENCES, SHORT, ZONES, Place, more_bits, on_other_rows
from program_words import Words
from slow_across import OF_GROUP
from slow_language import Node


class Numbers(Words):
    """Values; the conditions in them and the calls are made by who inherits this."""

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
                (
                    self.number(0, inner, series=True),
                    Node("col", (), ("trades", None), bits=SHORT, series=True, text="trades"),
                )
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
            texts = [f"{one.text}.0" if one.text.isdigit() else one.text for one in many]  # MAX(close, 4) is refused
            return Node(word, tuple(many), bits=bits, text=self.called(word, *texts))
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
