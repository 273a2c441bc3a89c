"""JSON of every form that hq reads, changed at random: the kernels and Python must read the same of it.

HQ_TRIALS=full python tests/helpers/fuzz_json.py [SEED]
"""

from __future__ import annotations

import json
import os
import random
import sys
from typing import Any

from frames import tagged
from fuzz_text import mutated

from hq_core.errors import HqError
from hq_core.formats import SourceOptions
from hq_core.formats.byte_stream import ByteStream
from hq_core.formats.jsonl import JsonSource

FULL, FEW = 1_000_000, 20_000  # elements
T0 = 1_769_904_000_000
Objects = list[Any]


class Slow(ByteStream):
    """Bytes handed out in given pieces, as a pipe might."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        super().__init__(-1, b"")
        self._left, self._sizes, self._turn = data, sizes, 0

    def _more(self, view: Any) -> int:
        size = self._sizes[self._turn % len(self._sizes)]
        self._turn += 1
        piece = self._left[: min(size, len(view))]
        self._left = self._left[len(piece) :]
        view[: len(piece)] = piece
        return len(piece)


class ByPython(JsonSource):
    """The slow way: no kernel is asked."""

    def _by_kernel(self) -> Any:
        return iter(())


# -- elements --------------------------------------------------------------------------------------------------
def iso(ms: int) -> str:
    from hq_core.say import iso_text

    return iso_text(ms * 1_000_000)


def number(turn: random.Random, low: float = 1.0) -> float:
    how = turn.randrange(6)
    if how < 3:
        return round(low + 100 * turn.random(), turn.randrange(6))
    return [low + turn.random() / 3, low * 1e18, low + 1e-12][how - 3]


def trades(turn: random.Random, n: int) -> Objects:
    """hq's own, of some symbols one behind the other."""
    more = turn.random() < 0.5
    late = turn.random() < 0.3  # symbol behind ts: a panel
    runs = turn.choice([1, 2, 7])
    found = []
    for i in range(n):
        symbol = ["BTCUSDT", "Ä/€", "equity"][i * runs // n % 3]
        one = {"kind": "trade", "symbol": symbol, "ts": iso(T0 + i), "price": number(turn), "qty": number(turn)}
        if late:
            one["symbol"] = one.pop("symbol")
        if more:
            one |= {"side": turn.choice([-1, 0, 1]), "id": i + 1, "trades": 1, "note": "x"}
        found.append(one)
    return found


def bars(turn: random.Random, n: int) -> Objects:
    """hq's own, of two periods."""
    found = []
    for i in range(n):
        minutes = 1 if i % 4 else 4
        begins = T0 + 60_000 * i
        low = number(turn)
        one = {"kind": "bar", "symbol": "X", "period": f"{minutes}m", "ts": iso(begins + 60_000 * minutes)}
        one |= {"open_time": iso(begins), "open": low, "high": 2 * low, "low": low, "close": 1.5 * low, "volume": 1.0}
        found.append({**one, "complete": True, "sma_3": turn.choice([None, low, "inf", "-inf", "nan", 1 / low])})
    return found


def fills(turn: random.Random, n: int) -> Objects:
    return [
        {
            "kind": "fill",
            "symbol": "X",
            "period": "1m",
            "ts": iso(T0 + i),
            "fill_time": iso(T0 + i),
            "side": turn.choice(["long", "short", 1]),
            "action": turn.choice(["open_long", "close_short"]),
            "price": number(turn),
            "quantity": number(turn),
            "liquidity": "taker",
            "reason": turn.choice(["signal", "flip", "end of input"]),
        }
        for i in range(n)
    ]


def equities(turn: random.Random, n: int) -> Objects:
    return [{"kind": "equity", "ts_ms": T0 + i, "equity": number(turn), "extra": True} for i in range(n)]


def strangers(turn: random.Random, n: int) -> Objects:
    """Anybody's trades, a panel where they say their symbols."""
    unit = turn.choice([1, 1000])
    time = turn.choice(["ts", "timestamp"]) + turn.choice(["", "_ms"]) * (unit == 1)
    form = turn.randrange(3)
    named = turn.random() < 0.5
    found = []
    for i in range(n):
        now = (T0 + i) * unit
        one = {time: [iso(T0 + i), now, str(now)][form], "price": number(turn), "qty": str(number(turn))}
        if form:
            one["is_buyer_maker"] = turn.random() < 0.5
        if named:
            one["symbol"] = turn.choice("ABC")
        found.append({**one, "seen": turn.choice([None, 1.5, "x", True, 1e-7])})
    return found


def candles(turn: random.Random, n: int) -> Objects:
    """Bars of objects whose period two rows tell."""
    found = []
    for i in range(n):
        low = number(turn)
        prices = {
            "open": low,
            "high": 2 * low,
            "low": low,
            "close": str(low),
            "rsi": turn.choice([None, low, "n/a", 5]),
        }
        found.append({"open_time": T0 + 60_000 * i, **prices})
    return found


def messages(turn: random.Random, n: int) -> Objects:
    """An exchange's stream."""
    wrapped = turn.random() < 0.5
    which = turn.choice([["aggTrade"], ["trade"], ["kline"], ["aggTrade", "trade", "kline", "depth"]])
    found: Objects = []
    for i in range(n):
        now = T0 + 60_000 * i
        symbol = "AB"[i * 3 // n % 2]
        price = f"{number(turn):.8f}"
        kind = turn.choice(which)
        one: dict[str, Any] = {"e": kind, "E": now + 5, "s": symbol}
        if kind == "aggTrade":
            one |= {"a": i, "p": price, "q": "0.5", "f": 2 * i, "l": 2 * i + 1, "T": now, "m": i % 2 == 0, "M": True}
        elif kind == "trade":
            one |= {"t": i, "p": price, "q": "0.5", "b": 3, "a": 4, "T": now, "m": i % 2 == 0}
        elif kind == "kline":
            times = {"t": now, "T": now + 59_999, "s": symbol, "i": "1m", "f": 1, "L": 2}
            prices = {"o": price, "c": price, "h": price, "l": price, "v": "4", "n": 5, "x": i % 3 > 0}
            one["k"] = {**times, **prices, "q": "6", "V": "7", "Q": "8", "B": "0"}
        else:
            one["b"] = [[1, 2]]
        found.append({"stream": f"{symbol.lower()}@{kind}", "data": one} if wrapped else one)
    return found


def klines(turn: random.Random, n: int) -> Objects:
    width = turn.choice([6, 12])
    found = []
    for i in range(n):
        now, price = T0 + 60_000 * i, f"{number(turn):.2f}"
        row = [now, price, price, price, price, "3", now + 59_999, "4", 5, "6", "7", "8"]
        found.append(row[:width] if width == 12 else [now, *(float(text) for text in row[1:6])])
    return found


MAKERS = [trades, trades, bars, fills, equities, strangers, strangers, candles, messages, messages, klines]


# -- texts -----------------------------------------------------------------------------------------------------
VALUES: list[Any] = [None, True, False, 0, -1, 1, "", "1", " 1 ", "-1", "buy", "inf", "nan", "-inf", 1e-7, 1e22]
VALUES += [2**53, 2**53 + 1, 2**63, 2**70, -0.0, 1.0, 1.5, "1e5", "1.", ".5", "007", "+1", "1_0", [1], {}, {"a": 1}]
VALUES += [T0, str(T0), float(T0), "2026-02-01", "2026-02-01T00:00:00", "2026-02-01T00:00:00+01:00", "long", "taker"]
VALUES += ["é", "a\nb"]
RAW = ["1E5", "1e400", "-0", "01", "1.", "-", "1e", "nul", "NaN", "0.1e1", "9" * 30, '"\\u0041"', '"\x11"', '"\\"']
RAW += ["1.0 ", "1e05", "-0.0", "truex", '""']


def changed(one: Any, turn: random.Random) -> Any:
    """An element with something about it changed."""
    if isinstance(one, list):
        made = list(one)
        made[turn.randrange(len(made))] = turn.choice(VALUES)
        return made if turn.random() < 0.9 else made[:-1]
    if turn.random() < 0.2:
        inner = [key for key, value in one.items() if isinstance(value, dict)]
        if inner:
            return {**one, inner[0]: changed(one[inner[0]], turn)}
    items = list(one.items())
    at = turn.randrange(len(items))
    how = turn.randrange(6)
    if how == 0:
        turn.shuffle(items)
    elif how == 1:
        del items[at]
    elif how == 2:
        items.insert(at, (turn.choice(["x", "é", "symbol", "kind", "period", "id"]), turn.choice(VALUES)))
    elif how == 3:
        items.append(items.pop(at))
    else:
        items[at] = items[at][0], turn.choice(VALUES)
    return dict(items)


def written(one: Any, turn: random.Random, style: int, odd: float) -> str:
    """An element as text; now and then no JSON, or with a key twice."""
    if turn.random() < odd:
        one = changed(one, turn)
    spaces: dict[str, Any] = [{"separators": (",", ":")}, {}, {"indent": 1}, {"separators": (" , ", " : ")}][style]
    text = json.dumps(one, ensure_ascii=turn.random() < 0.2, **spaces)
    if turn.random() < odd / 2:
        commas = [at for at, c in enumerate(text) if c == ","]
        how = turn.randrange(3)
        if how == 0 and commas:
            at = turn.choice(commas)
            text = text[:at] + text[at : turn.choice([*commas, len(text) - 1])] + text[at:]
        elif how == 1 and commas:
            start = turn.choice(commas)
            colon = text.find(":", start) + 1 or start + 1
            ends = [end for end in (text.find(",", colon), len(text) - 1) if end > 0]
            text = text[:colon] + turn.choice(RAW) + text[min(ends) :]
        else:
            at = turn.randrange(len(text))
            text = text[:at] + turn.choice(["", " ", "\t", "\\", "\x01", "é", "0", '"']) + text[at:]
    return text


def case(turn: random.Random) -> tuple[bytes, int, dict[str, Any]]:
    """(an input, about how many elements it has, what is said of it)."""
    n = turn.choice([3, 20, 20, 60, 200])
    rows = turn.choice(MAKERS)(turn, n)
    if turn.random() < 0.15:
        rows = [one for pair in zip(rows, turn.choice(MAKERS[:-1])(turn, n)) for one in pair]
    odd = turn.choice([0.0, 0.0, 0.002, 0.02])
    style = turn.choice([0, 0, 0, 1, 1, 2, 3])
    texts = [written(one, turn, style, odd) for one in rows]
    between = turn.choice(["\n", "\n", "\n", "\r\n", "\n\n", " ", ""])
    if isinstance(rows[0], list) or turn.random() < 0.2:
        between = turn.choice([",", ",\n", ", "])
        data = f"[{between.join(texts)}]".encode()
        if turn.random() < 0.2:
            data += b"\n" + data
    else:
        data = (between.join(texts) + turn.choice(["", "\n", "  "])).encode()
    if turn.random() < 0.1:
        data = mutated(data, turn)
    options: dict[str, Any] = {}
    if turn.random() < 0.2:
        options = turn.choice(
            [{"invalid": "drop"}, {"invalid": "keep"}, {"period": "1m"}, {"time_unit": "ms"}, {"drop": ("qty",)}]
        )
    if turn.random() < 0.5:
        options = {"time_unit": "ms", "stamp": "open", **options}
    return data, len(rows), options


# -- what is read ----------------------------------------------------------------------------------------------
class Said:
    """What a source gave: rows as bytes by series, the order of all else among them, what is wrong, its state."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, bytes]] = {}
        self.texts: dict[str, list[str]] = {}
        self.order: list[Any] = []
        self.wrong = ""
        self.about: list[Any] = []

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Said) and vars(self) == vars(other)

    def __repr__(self) -> str:
        return f"{self.order} {self.wrong} {self.about}"


def told(source: JsonSource, data: bytes) -> Said:
    said = Said()
    try:
        for kind, item in tagged(source):
            if kind == "rows":
                columns = said.rows.setdefault(item.schema.key, dict.fromkeys(item.schema.names, b""))
                for name in item.schema.names:
                    columns[name] = columns.get(name, b"") + item.view(name).tobytes()
                key = item.schema.key
                if said.order and said.order[-1][0] == key:
                    said.order[-1] = key, said.order[-1][1] + item.n
                else:
                    said.order.append((key, item.n))
            elif kind == "map" and item["kind"] == "strings":  # which row they stand before depends on the reads
                said.texts.setdefault(item["of"], []).extend(item["values"])
            elif kind == "map":
                said.order.append(("map", json.dumps(item, default=str)))
            elif kind == "schema":
                said.order.append(("schema", repr(item)))
            elif kind == "end":
                said.order.append(("end", json.dumps(item, default=str)))
    except HqError as error:
        said.wrong = f"{error.code} {error}"
    if not said.wrong:  # else they count what was read behind the error, too, which depends on the reads
        said.about = [source.remarks(), source.options.dropped, list(source.unread), source.passed]
        said.about += [data[source.position :].strip(b" \t\r\n,]"), source.save()]
    return said


def run(elements: int, seed: int) -> dict[str, int]:
    """So many elements read both ways, and what came of them.  Raises AssertionError where they differ."""
    turn = random.Random(seed)
    done = cases = refused = rows = by_kernel = 0
    took = JsonSource._took

    def counted(self: JsonSource, n: int) -> None:
        nonlocal by_kernel
        by_kernel += n
        took(self, n)

    JsonSource._took = counted  # type: ignore[method-assign]
    try:
        while done < elements:
            data, n, options = case(turn)
            sizes = [turn.choice([1 << 20, 1 << 20, 5000, 300, turn.randrange(1, 900)]) for _ in range(3)]
            slow = told(ByPython(Slow(data, [1 << 20]), SourceOptions(**options)), data)
            fast = told(JsonSource(Slow(data, sizes), SourceOptions(**options)), data)
            if fast != slow:
                raise AssertionError(f"seed {seed} case {cases} {options} {sizes}: {data!r}\n{slow}\n{fast}")
            done, cases = done + n, cases + 1
            refused += bool(slow.wrong)
            rows += sum(count for _, count in slow.order if isinstance(count, int))
    finally:
        JsonSource._took = took  # type: ignore[method-assign]
    return {"elements": done, "cases": cases, "refused": refused, "rows": rows, "by_kernel": by_kernel}


def trials() -> int:
    return FULL if os.environ.get("HQ_TRIALS") == "full" else int(os.environ.get("HQ_TRIALS") or FEW)


if __name__ == "__main__":
    print(run(trials(), int(sys.argv[1]) if len(sys.argv) > 1 else 7))
