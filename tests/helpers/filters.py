"""Every filter, and rows made for it from a seed."""

from __future__ import annotations

import math
import random

from hq_core.batch import Schema
from hq_core.kinds import BAR, PLAIN

MINUTE = 60_000_000_000
START = 1_700_000_040_000_000_000 // MINUTE * MINUTE
TRADE = (("ts", "i8"), ("price", "f8"), ("qty", "f8"), ("side", "i1"))


def trades(seed, n):
    """Trades that come in bursts, tie in time and leave minutes empty."""
    rng = random.Random(seed)
    ts, price, rows = START + rng.randrange(MINUTE), 100.0, []
    for _ in range(n):
        ts += rng.choice((0, 0, rng.randrange(2_000_000_000), rng.randrange(5 * MINUTE // 2)))
        price = round(max(1.0, price * (1 + rng.gauss(0, 0.004))), 2)
        rows.append((ts, price, rng.randrange(1, 5000) / 1000, rng.choice((1, -1))))
    return Schema("trade", "BTCUSDT", "", TRADE), rows


def bars(seed, n, period="1m", step=MINUTE):
    rng = random.Random(seed)
    price, rows = 100.0, []
    for i in range(n):
        open_, price = price, round(max(1.0, price * (1 + rng.gauss(0, 0.02))), 2)
        high, low = max(open_, price) + rng.random(), min(open_, price) * (1 - 0.01 * rng.random())
        at = START + i * step
        rows.append((at + step, at, open_, high, low, price, rng.random() * 10, 1))
        if rng.random() < 0.1:  # a forming bar of the next minute
            rows.append((at + step + 1, at + step, price, price + 1, price - 1, price + rng.random(), 1.0, 0))
    cols = [col for col in BAR.cols if col[0] in (*PLAIN, "volume")]
    return Schema("bar", "BTCUSDT", period, cols), rows


def indicators():
    from hq_core.specs import parse
    from hq_core.stages.indicators import Indicators

    return Indicators([parse(text) for text in ("rsi:3", "ema:4", "macd:2,4,3", "bbands:5", "atr:3", "vri:3")])


def signal():
    from hq_core.stages.signal import Signal

    text = "calm = STDDEV(close, 4) < 1.2\nIF close > SMA(close, 5) AND calm THEN BUY(size=2, META(at=close))\n"
    return Signal([("s", text + "IF CROSSUNDER(close, EMA(close, 7)) THEN SELL", "s.hq")], keep=["calm"])


class Runner:
    """A strategy in Python with a memory, indicators, a history, META and orders of several at a bar."""

    indicators = ("ema:4",)
    meta = {"why": ("above", "below"), "run": int}
    orders = ("limit",)
    size = 2

    def on_start(self, ctx):
        ctx.indicators("stddev:4")
        self.closes = ctx.history("close", 3)
        self.run = 0

    def next(self, row):
        before = self.closes[-2]
        self.run = self.run + 1 if row.close > before else 0
        if self.run >= 2 and row.stddev_4 < 2.0:
            meta = {"why": "above", "run": self.run}
            return [{"action": "BUY", "size": self.size, "meta": meta}, {"action": "SELL", "meta": {"run": 0}}]
        if row.close < row.ema_4 and before > row.ema_4:
            return {"action": "SELL", "type": "limit", "price": row.high, "rule": 2, "meta": {"why": "below"}}
        return None

    def save(self):
        return self.run

    def load(self, saved):
        self.run = saved


def in_python():
    from hq_core.stages.signal import Signal

    text = "IF CROSSUNDER(close, EMA(close, 7)) THEN SELL(META(at=close))"
    return Signal([("s", text, "s.hq")], python=[Runner])


def ordered_bars(seed, n):
    """Bars as hq-signal writes them, with orders on some."""
    schema, rows = bars(seed, n)
    rng = random.Random(seed + 1)

    def orders():
        return tuple(rng.choice((math.nan, math.nan, math.nan, math.inf, rng.randrange(1, 50) / 10)) for _ in range(4))

    names = ("open_long", "close_long", "open_short", "close_short")
    return schema.with_columns([(name, "f8") for name in names]), [row + orders() for row in rows]


def backtest():
    from hq_core.futures.terms import Terms
    from hq_core.stages.backtest import BacktestStage

    return BacktestStage(Terms(position_mode="hedge", margin="cross", leverage=20))


INSIDE = """
VAR best = MAX(best[1], equity) SEED 0
up = close > SMA(close, 4)
IF position == 0 AND up THEN OPEN_LONG(size=2, META(equity=equity))
IF position == 0 AND NOT up AND equity < best THEN OPEN_SHORT(size=1)
IF open_profit > 2 OR bars_held >= 5 OR close < highest_since_entry - 3 THEN CLOSE
IF position < 0 AND close > lowest_since_entry + 2 AND close > entry_price[1] THEN CLOSE_SHORT(limit=close)
PLOT("held", position)
PLOT("best", best)
"""


def inside(python=(), text=INSIDE, **terms):
    """A strategy inside the account that it reads."""
    from hq_core.api.pipe import Pipe
    from hq_core.futures.terms import Terms
    from hq_core.stages.backtest import BacktestStage
    from hq_core.stages.signal import Signal

    account = BacktestStage(Terms(**{"leverage": 20, **terms}))
    return Pipe(Signal([("s", text, "s.hq")] if text else [], python=python, desk=account), account)


class Insider:
    """A strategy in Python that reads its account and hears of its orders."""

    account = True
    indicators = ("ema:4",)
    meta = {"heard": int}
    size = 2

    def on_start(self, ctx):
        self.ctx = ctx
        self.heard = 0

    def on_order(self, order):
        self.heard += 1 if order.state == "filled" else 100

    def on_trade(self, fill):
        self.heard += 10_000 if fill.action == "open_long" else 1_000_000

    def next(self, row):
        if self.ctx.position == 0.0:
            return (
                {"action": "OPEN_LONG", "size": self.size, "meta": {"heard": self.heard}}
                if row.close > row.ema_4
                else None
            )
        late = self.ctx.bars_held >= 4 or row.close < self.ctx.highest_since_entry - 3.0
        return {"action": "CLOSE_LONG", "meta": {"heard": self.heard}} if late else None

    def save(self):
        return self.heard

    def load(self, saved):
        self.heard = saved


def inside_in_python():
    return inside(python=[Insider], text="IF bars_held > 7 THEN CLOSE_LONG")


def aggregate():
    from hq_core.stages.aggregate import Aggregate

    return Aggregate("1m:5m:1h", fill="flat", max_gap="1h")


def late_aggregate():
    from hq_core.stages.aggregate import Aggregate

    return Aggregate("1m:15m", lateness="2m")


def shuffled_trades(seed, n):
    """Trades of which some come late, a few of them too late."""
    schema, rows = trades(seed, n)
    rng = random.Random(seed)
    return schema, sorted(rows, key=lambda row: row[0] + rng.choice((0, 0, 0, 60, 150)) * 1_000_000_000)


def vectors():
    from hq_core.stages.vector_build import VectorBuild

    return VectorBuild(length=4, horizon=3, take=0.03, stop=0.02)


def near():
    from stores import store_of

    from hq_core.stages.signal import Signal

    rng = random.Random(3)
    store = [
        (START + i * MINUTE, i, START + (i + 9) * MINUTE, i % 3 - 1, [rng.random() for _ in "abcd"]) for i in range(99)
    ]
    text = 'hit = SIMILARITY(VEC_STORE("near"), NORMALIZE(close, 4), method="correlation", k=3, min=0.5)\n'
    text += "IF hit.label > 0 THEN BUY(META(ts=hit.ts))\nIF hit AND hit.label < 0 THEN SELL(META(ts=hit.ts))"
    return Signal([("s", text, "s.hq")], keep=["hit"], stores={"near": store_of(store)})


def book(emit, **options):
    def make():
        from hq_core.stages.book import Book

        return Book(emit=emit, **options)

    return make


def factors(*specs, **options):
    def make():
        from hq_core.stages.factors import Factors

        return Factors(*specs, **options)

    return make


def events(market=None, told=False):
    """Events of books: of levels, or by order; told: with a snapshot now and then, and prices that its tick fits."""
    from book_runs import BOOK_COLS, Market, some_events, some_snapshot

    def data(seed, n):
        rng = random.Random(seed)
        found = some_events(rng, n, market or Market("0.1", "0.001"), tidy=told)
        if told and n > 20:
            at = rng.randrange(n - 20)
            found[at:at] = some_snapshot(rng, found[at].ts)
        return Schema("book", "BTCUSDT", "", BOOK_COLS), [tuple(one) for one in found[:n]]

    return data


def by_order():
    from book_runs import Market

    return Market("0.01", "1", by_order=True)


def asof():
    from hq_core.stages.asof import Asof

    return Asof(with_kind="mark_price", columns="price", tolerance="1h", age=True)


STEPS = {"tick": "0.1", "lot": "0.001"}
OF_TRADES = "tfi:3s,least=2", "vwap:3s,least=2", "kyle:10s,least=2", "roll:9s,least=2", "vpin:0.05,2", "markout:1s"
OF_BOOKS = "mid", "micro", "imbalance:5", "imbalance:levels=3", "slope:3", "ofi_cks:3s", "rvol:9s", "cancel_rate"


def of_factors():
    from hq_core.stages.aggregate import Aggregate

    return Aggregate("2s:10s", of="mid,imb")


def factor_rows(seed, n):
    rng, ts, rows = random.Random(seed), START, []
    for _ in range(n):
        ts += rng.choice([0, 10**8, 10**9, 15 * 10**9 if rng.random() < 0.1 else 0])
        rows.append((ts, ts - 9, 1, 0, rng.uniform(99, 101), rng.choice([math.nan, rng.uniform(-1, 1), 0.0])))
    cols = [("ts", "i8"), ("exch_ts", "i8"), ("valid", "b1"), ("reason", "i1"), ("mid", "f8"), ("imb", "f8")]
    return Schema("factor", "BTCUSDT", "", cols), rows


FILTERS = {
    "book": (book("quote", **STEPS), events()),
    "book depth": (book("depth:3", keep_input=True, **STEPS), events()),
    "book updates": (book("updates", tick="0.01", lot="1"), events(by_order())),
    "book snapshots": (book("snapshot-every:2s", **STEPS), events()),
    "book at the end": (book("snapshot-every:end", tick="0.01", lot="1"), events(by_order())),
    "book at the exchange": (book("depth:2", view="exch", lateness="1s", **STEPS), events()),
    "book told": (book("quote"), events(told=True)),
    "factors": (factors(*OF_TRADES, *OF_BOOKS, **STEPS), events()),
    "factors by the clock": (factors(*OF_TRADES, *OF_BOOKS, trigger="bbo,every:1s", **STEPS), events()),
    "factors in rows": (factors(*OF_BOOKS, long=True, min_change=0.01, **STEPS), events()),
    "factors at the exchange": (factors(*OF_TRADES, *OF_BOOKS, view="exch", lateness="1s", **STEPS), events()),
    "factors told": (factors(*OF_BOOKS), events(told=True)),
    "indicators": (indicators, bars),
    "signal": (signal, bars),
    "signal in Python": (in_python, bars),
    "signal near": (near, bars),
    "vectors": (vectors, bars),
    "backtest": (backtest, ordered_bars),
    "inside": (inside, bars),
    "inside in Python": (inside_in_python, bars),
    "aggregate": (aggregate, trades),
    "asof": (asof, bars),
    "aggregate bars": (aggregate, lambda seed, n: bars(seed, n, "30s", MINUTE // 2)),
    "aggregate factors": (of_factors, factor_rows),
    "aggregate late": (late_aggregate, shuffled_trades),
}
