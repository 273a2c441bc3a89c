"""hq-aggregate: trades or finer bars become bars of every period of a chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.bars import level, order
from hq_core.bars.chain import CHAIN, Chain
from hq_core.bars.level import BarScratch
from hq_core.bars.period import parse_period, parse_periods, within
from hq_core.bars.plan import BarOptions
from hq_core.bars.tiers import limits
from hq_core.bars.trades import check_trades
from hq_core.batch import EVER, symbol_of
from hq_core.durations import parse_duration
from hq_core.errors import DATA, USAGE, HqError
from hq_core.options import Keywords, options_of
from hq_core.options.aggregate import DURATION, AggregateOptions
from hq_core.roles import Stage
from hq_core.saved import taking
from hq_core.say import iso_text, say_length
from hq_core.zones import open_zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.bars.of_factors import FactorBars
    from hq_core.batch import Batch, Schema
    from hq_core.book.trades import Trades
    from hq_core.jit import Kernel

MADE_OF = ("trade", "book", "bar")  # kinds that bars are made of
# what FactorBars.save gives, by period
BARS = {str: {"cut": bytes, "closing": bytes, "folds": [bytes], "begun": bool, "skip": int}}
SLACK = 1_000_000_000  # ns that are asked for by nobody: the default


def _lengths(said: AggregateOptions) -> dict[str, Any]:
    """The options that are lengths of time, in ns; one that may be empty is then none."""
    return {
        name: parse_duration(text, option) if (text := getattr(said, name)) or option.default else 0
        for name, option in options_of(AggregateOptions).items()
        if option.unit == DURATION
    }


def _amounts(given: Any) -> tuple[float, ...]:
    """The tiers that a program names, or none.  HqError USAGE for what are no numbers, such as a text of them."""
    try:
        return tuple(map(float, [given] if given and isinstance(given, str) else given))
    except (TypeError, ValueError):
        what = f"{given!r:.60}, must be numbers, such as (40000, 200000, 1000000)"
        raise HqError(what, USAGE, subject=AggregateOptions.tiers) from None


class Aggregate(Stage):
    """One chain of periods for each series of trades or bars, and of events of a market, for the trades among them.

    Rows of other kinds pass untouched.  With `of` it is rows of factors that bars are made of, and all others pass.

    Bars whose own period is asked for pass untouched too, unless rows are to be filled in, put in order or labelled.

    periods  15m:4h:1d;  the keywords are AggregateOptions
    """

    panels = "apart"
    __signature__ = Keywords(options_of(AggregateOptions), before=("periods",))

    SHAPE = {"chains": {str: CHAIN}, "factors": {str: BARS}, "marked": int}

    def __init__(self, periods: str, **given: Any) -> None:
        super().__init__()
        self.periods = parse_periods(periods)
        said = AggregateOptions(**given)
        self.of = [name.strip() for name in said.of.split(",")] if said.of else []
        self._check_of(said)
        amounts = _amounts(said.tiers)
        if amounts:
            limits(amounts, said.fx)
        self.options = BarOptions(
            fill=said.fill == "flat",
            partial=said.partial,
            holes=said.holes,
            every_row=said.emit == "updates",
            tz=said.tz,
            zone=open_zone(said.tz) if said.tz else None,
            label=said.time_label,
            amounts=amounts,
            fx=said.fx,
            **_lengths(said),
        )
        if self.options.fill and said.holes != "keep":
            what = ("with ", AggregateOptions.fill, " flat a missing row is a time without trades, not a hole")
            raise HqError(what, USAGE, subject=(AggregateOptions.holes, f" {said.holes}"))
        self.any_order = self.options.lateness > 0
        if self.options.max_gap == 0:
            raise HqError(
                (AggregateOptions.max_gap, " is 0, must be longer; ", AggregateOptions.fill, " none fills nothing"),
                USAGE,
            )
        self._chains: dict[str, Chain] = {}
        self._trades: dict[str, Trades] = {}  # by series of events
        self._of_symbol: dict[str, str] = {}  # symbol -> the series that its bars are made of
        self._scratch: list[BarScratch] = []
        self._saved: dict[str, Any] = {}
        self._factors: dict[str, FactorBars] = {}
        self._saved_factors: dict[str, Any] = {}
        self._marked = EVER  # the first mark: from there on the input is whole

    def _check_of(self, said: AggregateOptions) -> None:
        """Refuse what is said of bars of trades alone where bars of factors are asked for."""
        if not self.of:
            return
        if not all(self.of) or len(set(self.of)) < len(self.of):
            rule = "must be names of columns, each once, such as mid,imbalance_5"
            raise HqError(subject=AggregateOptions.of, value=said.of, rule=rule, code=USAGE)
        for name, option in options_of(AggregateOptions).items():
            if name != "of" and getattr(said, name) != option.default:
                raise HqError(("is not for bars of factors; leave out ", AggregateOptions.of), USAGE, subject=option)

    def kernels(self) -> tuple[Kernel, ...]:
        if self.of:
            from hq_core.bars.of_factors import KERNELS

            return KERNELS
        return order.check_order, check_trades, *level.kernels(bool(self.options.amounts))

    def schema(self, schema: Schema) -> None:
        if self.of and schema.of == "factor":
            self._of_factors(schema)
            return
        if self.of or schema.of not in MADE_OF:
            self.out.series(schema)
            return
        other = self._of_symbol.setdefault(schema.symbol, schema.key)
        if other != schema.key:
            raise HqError(f"{other} and {schema.key} would make the same bars; send one of them", DATA)
        made_of = schema
        if schema.of == "book":
            from hq_core.book.trades import Trades  # few inputs have any

            trades = self._trades[schema.key] = Trades(schema)
            made_of = trades.series
        chain = Chain(
            made_of, self.periods, self.options, self._scratch, self.out, self.dropped, self.notices, self.holes
        )
        chain.marked = self._marked
        before = self._chains.get(schema.key)
        saved = before.save() if before else self._saved.pop(schema.key, None)
        if saved is not None:
            with taking():
                chain.load(saved)
        self._chains[schema.key] = chain

    def _of_factors(self, schema: Schema) -> None:
        from hq_core.bars.of_factors import FactorBars

        before = self._factors.get(schema.key)
        bars = self._factors[schema.key] = FactorBars(schema, self.of, self.periods, self.out, self.drop)
        saved = before.save() if before else self._saved_factors.pop(schema.key, None)
        if saved is not None:
            with taking():
                bars.load(saved)

    def rows(self, batch: Batch) -> None:
        if batch.schema.key in self._factors:
            self._factors[batch.schema.key].rows(batch)
            return
        chain = self._chains.get(batch.schema.key)
        if chain is None:
            self.out.copy(batch)
        elif batch.schema.of == "book":
            trades = self._trades[batch.schema.key].of(batch)
            if trades.n:
                chain.rows(trades)
        else:
            chain.rows(batch)

    def mark(self, ts: int) -> None:
        self._marked = min(self._marked, within(ts))
        for chain in self._chains.values():
            chain.mark(ts)
        for bars in self._factors.values():
            bars.mark(ts)
        self.out.mark(ts)

    def advance(self, ts: int) -> None:
        for chain in self._chains.values():
            chain.advance(ts)
        for bars in self._factors.values():
            bars.mark(ts)

    def finish(self, more: bool) -> None:
        if not more:
            for chain in self._chains.values():
                chain.flush()

    def _shortened(self) -> Iterator[str]:
        """A slack that was asked for and is longer than a bar may be taken for whole by."""
        trades = any(not key.startswith("bar/") for key in self._chains)
        for name, slack in (("slack", self.options.slack), ("slack-start", self.options.slack_start)):
            short = [one for one in self.periods if slack > max(one.ns // 100, SLACK)]
            if trades and short:
                least = short[0]
                yield (
                    f"{name}: {say_length(slack)} is cut to 1 % of the period: {say_length(least.ns // 100)} "
                    f"of {least.name}"
                )

    def remarks(self) -> list[str]:
        found: dict[str, list[tuple[str, dict[str, int]]]] = {}
        for series, one in self.holes.items():
            found.setdefault(series.rpartition("/")[2], []).append((series, one))
        lines = [self._remark(one, found[one]) for one in sorted(found, key=lambda name: parse_period(name).ns)]
        return [*lines, *self._shortened()]

    def _remark(self, period: str, found: list[tuple[str, dict[str, int]]]) -> str:
        bars, rows = (sum(one[what] for _, one in found) for what in ("bars", "rows"))
        series, first = min(found, key=lambda one: one[1]["first"])
        which = f"bar{'s' * (bars != 1)} of {period} lack{'s' * (bars == 1)} {rows} row{'s' * (rows != 1)}"
        return f"holes: {bars} {which}, first at {iso_text(first['first'])} of {series}"

    def save(self) -> dict[str, Any]:
        chains = {**self._saved, **{key: chain.save() for key, chain in self._chains.items()}}
        factors = {**self._saved_factors, **{key: bars.save() for key, bars in self._factors.items()}}
        return {"chains": chains, "factors": factors, "marked": self._marked}

    def load(self, saved: dict[str, Any]) -> None:
        self._saved = dict(saved["chains"])
        self._saved_factors = dict(saved["factors"])
        self._of_symbol = {symbol_of(key): key for key in self._saved}
        self._marked = saved["marked"]
