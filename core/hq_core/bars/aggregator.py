"""The aggregator as a library: candles or trades are pushed one by one, closed candles are polled as events."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from hq_core.bars.chain import Chain
from hq_core.bars.period import far, parse_period, parse_periods
from hq_core.bars.plan import BarOptions
from hq_core.batch import CODES, Batch, Schema
from hq_core.durations import parse_duration
from hq_core.errors import DATA, USAGE, HqError
from hq_core.jit import address_of
from hq_core.kinds import BAR, OHLC, SUMS, TRADE
from hq_core.options import refuse_no_text
from hq_core.options.aggregate import AggregateOptions
from hq_core.zones import open_zone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hq_core.holes import Holes

TIME_UNITS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1000, "ns": 1}


def to_ns(name: str, given: Any, unit: int) -> int:
    """A time in units of `unit` ns as nanoseconds, if bars can be made of it: else the unit is mostly another one."""
    try:
        ts = int(given) * unit
        whole = int(given) == given
    except (TypeError, ValueError, OverflowError):
        whole = False
    word = next(word for word, ns in TIME_UNITS.items() if ns == unit)
    if not whole:
        raise HqError(f"{name} is {given!r:.40}, must be a whole number of {word}", DATA)
    problem = far(ts)
    if problem:
        raise HqError(f"{name}: {problem}; is time_unit {word}?", DATA)
    return ts


class Sheet:
    """Takes rows where a filter has a Writer, and keeps them as events: (schema, {column: value})."""

    def __init__(self) -> None:
        self.events: list[tuple[Schema, dict[str, Any]]] = []
        self._columns: list[array[Any]] = []

    def series(self, schema: Schema) -> Schema:
        return schema

    def rows(self, schema: Schema, n: int) -> list[int]:
        self._columns = [array(CODES[kind], bytes(w * n)) for (_, kind), w in zip(schema.cols, schema.widths)]
        return [address_of(column) for column in self._columns]

    def commit(self, schema: Schema, n: int) -> None:
        for values in zip(*(column[:n] for column in self._columns)):
            self.events.append((schema, dict(zip(schema.names, values))))


class Aggregator:
    """Bars of every period of a chain from the bars or trades that are pushed, on the kernels of hq-aggregate.

    periods     15m:4h:1d
    source      the period of the candles that push_kline takes; not needed for push_trade
    time_unit   of the times that go in and come out: s, ms, us or ns

    >>> aggregator = Aggregator("5m", source="1m", time_unit="s")
    >>> for minute in range(5):
    ...     prices = {"open": 1 + minute, "high": 9, "low": 1, "close": 2}
    ...     aggregator.push_kline({"open_time": 60 * minute, **prices, "volume": 3})
    >>> [(event["period"], event["candle"]["open"], event["candle"]["volume"]) for event in aggregator.poll_events()]
    [('5m', 1.0, 15.0)]
    """

    def __init__(
        self,
        periods: str,
        *,
        source: str = "",
        time_unit: str = "ms",
        fill: str = AggregateOptions.fill.default,
        max_gap: str = AggregateOptions.max_gap.default,
        tz: str = "",
        symbol: str = "",
    ) -> None:
        if time_unit not in TIME_UNITS:
            raise HqError(f"time_unit is '{time_unit}', must be one of {', '.join(TIME_UNITS)}", USAGE)
        AggregateOptions.fill.check(fill)
        AggregateOptions.tz.check(tz)
        refuse_no_text("source", source, "15m")
        self._unit = TIME_UNITS[time_unit]
        self._periods = parse_periods(periods)
        self._source = parse_period(source) if source else None
        self._symbol = symbol
        self._options = BarOptions(
            fill=fill == "flat",
            max_gap=parse_duration(max_gap, AggregateOptions.max_gap),
            partial="keep",
            tz=tz,
            zone=open_zone(tz) if tz else None,
            passes=False,
        )
        self._sheet = Sheet()
        self._chain: Chain | None = None
        self._schema: Schema | None = None
        self._row: list[array[Any]] = []
        self._last = -(1 << 63)  # ts of the newest row, ns
        self.dropped: dict[str, int] = {}
        self.holes: Holes = {}

    def push_kline(self, candle: Mapping[str, Any]) -> None:
        """One closed candle of `source`: open_time, open, high, low, close; volume, buy_volume, ... if known."""
        if self._source is None:
            raise HqError("push_kline needs the candles' period: Aggregator(periods, source='1m')", USAGE)
        if self._schema is None:
            there = {"ts", "open_time", *(candle.keys() & (*OHLC, *SUMS))}
            cols = [col for col in BAR.cols if col[0] in there]
            self._begin(Schema("bar", self._symbol, self._source.name, cols))
        begin = to_ns("open_time", candle["open_time"], self._unit)
        self._push({**candle, "ts": begin + self._source.ns, "open_time": begin})

    def push_trade(self, trade: Mapping[str, Any]) -> None:
        """One trade: ts, price, qty; side (+1 buyer, -1 seller took) and id if known."""
        if self._schema is None:
            there = dict(TRADE.required).keys() | (trade.keys() & {"side", "id"})
            self._begin(Schema("trade", self._symbol, "", [col for col in TRADE.cols if col[0] in there]))
        self._push({**trade, "ts": to_ns("ts", trade["ts"], self._unit)})

    def advance(self, ts: int) -> None:
        """Time has come to `ts` and no earlier candle or trade will follow: close what has ended."""
        if self._chain is not None:
            self._chain.mark(int(ts) * self._unit)

    def flush(self) -> None:
        """Force all open bars to close; they come as candles with complete False."""
        if self._chain is not None:
            self._chain.flush()

    def poll_events(self) -> list[dict[str, Any]]:
        """The bars that have closed since the last call, coarse periods first at each instant they share."""
        found, self._sheet.events = self._sheet.events, []
        return [{"kind": "KlineClosed", "period": schema.period, "candle": self._candle(row)} for schema, row in found]

    def _candle(self, row: dict[str, Any]) -> dict[str, Any]:
        ts = row.pop("ts")
        return {
            **row,
            "open_time": row["open_time"] // self._unit,
            "close_time": ts // self._unit,
            "complete": bool(row["complete"]),
        }

    def _begin(self, schema: Schema) -> None:
        self._schema = schema
        self._chain = Chain(schema, self._periods, self._options, [], self._sheet, self.dropped, {}, self.holes)
        self._row = [array(CODES[kind], [0]) for _, kind in schema.cols]

    def _push(self, values: Mapping[str, Any]) -> None:
        schema, chain = self._schema, self._chain
        assert schema is not None
        assert chain is not None
        for (name, kind), cell in zip(schema.cols, self._row):
            if name not in values:
                raise HqError(f"'{name}' was in the first one pushed and is missing now", USAGE)
            cell[0] = float(values[name]) if kind == "f8" else int(values[name])
        ts = self._row[0][0]
        if ts < self._last:
            was, now = self._last // self._unit, ts // self._unit
            raise HqError(f"ts is {now}, must not be before that of the one pushed before, {was}", DATA)
        chain.rows(Batch(schema, 1, [address_of(cell) for cell in self._row], self._row))
        self._last = ts
