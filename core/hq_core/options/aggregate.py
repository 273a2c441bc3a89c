"""What bars are made of trades and finer bars with."""

from __future__ import annotations

from hq_core.options import Declared, Option

DURATION = "DURATION"


def amounts(text: str) -> tuple[float, ...]:
    """The money tiers of 40000,200000,1000000."""
    try:
        return tuple(float(word) for word in text.split(",")) if text else ()
    except ValueError:
        raise ValueError(f"'{text}' is not a list of amounts such as 40000,200000,1000000") from None


class AggregateOptions(Declared):
    """The options of an aggregation."""

    RANGED = False  # of fx alone, which is above 0

    of = Option(
        "",
        "Make bars of the values of factors, columns of factor rows: of each NAME_open, NAME_high, NAME_low, "
        "NAME_close (the last one) and NAME_mean.",
        unit="NAME,...",
    )
    fill = Option(
        "none",
        "Over bars without trades: nothing, or the last close with zero volume and NaN vwap.",
        choices=("none", "flat"),
    )
    max_gap = Option("1d", "With --fill flat: a longer time without rows is an error.", unit=DURATION)
    partial = Option(
        "drop",
        "A first or last bar of which the input holds only a part; kept ones have complete=0.  A kept last "
        "one ends with the input: it is the one row that a longer input would not give.",
        choices=("drop", "keep", "error"),
    )
    holes = Option(
        "keep",
        "Bars made of fewer finer bars than they have room for (a 5m bar of three 1m bars).  They are "
        "counted on stderr and in the stream's end, with the place of the first one; with --fill flat there are "
        "none.",
        choices=("keep", "drop", "error"),
    )
    slack = Option(
        "1s",
        "A last bar is whole if the trades end this close to its end, and within 1 % of its period; "
        "0s: never, and then no closed row rests on the end of the input.",
        unit=DURATION,
    )
    slack_start = Option(
        "0s",
        "A first bar is whole if the trades begin this close to its beginning, and within 1 % of its "
        "period.  A series that a --state continues has begun before.",
        unit=DURATION,
    )
    emit = Option(
        "closed",
        "Closed bars only, or also the forming bar (complete=0) after every input row.",
        choices=("closed", "updates"),
    )
    lateness = Option(
        "", "Wait so long for rows out of order (2s); later ones are dropped and counted as late.", unit=DURATION
    )
    tz = Option("", "1d and 1w follow the days of this IANA zone, not of UTC.", unit="ZONE")
    time_label = Option(
        False, "Add time_label, the 5-minute slot of the UTC day at which the bar opens, 1 to 288 (00:15 is 4)."
    )
    tiers: Option[tuple[float, ...]] = Option(
        (),
        "Add volume, quote_volume and trades by side for price*qty up to A, up to B, up to C, and above: "
        "columns t1_buy_volume to t4_sell_trades.",
        kind=amounts,
        unit="A,B,C",
    )
    fx = Option(1.0, "Units of the currency of --tiers for one of the quote currency.", above=0.0, most=1e12)
