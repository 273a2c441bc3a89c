"""What a chain makes from a given series: which columns come in, which go out, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.bars import tiers
from hq_core.bars.period import parse_period
from hq_core.batch import Schema
from hq_core.errors import DATA, HqError
from hq_core.kinds import BAR, BY_SIDE, LABEL, PLAIN, SUMS, TIERS, TOTALS, TRADE
from hq_core.options.aggregate import AggregateOptions

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from hq_core.bars.period import Period

_TIERS = {column.name: column.type for column in TIERS}
_SUMS = {name: kind for name, kind in BAR.cols if name in SUMS} | _TIERS


class BarOptions:
    """The choices of one run; see the options of hq-aggregate.

    fill       repeat the last close over bars without trades
    max_gap    longest silence that is filled, ns
    partial    drop, keep or error
    holes      keep, drop or error: bars that were made of fewer finer bars than they have room for
    every_row  a forming bar after each input row
    slack      the end of trades this close to the end of a bar (ns, and 1 % of its period) is the end of the bar
    slack_start   the same of the first trade and the beginning of a bar
    passes     rows of a period that is the input's own leave as they came, unless something is to be added to them
    lateness   ns to wait for rows out of order; 0: none may be
    label      add time_label
    amounts, fx   money tiers in another currency, and its rate
    """

    __slots__ = (
        "amounts",
        "every_row",
        "fill",
        "fx",
        "holes",
        "label",
        "lateness",
        "max_gap",
        "partial",
        "passes",
        "slack",
        "slack_start",
        "tz",
        "zone",
    )

    def __init__(
        self,
        *,
        fill: bool = False,
        max_gap: int = 86_400_000_000_000,
        partial: str = "drop",
        every_row: bool = False,
        slack: int = 0,
        slack_start: int = 0,
        holes: str = "keep",
        lateness: int = 0,
        tz: str = "",
        zone: ZoneInfo | None = None,
        label: bool = False,
        amounts: tuple[float, ...] = (),
        fx: float = 1.0,
        passes: bool = True,
    ) -> None:
        self.fill = fill
        self.max_gap = max_gap
        self.partial = partial
        self.every_row = every_row
        self.slack = slack
        self.slack_start = slack_start
        self.holes = holes
        self.lateness = lateness
        self.tz = tz
        self.zone = zone
        self.label = label
        self.amounts = amounts
        self.fx = fx
        self.passes = passes and not (fill or lateness or label)


def source_period(schema: Schema) -> Period:
    """The period that the bars of the input say they have."""
    if not schema.period:
        raise HqError(f"{schema.key}: these bars do not say their period; hq-import --period names it", DATA)
    try:
        return parse_period(schema.period)
    except HqError as error:
        raise error.within(schema.key, DATA) from None


class BarPlan:
    """The columns of one chain.

    inputs   columns read from the base rows: name -> type
    sums     (name, type, place of its pair in a body)
    base     ns of the rows that holes are counted in; 0: trades come, or --fill flat says that what lacks was quiet
    width    float64 values in a body; of bars the last pair counts the rows of the input
    place    output column -> its number
    """

    def __init__(self, schema: Schema, options: BarOptions) -> None:
        self.source = f"{schema.of}{schema.period and ' ' + schema.period}"
        self.options = options
        self.fill, self.partial, self.every_row = options.fill, options.partial, options.every_row
        self.zone = options.zone
        self.inputs: dict[str, str] = {}
        self.bounds: list[float] = []
        names = self._from_trades(schema) if schema.of == "trade" else self._from_bars(schema)
        self.sums = [(name, _SUMS[name], 4 + 2 * i) for i, name in enumerate(names)]
        self.width = 4 + 2 * len(names) + 2 * (schema.of == "bar")
        self.base = source_period(schema).ns if schema.of == "bar" and not options.fill else 0
        self.cols = self._columns(names)
        self.place = {name: i for i, (name, _) in enumerate(self.cols)}

    def _from_trades(self, schema: Schema) -> list[str]:
        self._need(schema, TRADE.required)
        self._may(schema, TRADE.cols)
        names = list(TOTALS)
        if "side" in self.inputs:
            names += BY_SIDE
        if self.options.amounts:
            if "side" not in self.inputs:
                has = f" needs the column side; {schema.key} has {', '.join(schema.names)}"
                raise HqError((AggregateOptions.tiers, has), DATA)
            self.bounds = tiers.limits(self.options.amounts, self.options.fx)
            names += _TIERS
        return names

    def _from_bars(self, schema: Schema) -> list[str]:
        self._need(schema, BAR.required)
        self._may(schema, tuple(col for col in BAR.cols if col[0] in PLAIN))
        self._may(schema, tuple(_SUMS.items()))
        if self.options.amounts and TIERS[0].name not in self.inputs:
            has = f" needs trades; {schema.key} are bars without tier columns"
            raise HqError((AggregateOptions.tiers, has), DATA)
        return [name for name in _SUMS if name in self.inputs]

    def _need(self, schema: Schema, columns: tuple[tuple[str, str], ...]) -> None:
        for name, kind in columns:
            _, self.inputs[name] = schema.cols[schema.typed(name, kind)]

    def _may(self, schema: Schema, columns: tuple[tuple[str, str], ...]) -> None:
        self._need(schema, tuple((name, kind) for name, kind in columns if schema.has(name)))

    def _columns(self, names: list[str]) -> list[tuple[str, str]]:
        mean = ("vwap",) if "volume" in names and "quote_volume" in names else ()
        found = [col for col in BAR.cols if col[0] in (*PLAIN, *names, *mean)]
        if self.options.label:
            found.append((LABEL.name, LABEL.type))
        return found + [col for col in _TIERS.items() if col[0] in names]

    def schema(self, symbol: str, period: Period) -> Schema:
        """What the rows of one period look like, with the choices that their values depend on."""
        extra: dict[str, object] = {}
        if self.zone and period.name in ("1d", "1w"):
            extra["tz"] = self.options.tz
        if self.options.amounts:
            extra["tiers"] = list(self.options.amounts)
            extra["fx"] = self.options.fx
        return Schema("bar", symbol, period.name, self.cols, extra)
