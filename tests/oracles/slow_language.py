"""What a strategy means, said slowly: a tree over bars that are dicts, each value asked for by itself.

Written from hq-dsl(7), not from the language's code, and it shares nothing with it: no parser, no kernel, no clock.
A tree is made by whoever writes the strategy's text too (helpers/program_maker.py).

A value is a float, a condition a bool, a text a str.  Row -1 of a series is the one before its first: nothing is there,
so its columns are nan, and what looks back at rows has none.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from slow_across import over

NAN, INF = math.nan, math.inf
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECONDS = {"m": 60, "h": 3600, "d": 86_400}

Bar = dict[str, Any]
Key = tuple[str, str]  # symbol and period


class Node:
    """A part of a strategy.

    op, args, data   what it is: see Meaning
    kind             n, b or t: a number, a condition, a text
    bits             (a, b): of a number, |x| < 2^a and x a multiple of 2^-b, so that sums of it are exact; None: any
    series           whether it reads rows
    text, level      how it is written, and how tightly that binds: 10 is a name or a call
    """

    __slots__ = ("args", "bits", "data", "kind", "level", "op", "series", "text")

    def __init__(
        self,
        op: str,
        args: tuple[Node, ...] = (),
        data: Any = None,
        kind: str = "n",
        bits: tuple[int, int] | None = None,
        series: bool | None = None,
        text: str = "",
        level: int = 10,
    ) -> None:
        self.op = op
        self.args = args
        self.data = data
        self.kind = kind
        self.bits = bits
        self.series = any(one.series for one in args) if series is None else series
        self.text = text
        self.level = level

    def under(self, text: str, level: int = 10) -> Node:
        """The same under a name, or as a call says it."""
        return Node(self.op, self.args, self.data, self.kind, self.bits, self.series, text, level)


class Action(NamedTuple):
    """One action of a rule: given: what it takes, by name; meta: the same of META, None without it."""

    word: str
    given: dict[str, Any]
    meta: dict[str, Node | str] | None


class Rule(NamedTuple):
    condition: Node
    actions: list[Action]
    others: list[Action]


class World(NamedTuple):
    """Bars of each series, closed and forming ones, in order of ts; a forming one has complete 0."""

    series: dict[Key, list[Bar]]
    period: str  # of the bars that strategies run on


# -- numbers ---------------------------------------------------------------------------------------------------------
_WIDE = Context(prec=80, Emax=999_999, Emin=-999_999)


def power(x: float, y: float) -> float:
    """x to the power y, rounded once; as C99 has it at the ends."""
    if y == 0.0 or x == 1.0:
        return 1.0
    if x != x or y != y:
        return NAN
    odd = y.is_integer() and abs(y) < 2.0**53 and int(y) % 2 == 1
    sign = -1.0 if math.copysign(1.0, x) < 0.0 and odd else 1.0
    size = abs(x)
    if size == 0.0 or size == INF:
        return sign * (0.0 if (size == 0.0) == (y > 0.0) else INF)
    if abs(y) == INF:
        return 1.0 if size == 1.0 else INF if (size > 1.0) == (y > 0.0) else 0.0
    if x < 0.0 and not y.is_integer():
        return NAN
    about = y * math.log2(size)
    if abs(about) > 1100.0:
        return sign * (INF if about > 0.0 else 0.0)
    try:
        return sign * float(_WIDE.power(Decimal(size), Decimal(y)))
    except OverflowError:
        return sign * INF


def modulo(x: float, y: float) -> float:
    return NAN if y == 0.0 or x - x != 0.0 or y != y else x % y


def divided(x: float, y: float) -> float:
    return NAN if y == 0.0 else x / y


def least(values: list[float], pick: Any) -> float:
    """The first of the smallest (pick min) or largest ones."""
    return NAN if any(value != value for value in values) else float(pick(values))


ARITHMETIC = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
    "/": divided,
    "%": modulo,
    "^": power,
}


def compared(x: Any, sign: str, y: Any) -> bool:
    """Two numbers, conditions or texts; with nan nothing holds, not even !=."""
    if x != x or y != y:
        return False
    return bool({"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y, "==": x == y, "!=": x != y}[sign])


# -- times -----------------------------------------------------------------------------------------------------------
def wall(ts: int, zone: str) -> tuple[datetime, int]:
    """What a clock on the wall shows, and ns since its midnight."""
    shown = (EPOCH + timedelta(seconds=ts // 10**9)).astimezone(ZoneInfo(zone))
    return shown, (shown.hour * 3600 + shown.minute * 60 + shown.second) * 10**9 + ts % 10**9


def time_value(op: str, ts: int, zone: str, data: Any) -> float | bool:
    shown, since = wall(ts, zone)
    if op == "TIME_LABEL":
        stretch = data * 60 * 10**9
        return float(-(-since // stretch) or 1440 // data)
    if op == "IN_SESSION":
        first, last = (int(part[:2]) * 60 + int(part[3:]) for part in data.split("-"))
        minutes = since / 60e9 or 1440.0  # midnight ends the day before
        return first < minutes <= last if first < last else minutes > first or minutes <= last
    return float(
        {
            "HOUR": shown.hour,
            "MINUTE": shown.minute,
            "MINUTE_OF_DAY": shown.hour * 60 + shown.minute,
            "WEEKDAY": shown.isoweekday(),
            "DAY": shown.day,
            "MONTH": shown.month,
            "YEAR": shown.year,
        }[op]
    )


# -- values ----------------------------------------------------------------------------------------------------------
def length(period: str) -> int:
    return int(period[:-1]) * SECONDS[period[-1]]


class Meaning:
    """Values over the closed rows of a world, as a strategy on the bars of one symbol sees them.

    extra   a forming bar of those, which stands behind the closed rows before it
    """

    def __init__(self, world: World, symbol: str, given: dict[str, Any], extra: Bar | None = None) -> None:
        self.world, self.symbol, self.given = world, symbol, given
        self.base: Key = symbol, world.period
        self.rows = {key: [bar for bar in bars if bar["complete"]] for key, bars in world.series.items()}
        if extra is not None:
            place = world.series[self.base].index(extra)
            self.rows[self.base] = [bar for bar in world.series[self.base][:place] if bar["complete"]] + [extra]
        self._others: dict[str, Meaning] = {}
        self._at: dict[tuple[int, int], Any] = {}
        self._clock: dict[int, Key | None] = {}

    # A clock is the series on whose rows something is computed; None: it never changes.
    def clock(self, node: Node) -> Key | None:
        if id(node) not in self._clock:
            self._clock[id(node)] = self._found(node)
        return self._clock[id(node)]

    def _found(self, node: Node) -> Key | None:
        if node.op in ("col", "time"):
            symbol, period = node.data[1] or ("", "")
            return symbol or self.symbol, period or self.world.period
        if node.op == "var":
            value, seed, _ = node.data
            return self.joined([*self._leaves(value(), node), *self._leaves(seed, node)]) or self.base
        if node.op == "own":
            return self.clock(node.data[0])
        return self.joined([self.clock(one) for one in node.args])

    def joined(self, clocks: list[Key | None]) -> Key | None:
        found = {one for one in clocks if one is not None}
        return None if not found else found.pop() if len(found) == 1 else self.base

    def _leaves(self, node: Node, var: Node) -> list[Key | None]:
        """The clocks of what a variable reads besides itself."""
        if node.op == "own" and node.data[0] is var:
            return []
        if node.op in ("col", "time", "var", "own"):
            return [self.clock(node)]
        return [clock for one in node.args for clock in self._leaves(one, var)]

    def read(self, node: Node, clock: Key | None, i: int) -> Any:
        """The value of `node` at row i of a clock, its own or the base's."""
        own = self.clock(node)
        if own is None or own == clock or clock is None:
            return self.at(node, i)
        assert clock == self.base
        ts = self.rows[clock][i]["ts"] if i >= 0 else None
        last = -1 if ts is None else sum(1 for bar in self.rows.get(own, ()) if bar["ts"] <= ts) - 1
        return self.at(node, last)

    def base_value(self, node: Node, i: int) -> Any:
        return self.read(node, self.base, i)

    def at(self, node: Node, i: int) -> Any:
        """The value at row i of its own clock."""
        key = id(node), i
        if key not in self._at:
            self._at[key] = self._value(node, i)
        return self._at[key]

    def across(self, node: Node, i: int) -> float:
        """A value among those of all symbols whose closed rows have the row's ts.

        A forming row is among none, unless its symbol is the only one.
        """
        symbols = sorted(symbol for symbol, period in self.world.series if period == self.world.period)
        if i < 0 or len(symbols) > 1 and not self.rows[self.base][i]["complete"]:
            return NAN
        ts, now = self.rows[self.base][i]["ts"], []
        for symbol in symbols:
            other = self if symbol == self.symbol else self.of(symbol)
            at = [j for j, row in enumerate(other.rows[other.base]) if row["ts"] == ts and row["complete"]]
            for row in at or ([i] if len(symbols) == 1 else []):
                x, *by = (float(other.base_value(one, row)) for one in node.args)
                now.append((symbol, x, *(by or [0.0])))
        return over(node.data, now)[self.symbol]

    def of(self, symbol: str) -> Meaning:
        """The same on the bars of another symbol."""
        if symbol not in self._others:
            found = self._others[symbol] = Meaning(self.world, symbol, self.given)
            found._others = self._others
        return self._others[symbol]

    def _value(self, node: Node, i: int) -> Any:
        op, data = node.op, node.data
        clock = self.clock(node)
        nothing = False if node.kind == "b" else NAN

        def value(which: int, row: int = i) -> Any:
            return self.read(node.args[which], clock, row)

        def last(which: int, n: int) -> list[Any]:
            """The values of the last n rows; none where there are fewer."""
            return [value(which, row) for row in range(i - n + 1, i + 1)] if 0 < n <= i + 1 else []

        def window(which: int, n: int) -> list[float]:
            """As `last`, none where one of several is not finite."""
            found = last(which, n)
            return found if n == 1 or all(one - one == 0.0 for one in found) else []

        if op in ("number", "truth", "text"):
            return data
        if op == "param":
            return self.given.get(data[0], data[1])
        if op == "symbol":
            return self.symbol
        if op == "period":
            return self.world.period
        if op == "col":
            assert clock is not None
            found = self.rows[clock][i][data[0]] if i >= 0 and clock in self.rows else NAN
            return found if node.kind == "t" else float(found)
        if op == "time":
            assert clock is not None
            word, _, zone, time, more = data
            return time_value(word, self.rows[clock][i][time], zone, more) if i >= 0 else nothing
        if op == "across":
            return self.across(node, i)
        if op in ARITHMETIC:
            return ARITHMETIC[op](value(0), value(1))
        if op == "neg":
            return -value(0)
        if op == "chain":
            return all(compared(value(k), sign, value(k + 1)) for k, sign in enumerate(data))
        if op == "in":
            return value(0) in data
        if op in ("AND", "OR"):
            return (value(0) and value(1)) if op == "AND" else (value(0) or value(1))
        if op == "NOT":
            return not value(0)
        if op == "IF":
            return value(1) if value(0) else value(2)
        if op == "ABS":
            return abs(value(0))
        if op == "SIGN":
            return value(0) if value(0) != value(0) else float((value(0) > 0.0) - (value(0) < 0.0))
        if op in ("MIN", "MAX"):
            return least([value(k) for k in range(len(node.args))], min if op == "MIN" else max)
        if op == "NZ":
            return value(1) if value(0) != value(0) else value(0)
        if op == "NA":
            return value(0) != value(0)
        # from here on it looks back
        if op == "own":
            var, back = data
            before = self.at(var, i - back) if i >= back else NAN
            return self.read(var.data[1], clock, i) if before != before else before
        if op == "var":
            return self.read(data[0](), clock, i) if i >= 0 else nothing
        n = int(self.read(node.args[-1], None, 0)) if data == "rows" else 0  # the number of rows comes last
        if op == "lag":
            return value(0) if n == 0 else value(0, i - n) if i >= n else nothing
        if op == "VALUEWHEN":
            held = [row for row in range(i + 1) if value(0, row)]
            return value(1, held[-n]) if len(held) >= n else NAN
        if op == "BARSSINCE":
            held = [row for row in range(i + 1) if value(0, row)]
            return float(i - held[-1]) if held else NAN
        if op in ("CROSSOVER", "CROSSUNDER", "CROSS"):
            if i < 1:
                return False
            over = value(0) > value(1) and value(0, i - 1) <= value(1, i - 1)
            under = value(0) < value(1) and value(0, i - 1) >= value(1, i - 1)
            return {"CROSSOVER": over, "CROSSUNDER": under, "CROSS": over or under}[op]
        if op in ("RISING", "FALLING"):
            before = [value(0, row) for row in range(i - n, i)] if i >= n else []
            known = before if n == 1 or all(one - one == 0.0 for one in before) else []
            return bool(known) and all(value(0) > one if op == "RISING" else value(0) < one for one in known)
        if op in ("HIGHEST", "LOWEST", "COUNT") and n == 1:
            return float(value(0))  # the row itself, whatever it is
        if op in ("HIGHEST", "LOWEST"):
            found = window(0, n)
            return (max(found) if op == "HIGHEST" else min(found)) if found else NAN
        if op == "CHANGE":
            return value(0) - value(0, i - n) if i >= n else NAN
        if op == "COUNT":
            held = last(0, n)
            return float(sum(held)) if held else NAN
        # indicators, by the words that define them
        if op in ("sum", "sma"):
            found = last(0, n)
            return (sum(found) / (n if op == "sma" else 1)) if found else NAN
        if op in ("max", "min"):
            found = window(0, n)
            return (max if op == "max" else min)(found) if found else NAN
        if op == "mom":
            moved = value(0) - value(0, i - n) if i >= n else NAN
            return moved if moved - moved == 0.0 else NAN
        if op == "medprice":
            middle = (value(0) + value(1)) / 2.0
            return middle if middle - middle == 0.0 else NAN
        if op in ("upper", "lower", "middle"):  # DONCHIAN
            highs, lows = window(0, n), window(1, n)
            if not highs or not lows:
                return NAN
            return {"upper": max(highs), "lower": min(lows), "middle": (max(highs) + min(lows)) / 2.0}[op]
        raise AssertionError(op)


# -- orders ----------------------------------------------------------------------------------------------------------
VERBS = {
    "BUY": ("close short", "open long"),
    "SELL": ("close long", "open short"),
    "OPEN_LONG": ("open long",),
    "CLOSE_LONG": ("close long",),
    "OPEN_SHORT": ("open short",),
    "CLOSE_SHORT": ("close short",),
    "CLOSE": ("close long", "close short"),
    "TARGET": ("target long",),
    "CANCEL": ("cancel long", "cancel short"),
    "SELL_LONG": ("close long",),
    "SELL_SHORT": ("close short",),
    "BUY_SHORT": ("open short",),
}
UNITS = {"contracts": 0, "base": 1, "quote": 2, "equity": 3, "risk": 4, "size": -1}
ACTIONS = {"open": 0, "close": 1, "target": 2, "cancel": 3}
TIFS = {"gtc": 0, "ioc": 1, "fok": 2, "gtd": 3}
MARKET, LIMIT, STOP, STOP_LIMIT, TRAIL = 0, 1, 2, 3, 5
PRICES = ("limit", "trigger", "stop", "take", "trail", "trail_frac")


def order_type(action: Action) -> int:
    """How an order is carried out, by the prices that it is given."""
    trails = "trail" in action.given or "trail_frac" in action.given
    if trails and action.word in ("CLOSE", "CLOSE_LONG", "CLOSE_SHORT", "SELL_LONG", "SELL_SHORT"):
        return TRAIL
    limit, trigger = "limit" in action.given, "trigger" in action.given
    return STOP_LIMIT if limit and trigger else LIMIT if limit else STOP if trigger else MARKET


def known_text(meaning: Meaning, said: Any) -> Any:
    """A text or truth that is known beforehand."""
    return meaning.at(said, 0) if isinstance(said, Node) else said


def orders(meaning: Meaning, rules: list[Rule], strategy: str) -> list[dict[str, Any]]:
    """The orders at the closed rows of the base, as rows of kind order: every column that one of the rules gives."""
    actions = [(number, rule, one, other) for number, rule in enumerate(rules, 1) for one, other in _parts(rule)]
    named = {key for _, _, one, _ in actions for key in one.given}
    metas = {key: said for _, _, one, _ in reversed(actions) for key, said in (one.meta or {}).items()}
    found: list[dict[str, Any]] = []
    for i, bar in enumerate(meaning.rows[meaning.base]):
        taken: set[str] = set()
        for number, rule, action, other in actions:
            if bool(meaning.base_value(rule.condition, i)) == other:
                continue
            unit = next((key for key in UNITS if key in action.given), None)
            amount = meaning.base_value(action.given[unit], i) if unit else INF
            prices = {key: meaning.base_value(action.given[key], i) for key in PRICES if key in action.given}
            if unit and not (amount - amount == 0.0 and (amount > 0.0 or action.word == "TARGET")):
                continue
            if not all(0.0 < price < INF for price in prices.values()):
                continue
            kind = order_type(action)
            for verb in VERBS[action.word]:
                if kind == MARKET and verb in taken:
                    continue
                if kind == MARKET:
                    taken.add(verb)
                what, side = verb.split()
                row = {
                    "ts": bar["ts"],
                    "strategy": strategy,
                    "id": len(found) + 1,
                    "side": (1 if amount >= 0.0 else -1) if what == "target" else 1 if side == "long" else -1,
                    "action": ACTIONS[what],
                    "type": kind,
                    "quantity": abs(amount),
                    "unit": UNITS[unit or "size"],
                    "rule": number,
                }
                row |= {key: prices.get(key, NAN) for key in PRICES if key in named}
                life, expire = (known_text(meaning, action.given.get(key)) for key in ("tif", "expire"))
                if "tif" in named or "expire" in named:
                    row["tif"] = TIFS["gtd" if expire else (life or "gtc").lower()]
                if "expire" in named:
                    # 0 stands for none, so the order that ends at 1970 ends a nanosecond before
                    row["expire"] = (bar["ts"] + length(expire) * 10**9 or -1) if expire else 0
                for key in ("reduce_only", "post_only"):
                    if key in named:
                        row[key] = int(known_text(meaning, action.given.get(key, False)))
                row |= {f"meta.{key}": _meta(meaning, i, action, key, kind) for key, kind in metas.items()}
                found.append(row)
    return found


def _parts(rule: Rule) -> list[tuple[Action, bool]]:
    """Its actions, and whether each is one of ELSE."""
    return [(one, False) for one in rule.actions] + [(one, True) for one in rule.others]


def _meta(meaning: Meaning, i: int, action: Action, key: str, kind: Node | str) -> Any:
    """META's value at a row; where the action has none: nan, no text or 0, as the column's type is."""
    said = (action.meta or {}).get(key)
    if said is None:
        return 0 if isinstance(kind, str) else "" if kind.kind == "t" else NAN
    if isinstance(said, str):  # ts or open_time
        return meaning.rows[meaning.base][i][said]
    found = meaning.base_value(said, i)
    return found if isinstance(found, str) else float(found)
