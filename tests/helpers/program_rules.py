"""Rules of programs at random: actions with their prices, sizes and metas."""

from __future__ import annotations

from typing import Any

from program_conditions import Conditions
from program_parts import Place
from slow_language import PRICES, VERBS, Action, Node, Rule


class Rules(Conditions):
    """IF and THEN."""

    METAS = {"n": "a number", "b": "a condition", "t": "a text", "w": "a time"}

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
            trails = [key for key in prices if key.startswith("trail")]
            if trails:
                far = rng.choice(trails)
                prices = [far] if closes else [key for key in prices if key == far or key not in trails]
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
