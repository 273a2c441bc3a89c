"""Strategies with something wrong in them: refused at a place, or of one canonical form that means the same."""

from __future__ import annotations

import os
import random
import re
import signal
from collections import Counter
from typing import Any

import language_runs
from program_maker import Maker
from slow_language import World

from hq_core.errors import HqError
from hq_core.kinds import ACCOUNT
from hq_core.lang.builtins import BUILTINS
from hq_core.lang.check import Checker
from hq_core.lang.format import format_text
from hq_core.lang.parse import parse
from hq_core.lang.scope import Scope
from hq_core.lang.source import LangError, StrategyText
from hq_core.lang.tokens import GRAMMAR, tokenize
from hq_core.lang.words import ACTIONS, BUILT, TIMES, VECTORS
from hq_core.stages.signal import Signal

FEW, FULL = 6_000, 100_000
SECONDS = 60  # of a hundred programs: who takes longer has hung
NAMES = ("close", "high", "volume", "x", "n1", "v2", "f3", "a0", "symbol", "period", "meta", "OUTPUTS", "PLOT")
ODD = ("\x00", "\ufeff", "\r", "\u2028", "价", "é", "\u0301", "￼", "\t", "\\", '"', "'", "`", "@", ":", "$", "..", "…")
WORDS = (
    *GRAMMAR.literals,
    *BUILTINS,
    *ACTIONS,
    *BUILT["OPEN"],
    *TIMES,
    *ACCOUNT,
    *VECTORS,
    *NAMES,
    *(
        "SMA",
        "MACD",
        "RSI",
        "ATR",
        "BBANDS",
        "0",
        "1",
        "14",
        "-3",
        "1e308",
        "1e999",
        "0.5",
        "100001",
        "99999999999999999999",
    ),
    *("@4h", "@Y:4h", '@"A/B:C:4h"', "@0m", "@", '"t"', "'a'", '"UTC"', '"America/New_York"', '"09:30-16:00"'),
    *("\n", "# c\n", "// c\n", "`odd name`", "``", *ODD),
)
PIECE = re.compile(r"\w+|\s+|@\S+|\"[^\"\n]*\"|[^\w\s]")


class Shapes:
    """Expressions by what they are: the same number for the same one."""

    def __init__(self) -> None:
        self._known: dict[Any, int] = {}
        self._of: dict[int, tuple[int, Any]] = {}

    def of(self, expr: Any) -> int:
        waiting = [expr]
        while waiting:
            at = waiting[-1]
            needed = [one for one in at.args if id(one) not in self._of]
            if needed:
                waiting += needed
                continue
            waiting.pop()
            args = tuple(self._of[id(one)][0] for one in at.args)
            key = at.dtype, at.clock, at.op, repr(at.data), args, at.outputs
            self._of[id(at)] = self._known.setdefault(key, len(self._known)), at
        return self._of[id(expr)][0]

    def program(self, text: str) -> Any:
        """What a program means, as far as a comparison goes."""
        source = StrategyText(text, "s.hq")
        checked = Checker(Scope(source, columns=None)).check(parse(source))
        rules = [
            (
                self.of(rule.condition),
                rule.action,
                rule.verbs,
                rule.number,
                rule.unit,
                rule.type,
                rule.life,
                rule.expire,
                rule.flags,
                rule.size and self.of(rule.size),
                {key: self.of(price) for key, price in rule.prices.items()},
                rule.meta and [(key, self.of(value)) for key, value in rule.meta],
            )
            for rule in checked.rules
        ]
        names = {name: self.of(expr) for name, expr in checked.scope.names.items()}
        functions = {name: [one.name for one in made.node.parameters] for name, made in checked.functions.items()}
        plots = {name: self.of(expr) for name, expr in checked.plots.items()}
        return names, plots, rules, functions, len(checked.warnings)


def mutated(rng: random.Random, text: str, other: str) -> str:
    """A text with some of its pieces gone, doubled, put elsewhere, or others in their place."""
    pieces = PIECE.findall(text)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3, 8))):
        at = rng.randrange(len(pieces) + 1)
        way = rng.randrange(9)
        if way == 0:
            del pieces[at : at + rng.choice((1, 1, 2, 5))]
        elif way == 1:
            pieces[at:at] = pieces[at : at + rng.choice((1, 2, 6))]
        elif way == 2:
            pieces[at : at + 1] = [rng.choice(WORDS)]
        elif way == 3:
            pieces.insert(at, rng.choice((rng.choice(WORDS), f" {rng.choice(WORDS)} ")))
        elif way == 4:
            to = rng.randrange(len(pieces) + 1)
            pieces[at : at + 1], pieces[to : to + 1] = pieces[to : to + 1], pieces[at : at + 1]
        elif way == 5:
            pieces = pieces[: at + 1]
        elif way == 6:
            some = PIECE.findall(other)
            start = rng.randrange(len(some) + 1)
            pieces[at:at] = some[start : start + rng.choice((1, 3, 9))]
        elif way == 7:
            sign = rng.choice(("(", "[", "-", "NOT ", "close[1] ^ ", "IF(", "1 + ", "x."))
            pieces[at:at] = [sign * rng.choice((1, 3, 17, 130, 2000))]
        else:
            old = "".join(pieces)
            spot = rng.randrange(len(old) + 1)
            pieces = PIECE.findall(
                old[:spot] + chr(rng.choice((rng.randrange(1, 128), rng.randrange(1, 0x2FFF)))) + old[spot:]
            )
    return "".join(pieces)


def comments(text: str) -> list[str]:
    source = StrategyText(text, "s.hq")
    return [text[one.start : one.end] for one in tokenize(source)[1]]


def tried(text: str) -> str:
    """Which of them it is: refused, or accepted and in one canonical form.  Anything else raises."""
    refusal = None
    try:
        once = format_text(text, "s.hq")
    except LangError as error:
        refusal = error
    if refusal is not None:
        assert 0 <= refusal.start <= refusal.end <= len(refusal.source.text), (refusal.start, refusal.end)
        assert refusal.reason, "an error says what is wrong"
        assert "\n" not in refusal.reason, refusal.reason
        assert len(str(refusal).split("\n")) == 3, str(refusal)
        return "refused"
    twice = format_text(once, "s.hq")
    assert twice == once, f"formatted again:\n{twice}"
    shapes = Shapes()
    assert shapes.program(once) == shapes.program(text), f"means something else:\n{once}"
    assert comments(once) == comments(text), f"comments: {once}"
    return "accepted"


def run(text: str, of: World) -> str:
    """An accepted one over some bars: it runs, or says why not."""
    try:
        language_runs.run(Signal([("s", text, "s.hq")], period=of.period, missing="warn"), of, [])
    except HqError:
        return "does not run"
    return "runs"


def fuzz(count: int, seed: int) -> Counter[str]:
    """So many mutated programs; how many were refused, accepted and run."""

    def hung(*_: object) -> None:
        raise TimeoutError(f"a hundred programs took more than {SECONDS} s")

    rng = random.Random(seed)
    maker, of = Maker(rng), language_runs.world(rng)
    found: Counter[str] = Counter()
    before, text, other = signal.signal(signal.SIGALRM, hung), "", ""
    try:
        for number in range(count):
            if number % 100 == 0:
                signal.setitimer(signal.ITIMER_REAL, SECONDS)
            if number % 10 == 0:
                other, text = text, maker.program().text
            lines = text.split("\n")
            start = rng.randrange(len(lines))
            part = "\n".join(lines[start : start + rng.choice((1, 2, 4))]) if rng.random() < 0.9 else text
            made = mutated(rng, part, other)
            try:
                found[tried(made)] += 1
                if rng.random() < (0.2 if part is text else 0.002):
                    found[run(made, of)] += 1
            except Exception as error:
                error.add_note(f"program {number} of seed {seed}: {made!r}")
                raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return found


def how_many() -> int:
    return FULL if os.environ.get("HQ_TRIALS") == "full" else int(os.environ.get("HQ_TRIALS") or FEW)
