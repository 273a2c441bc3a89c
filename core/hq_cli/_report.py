"""The report as text for a terminal, at most 80 columns: one account in full, or several with a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.say import say_length

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

OUTCOMES = ("cut", "ignored", "rejected", "cancelled")  # of orders, each with its reasons
LISTED = 10  # liquidations
NAMED = 4  # symbols: of more their number


def readable(report: dict[str, Any]) -> str:
    """Label and value, aligned; - where a statistic is not defined."""
    drop, options = report["max_drawdown"], report["options"]
    symbols = report["symbols"]
    traded = " ".join(symbols) if len(symbols) <= NAMED else f"{len(symbols)} symbols"
    rows: list[tuple[str, str]] = [
        (
            "market",
            f"{traded or '-'} {report['period']} {report['market']}, "
            f"{options['position_mode']}, {options['margin']}, {leverage(options, symbols)}, fills {report['fill']}",
        ),
        ("account", report["account"] or "-"),
        ("from", f"{instant(report['first_ts'])} to {instant(report['last_ts'])}, {report['rows']} rows"),
        ("equity", f"{money(report['initial_margin'])} to {money(report['final_equity'])}"),
        ("net result", f"{money(report['net_result'])} ({share(report['return_frac'])})"),
    ]
    if len(symbols) == 1:
        rows.append(("buy and hold", share(report["buy_and_hold"])))
    rows += [
        ("annual", f"return {share(report['return_ann'])}, volatility {share(report['vol_ann'])}"),
        ("Sharpe, Sortino", f"{number(report['sharpe_ann'])}, {number(report['sortino_ann'])}"),
        ("periods a year", f"{number(report['periods_per_year'])} ({report['periods_per_year_from']})"),
        ("max drawdown", f"{share(drop['frac'])}, {money(drop['value'])}, lasted {say_length(drop['duration_ns'])}"),
        (
            "round trips",
            f"{report['trades']}, won {share(report['win_rate'])}, profit factor {number(report['profit_factor'])}",
        ),
        ("exposure", f"{share(report['exposure'])}, turnover {money(report['turnover'])}"),
        ("fees", money(report["fees"])),
    ]
    missing = report.get("funding_missing", 0)
    if report["payments"] or missing:
        lacks = f", {missing} due without a rate" if missing else ""
        rows.append(("funding", f"{money(report['funding'])} in {report['payments']} payments{lacks}"))
    if report["insurance"]:
        rows.append(("insurance", money(report["insurance"])))
    rows += ended(report["orders"])
    for held in report["open_positions"]:
        whose = f"{held['symbol']} " if len(symbols) > 1 else ""
        entry, at = number(held["entry"]), number(held["liquidation_price"])
        rows.append((f"open {held['side']}", f"{whose}{held['quantity']:.12g} at {entry}, liquidation at {at}"))
    rows.append(("liquidations", str(report["liquidated"])))
    for end in report["liquidations"][:LISTED]:
        whose = f"{end['symbol']} " if len(symbols) > 1 else ""
        rows.append(
            (
                "",
                f"{instant(end['ts'])} row {end['row']}: {whose}{end['side']} "
                f"{end['quantity']:.12g} at {number(end['liquidation_price'])}, lost {money(end['loss'])}",
            )
        )
    if report["bankrupt"]:
        rows.append(("bankrupt", f"{report['rows_after_bankruptcy']} later rows were not traded"))
    rows += [("note", note) for note in report["notes"]]
    rows.append(("made by", f"hq {report['card']['hq']}, rules {report['card']['rules']}"))
    return "\n".join(line for label, text in rows for line in wrapped(label, text)) + "\n"


def leverage(options: dict[str, Any], symbols: list[str]) -> str:
    """That of the account, and of symbols that have their own; of one symbol alone what it has."""
    own = options.get("leverage_of", {})
    if len(symbols) == 1:
        return f"{own.get(symbols[0], options['leverage'])}x"
    return " ".join([f"{options['leverage']}x", *(f"{symbol}={own[symbol]}x" for symbol in symbols if symbol in own)])


def ended(orders: dict[str, Any]) -> list[tuple[str, str]]:
    """How the orders ended: what came of them, and the reasons of each outcome that has some."""
    counts = [(outcome, sum(orders[outcome].values())) for outcome in OUTCOMES]
    counts += [("expired", orders["expired"]), ("resting", orders["resting"])]
    told = [f"{orders['filled']} filled", *(f"{n} {outcome}" for outcome, n in counts if n)]
    rows = [("orders", f"{orders['total']}: {', '.join(told)}")]
    for outcome in OUTCOMES:
        why = ", ".join(f"{n} {reason.replace('_', ' ')}" for reason, n in orders[outcome].items() if n)
        if why:
            rows.append((f"  {outcome}", why))
    return rows


# of several accounts: head, width, what stands there
COLUMNS: tuple[tuple[str, int, Callable[[dict[str, Any]], str]], ...] = (
    ("net %", 10, lambda report: brief(100.0 * report["return_frac"])),
    ("drop %", 8, lambda report: brief(100.0 * report["max_drawdown"]["frac"])),
    ("Sharpe", 10, lambda report: brief(report["sharpe_ann"])),
    ("trips", 9, lambda report: str(report["trades"])),
    ("won %", 8, lambda report: brief(None if report["win_rate"] is None else 100.0 * report["win_rate"])),
    ("fees", 10, lambda report: brief(report["fees"])),
    ("liq.", 6, lambda report: str(report["liquidated"])),
)
NAME = 80 - sum(width for _, width, _ in COLUMNS)


def compared(reports: Iterable[dict[str, Any]]) -> str:
    """Several accounts, a line each under one head; a name that is too long stands on lines of its own."""
    lines = [f"{'account':{NAME}}" + "".join(f"{head:>{width}}" for head, width, _ in COLUMNS)]
    for report in reports:
        name = report["account"] or "-"
        if len(name) >= NAME:
            lines += pieces(name, 80)
            name = ""
        lines.append(f"{name:{NAME}}" + "".join(f" {text(report):>{width - 1}}" for _, width, text in COLUMNS))
    return "\n".join(lines) + "\n"


def wrapped(label: str, text: str) -> list[str]:
    """The label, and the text beside it on as many lines as it takes."""
    lines, line = [], ""
    for word in [piece for whole in text.split(" ") for piece in pieces(whole, 60)]:
        if line and len(line) + 1 + len(word) > 60:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    lines.append(line)
    return [f"{label if i == 0 else '':18}{part}".rstrip() for i, part in enumerate(lines)]


def pieces(word: str, most: int) -> list[str]:
    """A word that is too long for a line, cut."""
    return [word[i : i + most] for i in range(0, len(word), most)] or [""]


def money(value: float) -> str:
    return f"{value:,.2f}"


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}" if abs(value) < 1e6 else f"{value:,.0f}"


def brief(value: float | None) -> str:
    """A number up to 1e99 in at most 9 characters."""
    return "-" if value is None else f"{value:.2f}" if abs(value) < 1e5 else f"{value:.2e}"


def share(value: float | None) -> str:
    return "-" if value is None else f"{100.0 * value:.4g} %"


def instant(ts: int | None) -> str:
    """A time in UTC, to the second."""
    if ts is None:
        return "-"
    from time import gmtime, strftime

    return strftime("%Y-%m-%d %H:%M:%S", gmtime(ts // 1_000_000_000))
