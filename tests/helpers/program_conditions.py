"""Conditions of programs at random."""

from __future__ import annotations

from collections.abc import Callable

from program_numbers import Numbers
from program_parts import LEVELS, Place
from slow_language import Node


class Conditions(Numbers):
    """Truths of rows."""

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
