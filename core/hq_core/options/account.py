"""What an account is opened with."""

from __future__ import annotations

from hq_core.options import Declared, Option

SIZE_UNITS = ("contracts", "base", "quote")
MOST = 1e15
MOST_LEVERAGE = 150  # what the largest venues offer


class AccountOptions(Declared):
    """The options of an account.  lot and tick are decimals as text, so that they are exact."""

    RANGED = False  # bounds that nobody meets say nothing in help; Terms checks them for shell and program alike

    initial_margin = Option(1000.0, "What the wallet begins with.", above=0.0, most=MOST, unit="QUOTE")
    leverage = Option(10, "1 to 150, and at most the bracket's.", least=1, most=MOST_LEVERAGE)
    contract_size = Option(1.0, "Base asset of one contract.", above=0.0, most=MOST)
    maker_fee = Option(
        0.00044,
        "Of the notional, for fills of resting orders: there are none yet, so it is only reported.",
        least=-0.1,
        most=0.1,
        unit="FRACTION",
    )
    taker_fee = Option(
        0.00044, "Of the notional; every fill is a market order and pays it.", least=0.0, most=0.1, unit="FRACTION"
    )
    lot = Option("0.001", "Smallest step of the quantity, in contracts.")
    tick: Option[str | None] = Option(None, "Smallest step of the price: prices off it are an error.", kind=str)
    size: Option[float | None] = Option(
        None,
        "Of opening orders that name none; without it all that the margin allows.",
        kind=float,
        above=0.0,
        most=MOST,
    )
    size_unit = Option(
        "contracts", "Unit of every order's size; quote is the notional at the fill.", choices=SIZE_UNITS
    )
    position_mode = Option("one-way", "hedge holds a long and a short side by side.", choices=("one-way", "hedge"))
    margin = Option(
        "isolated", "Whether a position risks its own margin or the whole wallet.", choices=("isolated", "cross")
    )
    fill = Option(
        "next-open",
        "close fills at the price that decided the order, and the report says so.",
        choices=("next-open", "close"),
    )
    conflict = Option("none", "A row that buys and sells: do neither and count it, or stop.", choices=("none", "error"))
    pyramid = Option(
        0,
        "How often an open position may be added to; further opens are ignored and counted.",
        least=0,
        most=1_000_000,
        unit="N",
        shown=True,
    )


class BracketOptions:
    """Where margin rates come from."""

    brackets = Option("", "Leverage brackets, the exchange's JSON or CSV; an entry may carry valid_from.", unit="FILE")


class MarginOptions(Declared):
    """What keeps a position and what ends it."""

    RANGED = False

    maintenance = Option(
        0.004, "Maintenance margin rate where there is no bracket file.", least=0.0, most=0.999, unit="FRACTION"
    )
    liquidation_fee = Option(
        0.0,
        "Of the notional of a liquidated position, on top of the taker fee.",
        least=0.0,
        most=0.1,
        unit="FRACTION",
        shown=True,
    )


class RunOptions:
    """What is traded on an account, and what is told of it."""

    strategy = Option("", "Which strategy's orders, where there are several.", unit="NAME")
    symbol = Option("", "Whose orders, where several symbols have some.", unit="NAME")
    close_at_end = Option(False, "Close what is open after the last bar, at its close; not with --state.")
    periods_per_year: Option[float | None] = Option(
        None,
        "Rows a year for annual figures; else as the period and the days with rows show.",
        kind=float,
        above=0,
        most=1e9,
        unit="ROWS",
    )
