"""What an account is opened with."""

from __future__ import annotations

from hq_core.options import Declared, Option

SIZE_UNITS = ("contracts", "base", "quote", "equity_frac", "risk_frac")
MOST = 1e15
BY_BPS, BY_QUOTES = "bps", "quotes"
MOST_LEVERAGE = 150  # what the largest venues offer


class AccountOptions(Declared):
    """The options of an account.  lot and tick are decimals as text, so that they are exact."""

    RANGED = False  # bounds that nobody meets say nothing in help; Terms checks them for shell and program alike

    initial_margin = Option(1000.0, "What the wallet begins with.", above=0.0, most=MOST, unit="QUOTE")
    leverage = Option(10, "1 to 150, and at most the bracket's.", least=1, most=MOST_LEVERAGE)
    contract_size = Option(1.0, "Base asset of one contract.", above=0.0, most=MOST)
    maker_fee = Option(
        0.00044,
        "Of the notional, for fills of orders that rested; below 0 a rebate.",
        least=-0.1,
        most=0.1,
        unit="FRACTION",
    )
    taker_fee = Option(0.00044, "Of the notional, for all other fills.", least=0.0, most=0.1, unit="FRACTION")
    lot = Option("0.001", "Smallest step of the quantity, in contracts.")
    tick: Option[str | None] = Option(
        None, "Smallest step of the price: bars off it are an error, prices of orders go to it.", kind=str
    )
    size = Option(
        "100%",
        "Of opening orders that name none: a number in --size-unit, a share of the equity such as 50%, or all that the "
        "margin allows.",
        unit="SIZE",
        shown=True,
    )
    size_unit = Option(
        "contracts",
        "Unit of every size without one; quote is the notional at the fill, equity_frac a share of the equity as "
        "notional, risk_frac one that is lost at the order's stop.",
        choices=SIZE_UNITS,
    )
    min_notional = Option(
        0.0, "Opening orders below this notional are rejected.", least=0.0, most=MOST, unit="QUOTE", shown=True
    )
    cash_policy = Option(
        "cut", "An order that the margin does not cover: cut to what it does, or reject.", choices=("cut", "reject")
    )
    contract = Option(
        "linear",
        "inverse: margined in the coin, a contract is --contract-size of quote.",
        choices=("linear", "inverse"),
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


class FillOptions(Declared):
    """How orders fill."""

    RANGED = False

    path = Option(
        "pessimistic",
        "Which way the price goes inside a bar: pessimistic, to the extreme that hurts first; optimistic, to the one "
        "that helps; ohlc, to the one nearer to the open; or as the input's finer bars of a period such as 1m have it, "
        "or its trades.",
        unit="PATH",
        shown=True,
    )
    slippage_bps = Option(
        0.0, "What every fill of a taker is worse by, in 1/10000 of the price.", least=0.0, most=5000.0, shown=True
    )
    spread_bps = Option(0.0, "Between bid and ask: a taker gives half of it.", least=0.0, most=5000.0, shown=True)
    spread = Option(
        BY_BPS,
        "quotes: as the input's rows of kind quote have it, whose sizes are the most that takers fill at once.",
        choices=(BY_BPS, BY_QUOTES),
    )
    impact = Option(
        "none",
        "What a taker's own quantity moves the price by: --impact-coefficient times its share of the bar's volume, or "
        "times the square root of that.",
        choices=("none", "linear", "sqrt"),
    )
    impact_coefficient = Option(
        0.1, "Share of the price that an order of the whole volume moves it by.", least=0.0, most=10.0, shown=True
    )
    volume_share: Option[float | None] = Option(
        None,
        "The most of a bar's volume that orders fill; what is left of them goes on.",
        kind=float,
        above=0.0,
        most=1.0,
        unit="FRACTION",
    )
    latency = Option("0s", "An order begins to work at the first open so long after it was decided.", unit="DURATION")
    latency_bars = Option(0, "And at least so many bars after the next one.", least=0, most=1_000_000, shown=True)


class BracketOptions:
    """Where margin rates, steps and leverage of symbols come from."""

    brackets = Option("", "Leverage brackets, the exchange's JSON or CSV; an entry may carry valid_from.", unit="FILE")
    leverage_of: Option[tuple[str, ...]] = Option(
        (), "The leverage of a symbol in place of --leverage.", kind=str, many=True, unit="SYMBOL=N"
    )


class FundingOptions:
    """Where rates of funding come from, and what it is when one is not there."""

    funding = Option(
        "",
        "Rows of kind funding beside those of the stream: hq-frames, or what hq-import --kind funding reads.",
        unit="FILE",
    )
    funding_missing = Option(
        "zero",
        "A time at which funding was due, a position was held and no row says it: zero pays nothing and counts it, "
        "fail ends with 65.",
        choices=("zero", "fail"),
    )


class MarginOptions(Declared):
    """What keeps a position and what ends it."""

    RANGED = False

    maintenance = Option(
        0.004, "Maintenance margin rate where there is no bracket file.", least=0.0, most=0.999, unit="FRACTION"
    )
    liquidation = Option(
        "whole",
        "What a liquidation closes: whole, or tiers, as much as brings the position into the next lower tier of "
        "--brackets, again and again until it is safe.",
        choices=("whole", "tiers"),
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
    max_open = Option(False, "Add to equity, of an account of one symbol, how much could be opened at most.")
    keep_input = Option(
        False, "Pass rows of kind order too, those of strategies that run here among them, with their META."
    )
    close_at_end = Option(False, "Close what is open after the last bar, at its close; not with --state.")
    periods_per_year: Option[float | None] = Option(
        None,
        "Rows a year for annual figures; else as the period and the days with rows show.",
        kind=float,
        above=0,
        most=1e9,
        unit="ROWS",
    )
