"""hq in a program: bars are pushed, columns are views, strategies are polled.  The stages' own engine, a row a call."""

from __future__ import annotations

import math
from array import array
from typing import TYPE_CHECKING, Any

from hq_core import specs
from hq_core.api.period import VOLUMES, IndicatorLine, PeriodBars
from hq_core.bars.aggregator import TIME_UNITS, to_ns
from hq_core.batch import Batch, Schema, period_ns, period_text
from hq_core.errors import DATA, USAGE, HqError, did_you_mean
from hq_core.kinds import BAR, OHLC
from hq_core.options import refuse_no_text
from hq_core.roles import Stage
from hq_core.stream.handover import Handover

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hq_core.ring import Ring
    from hq_core.series.stores import Store


class _Bars(Stage):
    """Takes the bars that the aggregation writes: to the period that they are of, and to the strategies."""

    def __init__(self, hq: HQuant, signal: Stage | None) -> None:
        super().__init__()
        self.hq = hq
        self.signal = signal

    def schema(self, schema: Schema) -> None:
        if self.signal is not None:
            self.signal.schema(schema)

    def rows(self, batch: Batch) -> None:
        period = self.hq.periods[batch.schema.period]
        names = [name for name in period.columns if batch.schema.has(name)]
        columns = [batch.view(name) for name in names]
        for i, ts in enumerate(batch.view("ts")):
            self.hq.take(period, ts, {name: column[i] for name, column in zip(names, columns)})
        if self.signal is not None:
            self.signal.rows(batch)

    def mark(self, ts: int) -> None:
        """Nobody here waits for one."""


class _Told:
    """What the strategies tell."""

    def __init__(self) -> None:
        self.signals: list[dict[str, Any]] = []

    def take(self, one: dict[str, Any]) -> None:
        self.signals.append(one)

    def mark(self, ts: int) -> None:
        """Not of interest here."""


class HQuant:
    """Bars in; indicators, strategies and coarser periods on top.

    capacity    bars that each column holds
    bar         period of the bars that are pushed, such as '15m'; '' when it does not matter
    period      a further period to build from them, or several: '4h', ['4h', '1d']
    time_unit   of the ts and open_time given: s, ms, us or ns

    >>> hq = HQuant(capacity=100)
    >>> rsi = hq.add_indicator({"type": "rsi", "period": 2})
    >>> for i, close in enumerate((10.0, 11.0, 12.0, 11.0)):
    ...     hq.push_kline({"ts": i, "open": close, "high": close, "low": close, "close": close, "volume": 1.0})
    >>> rsi.view().tolist()
    [nan, nan, 100.0, 50.0]
    """

    def __init__(
        self,
        capacity: int = 1000,
        bar: str = "",
        period: str | Sequence[str] = (),
        symbol: str = "",
        time_unit: str = "ns",
    ) -> None:
        if not hasattr(capacity, "__index__"):
            raise HqError(subject="capacity", value=capacity, rule="must be a whole number above 0", code=USAGE)
        further = tuple(filter(None, [period])) if isinstance(period, str) else period
        for name in (bar, *further):
            refuse_no_text("bar" if name is bar else "period", name, "15m")
        refuse_no_text("symbol", symbol)
        if time_unit not in TIME_UNITS:
            raise HqError(f"time_unit is {time_unit}, must be one of {', '.join(TIME_UNITS)}", USAGE)
        self.bar = bar
        self.symbol = symbol
        self._unit = TIME_UNITS[time_unit]
        names = sorted({*further, bar} if bar or not further else set(further), key=period_ns)
        if further and not bar:
            raise HqError("bar: say the period of the bars that are pushed, such as bar='15m'", USAGE)
        self.periods = {name: PeriodBars(name, symbol, names, capacity) for name in names}
        self._coarser = [name for name in names if name != bar]
        self._strategies: list[tuple[str, str, str]] = []
        self._stores: dict[str, Store] = {}
        self._told = _Told()
        self._polled = 0  # signals of the newest bar begin here, unless they were polled
        self._signal: Any = None
        self._before: Any = None
        self._aggregate: Any = None
        self._started = False
        cols = tuple((name, kind) for name, kind in BAR.cols if name in ("ts", "open_time", *OHLC, *VOLUMES))
        self._cols = cols

    def __getitem__(self, period: str) -> PeriodBars:
        if period not in self.periods:
            raise HqError(f"unknown period '{period}'{did_you_mean(period, list(self.periods))}", USAGE)
        return self.periods[period]

    def __getattr__(self, name: str) -> Ring:
        columns = self.__dict__["periods"][self.__dict__["bar"]].columns if "periods" in self.__dict__ else {}
        if name not in columns:
            raise AttributeError(name)
        found: Ring = columns[name]
        return found

    # -- before the first bar ----------------------------------------------------------------------------
    def add_indicator(self, spec: str | Mapping[str, Any], period: str | None = None) -> IndicatorLine:
        """`rsi:14` or {"type": "rsi", "period": 14}; asked for twice it is computed once."""
        return self[self.bar if period is None else period].add(specs.single(spec).over(specs.COLUMNS))

    def load_store(self, name: str, vectors: str | Iterable[Mapping[str, Any]], timeless: bool = False) -> None:
        """A store of labelled vectors, which strategies that are added later call VEC_STORE(name).

        vectors   the path of a file of hq-vector, usearch+PATH for an approximate search in it, or maps with label,
                  vector, ts, avail_ts, and perhaps id; times in the time unit of the bars, or as ISO 8601
        timeless  the vectors have no times, and are taken as known at any time: a strategy may look ahead

        Raises HqError for vectors of different lengths, or without times.
        """
        if self._started:
            raise HqError("stores are loaded before the first bar", USAGE)
        refuse_no_text("name", name, "4h_BTC")
        from hq_core.stages.vector import opened_store, told_store

        if isinstance(vectors, str):
            self._stores[name] = opened_store(name, vectors, timeless)
        else:
            self._stores[name] = told_store(name, vectors, timeless, self._unit)

    def add_strategy(self, name: str, text: str | None = None) -> None:
        """A strategy in the language of hq-dsl(7): its text, or a name and its text.

        Raises HqError at once where it is wrong, or reads columns, periods or symbols that are not here.
        """
        if self._started:
            raise HqError("strategies are added before the first bar", USAGE)
        title, source = (name, text) if text is not None else (f"strategy{len(self._strategies) + 1}", name)
        from hq_core.stages.signal import Signal

        added = [*self._strategies, (title, source, title)]
        lengths = {period_ns(period): period for period in self.periods}
        checked = Signal(added, period=self.bar, signals=True, stores=self._stores)
        for symbol, length in checked.reads(self._schema_of(dict(self._cols))):
            if symbol:
                raise HqError(f"{title}: reads bars of {symbol}; here are those of one symbol", USAGE)
            if length not in lengths:
                known = ", ".join(self.periods).strip(", ") or "bars of no period"
                raise HqError(
                    f"{title}: reads bars of {period_text(length)}; here are {known}, and those that bar and period "
                    "name",
                    USAGE,
                )
        self._strategies = added

    # -- bars --------------------------------------------------------------------------------------------
    def push_kline(self, bar: Mapping[str, float]) -> None:
        """A closed bar: open, high, low, close, and what is known of volume, buy_volume, open_time and ts.

        ts is the close; given open_time alone, and a period, it is derived, and the other way round.
        """
        ts, open_time = self._times(bar)
        row = {name: _number(bar, name) for name in (*OHLC, *VOLUMES) if name in bar or name in OHLC}
        known = self.periods[self.bar].ts
        if known and ts <= known[-1]:
            raise HqError(
                f"ts is {ts // self._unit}, must be after that of the bar before, {known[-1] // self._unit}; "
                "update_last changes the newest bar",
                DATA,
            )
        if not self._started:
            self._start(row)
        batch = self._batch(ts, open_time, row)
        if self._aggregate is not None:
            self._aggregate.rows(batch)
            self._handover.flush()
        self.take(self.periods[self.bar], ts, row)
        if self._signal is not None:
            self._before = self._signal.save()
            self._polled = len(self._told.signals)
            self._signal.rows(batch)

    def take(self, period: PeriodBars, ts: int, row: Mapping[str, float]) -> None:
        """A bar that has closed: into its period, and to the indicators of others that read it."""
        period.push(ts, row)
        for other in self.periods.values():
            other.hear(period)

    def update_last(self, bar: Mapping[str, float]) -> None:
        """The newest bar again, with absolute values; a close beyond high or low moves them."""
        if self._coarser:
            raise HqError("update_last works on a single period: coarser bars have taken the bar already", USAGE)
        period = self.periods[self.bar]
        if not period.ts:
            raise HqError("update_last: no bar has been pushed", USAGE)
        row = {**period.last(), **{name: _number(bar, name) for name in bar if name in period.columns}}
        row["high"] = max(row["high"], row["close"])
        row["low"] = min(row["low"], row["close"])
        period.update_last(row)
        if self._signal is not None:
            del self._told.signals[self._polled :]
            self._signal.load(self._before, own=True)
            ts = period.ts[-1]
            self._signal.rows(self._batch(ts, self._open_time, row))

    def poll_signals(self) -> list[dict[str, Any]]:
        """The orders since the last poll: {"action": "BUY", "ts": ..., "strategy": ..., "size": ..., "meta": {...}}."""
        found, self._told.signals = self._told.signals, []
        self._polled = 0
        return [{**one, "ts": one["ts"] // self._unit} for one in found]

    def _times(self, bar: Mapping[str, float]) -> tuple[int, int]:
        length = period_ns(self.bar)
        if "open_time" in bar:
            open_time = to_ns("open_time", bar["open_time"], self._unit)
            return to_ns("ts", bar["ts"], self._unit) if "ts" in bar else open_time + length, open_time
        if "ts" not in bar:
            raise HqError("a bar needs ts (its close) or open_time", USAGE)
        ts = to_ns("ts", bar["ts"], self._unit)
        return ts, ts - length

    def _schema_of(self, cols: Mapping[str, str]) -> Schema:
        return Schema("bar", self.symbol, self.bar, list(cols.items()))

    def _batch(self, ts: int, open_time: int, row: Mapping[str, float]) -> Batch:
        self._open_time = open_time
        self._memory["ts"][0], self._memory["open_time"][0] = ts, open_time
        for name in self._schema.names[2:]:
            self._memory[name][0] = row.get(name, math.nan)
        return Batch(self._schema, 1, [self._memory[name].buffer_info()[0] for name in self._schema.names])

    def _start(self, first: Mapping[str, float]) -> None:
        """The first bar decides which optional columns there are; everything is compiled."""
        self._started = True
        for period in self.periods.values():
            period.begin()
        cols = {name: kind for name, kind in self._cols if name in first or name in ("ts", "open_time")}
        self._schema = self._schema_of(cols)
        self._memory: dict[str, Any] = {name: array("q" if kind == "i8" else "d", [0]) for name, kind in cols.items()}
        if self._strategies:
            from hq_core.stages.signal import Signal

            self._signal = Signal(self._strategies, period=self.bar, stores=self._stores, tell=self._told.take)
            self._signal.begin(self._told)
        if self._coarser:
            from hq_core.stages.aggregate import Aggregate

            self._aggregate = Aggregate(":".join(self._coarser))
            self._handover = Handover(_Bars(self, self._signal))
            self._aggregate.begin(self._handover)
            self._aggregate.schema(self._schema)
        if self._signal is not None:
            self._signal.schema(self._schema)
            self._signal.settle()  # so that the state before the first bar is there to go back to


def _number(bar: Mapping[str, float], name: str) -> float:
    if name not in bar:
        raise HqError(f"a bar needs {', '.join(OHLC)}; this one has {', '.join(bar)}", USAGE)
    try:
        return float(bar[name])
    except (TypeError, ValueError):
        raise HqError(f"{name} is {bar[name]!r:.40}, must be a number", DATA) from None
