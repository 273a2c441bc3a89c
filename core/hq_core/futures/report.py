"""The report of a run: what an account came to, each statistic's definition, and the card: how it was made."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hq_core import VERSION
from hq_core.futures.account import RULES
from hq_core.futures.calendar import MONTH_NS, periods_per_year, years
from hq_core.futures.orders import CANCELLED, EXPIRED, FULLY, MANY_REASONS, REJECTED
from hq_core.kinds import REASONS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hq_core.futures.engine import Account

LISTED = 100  # liquidations that a report lists; all are counted

DEFINITIONS = {
    "net_result": "final equity - initial margin, quote currency; of inverse contracts all money is in the coin",
    "buy_and_hold": "last close / first close - 1, of an account of one symbol; no leverage, fees or funding",
    "return_ann": "(final equity / initial margin) ^ (1 / years from the first row to the last, of 365.25 days) - 1; "
    "-1 once bankrupt; null under 30 days",
    "vol_ann": "sample standard deviation of the returns of the rows * sqrt(periods_per_year); this and the next two "
    "have 3 digits under 30 days",
    "sharpe_ann": "mean return of the rows / their standard deviation * sqrt(periods_per_year), risk-free 0",
    "sortino_ann": "mean return of the rows / sqrt(mean of min(return, 0)^2) * sqrt(periods_per_year)",
    "max_drawdown": "largest (peak - equity) / peak over equity at closes; duration: peak to recovery or end",
    "trades": "round trips: a side from its first fill until nothing is left of it",
    "win_rate": "round trips with a result above 0 after fees / all round trips",
    "profit_factor": "sum of winning round trips / sum of losing round trips",
    "exposure": "rows that end with an open position / all rows",
    "turnover": "sum of the notional of all fills, quote currency",
    "liquidation": "where the mark price (last price without one) reaches the liquidation price on a bar's path, or is "
    "beyond it at its open or close: hq-account(7)",
}

OF_FUNDING = {
    "funding_missing": "times at which funding was due, a position was held and no row said a rate: hq-account(7)"
}


def summary(
    account: Account,
    symbol: str,
    period: str,
    liquidations: list[dict[str, Any]],
    per_year: float | None = None,
    name: str = "",
    made_by: Iterable[Any] = (),
    funded: bool = False,
) -> dict[str, Any]:
    """The report as plain values; None where a statistic is not defined, never nan.

    symbol         the account's; empty: it trades several
    liquidations   the first of them, as rows; the account counts them all
    per_year       rows a year, where the user knows it better than the data shows
    name           of the account: the strategy's
    funded         rates of funding were given, so that those that lack are told
    made_by        the commands that the bars and orders went through, as a head has them
    """
    s = account.state
    equity = s.equity
    basis = "given"
    if per_year is None:
        per_year, basis = periods_per_year(period, s.periods, s.first_ts, s.last_ts, s.days, s.weekdays)
    short = s.last_ts - s.first_ts < MONTH_NS
    deviation = math.sqrt(max(s.m2, 0.0) / (s.periods - 1)) if s.periods > 1 else 0.0
    downside = math.sqrt(s.downside)
    scale = math.sqrt(per_year) if per_year else None
    end = s.dd_recovery_ts or s.last_ts
    notes = []
    if account.terms.fill == "close":
        notes.append("same-bar: orders fill at the close that decided them, which risks lookahead")
    if short and s.periods:
        notes.append("under 30 days: no annual return, and the other annual figures are rough")
    return {
        "kind": "report",
        "account": name,
        "market": "coinm" if account.terms.contract == "inverse" else "usdm",
        "symbol": symbol,
        "symbols": list(account.symbols),
        "period": period,
        "options": account.terms.described(),
        "fill": "same-bar" if account.terms.fill == "close" else "next-open",
        "notes": notes,
        "first_ts": s.first_ts if s.periods else None,
        "last_ts": s.last_ts if s.rows else None,
        "rows": s.periods,
        "rows_after_bankruptcy": s.rows_after,
        "rows_provisional": s.provisional,
        "initial_margin": s.start,
        "final_equity": equity,
        "wallet": s.wallet,
        "net_result": equity - s.start,
        "realised": s.realised + s.realised_low,
        "unrealised": equity - s.wallet,
        "fees": s.fees + s.fees_low,
        "funding": s.funding + s.funding_low,
        "payments": s.payments,
        **({"funding_missing": s.missed} if funded else {}),
        "insurance": s.insurance + s.insurance_low,
        "return_frac": equity / s.start - 1.0,
        "buy_and_hold": finite(account.held_return(0)) if len(account.symbols) == 1 else None,
        "return_ann": -1.0
        if s.bankrupt
        else None
        if short
        else _annual_return(equity / s.start, years(s.first_ts, s.last_ts)),
        "vol_ann": _annual(deviation * scale, short) if scale and s.periods > 1 else None,
        "sharpe_ann": _annual(s.mean / deviation * scale, short) if scale and deviation > 0.0 else None,
        "sortino_ann": _annual(s.mean / downside * scale, short) if scale and downside > 0.0 else None,
        "periods_per_year": per_year,
        "periods_per_year_from": basis,
        "max_drawdown": {
            "frac": s.dd_frac,
            "value": s.dd_value,
            "start_ts": s.dd_start_ts if s.dd_frac > 0.0 else None,
            "trough_ts": s.dd_trough_ts if s.dd_frac > 0.0 else None,
            "recovery_ts": s.dd_recovery_ts or None,
            "duration_ns": end - s.dd_start_ts if s.dd_frac > 0.0 else 0,
        },
        "trades": s.trades,
        "wins": s.wins,
        "losses": s.losses,
        "win_rate": s.wins / s.trades if s.trades else None,
        "profit_factor": _profit_factor(s),
        "exposure": s.in_market / s.periods if s.periods else None,
        "turnover": s.turnover + s.turnover_low,
        "orders": orders(account),
        "open_positions": _open_position(account),
        "liquidated": s.liquidations,
        "bankrupt": bool(s.bankrupt),
        "liquidations": [_node(account, end) for end in liquidations[:LISTED]],
        "definitions": DEFINITIONS | (OF_FUNDING if funded else {}),
        "card": {**card(made_by), "digest": account.digest},
    }


def card(made_by: Iterable[Any]) -> dict[str, Any]:
    """What the result follows from, next to the rows themselves and the options: versions, commands, digests of files.

    Of what is written as a path from the root only the last part stands here, so that the card of a run is the same
    on every machine: what was in a file its digest says.
    """
    chain = [
        [command, version, [_anywhere(word) for word in words], {_anywhere(name): one for name, one in files.items()}]
        for command, version, words, files in filter(_well_made, made_by)
    ]
    return {"hq": VERSION, "rules": RULES, "made_by": chain}


def _well_made(one: object) -> bool:
    """Whether an entry of a head is as hq-frames(5) has it; others may have written it."""
    if not isinstance(one, (list, tuple)) or len(one) != 4:
        return False
    _, _, words, files = one
    return isinstance(words, (list, tuple)) and isinstance(files, dict)


def _anywhere(word: object) -> object:
    """A word of a command line, without the folders of a path that begins at the root."""
    if not isinstance(word, str):
        return word
    before, equals, value = word.rpartition("=")
    path, colon, rest = value.partition(":")
    return f"{before}{equals}{path.rpartition('/')[2]}{colon}{rest}" if path.startswith("/") else word


def finite(value: float) -> float | None:
    """The value, or None where it overflowed or is undefined."""
    return value if math.isfinite(value) else None


def _annual(value: float, short: bool) -> float | None:
    """An annual figure; of a short run no more digits than it can bear."""
    return finite(float(f"{value:.3g}") if short else value)


# How an order can end, as the report groups it: by state and the reasons that are told apart
OUTCOMES = {
    "cut": (FULLY, {"cut by margin": "margin", "cut by bracket": "bracket", "cut to position": "position"}),
    "ignored": (REJECTED, {name: name for name in ("conflict", "pyramid", "flat", "bankrupt")}),
    "rejected": (
        REJECTED,
        {
            name: name.replace(" ", "_")
            for name in ("size", "notional", "margin", "bracket", "post_only", "no such order", "not in this mode")
        },
    ),
    "cancelled": (
        CANCELLED,
        {
            name: name.replace(" ", "_")
            for name in (
                "cancel", "replaced", "group", "flat", "tif", "liquidation", "notional", "margin", "bracket",
                "bankrupt", "end of input",
            )
        },
    ),
}  # fmt: skip


def orders(account: Account) -> dict[str, Any]:
    """How the orders ended, with the reasons; what still waits for its next bar found none, and what rests is open."""
    tally, waiting, resting = account.tally, account.waiting, account.resting
    found: dict[str, Any] = {"total": account.state.orders}
    full = sum(tally[FULLY * MANY_REASONS : (FULLY + 1) * MANY_REASONS])
    found["filled"] = full
    for outcome, (state, reasons) in OUTCOMES.items():
        counts = {said: tally[state * MANY_REASONS + REASONS.index(name)] for name, said in reasons.items()}
        found[outcome] = counts
        if state == FULLY:
            found["filled"] -= sum(counts.values())
    found["ignored"]["end_of_input"] = waiting
    found["expired"] = sum(tally[EXPIRED * MANY_REASONS : (EXPIRED + 1) * MANY_REASONS])
    found["resting"] = resting
    return found


def _node(account: Account, end: dict[str, Any]) -> dict[str, Any]:
    """A liquidation as the report tells it."""
    return {**end, "symbol": account.symbols[end["symbol"]], "side": "long" if end["side"] > 0 else "short"}


def _annual_return(ratio: float, span: float) -> float | None:
    if ratio <= 0.0:
        return -1.0
    try:
        return finite(ratio ** (1.0 / span) - 1.0)
    except OverflowError:
        return None


def _profit_factor(s: Any) -> float | None:
    gained, lost = s.gross_profit + s.gross_profit_low, s.gross_loss + s.gross_loss_low
    return finite(gained / lost) if lost > 0.0 else None


def _open_position(account: Account) -> list[dict[str, Any]]:
    """What is held at the end, a symbol and side each."""
    return [
        {"symbol": symbol, "side": "long" if side > 0 else "short", **account.position(number, side)}
        for number, symbol in enumerate(account.symbols)
        for side in (1, -1)
        if account.position(number, side)["quantity"]
    ]
