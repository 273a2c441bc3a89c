"""The report as text for a terminal, at most 80 columns."""

from __future__ import annotations

from typing import Any

from hq_core.say import say_length


def readable(report: dict[str, Any]) -> str:
    """Label and value, aligned; - where a statistic is not defined."""
    drop, ended = report["max_drawdown"], report["orders"]
    options = report["options"]
    rows: list[tuple[str, str]] = [
        (
            "market",
            f"{report['symbol'] or '-'} {report['period']} usdm, {options['position_mode']}, "
            f"{options['margin']}, {options['leverage']}x, fills {report['fill']}",
        ),
        ("from", f"{instant(report['first_ts'])} to {instant(report['last_ts'])}, {report['rows']} rows"),
        ("initial margin", money(report["initial_margin"])),
        ("final equity", money(report["final_equity"])),
        ("net result", f"{money(report['net_result'])} ({share(report['return_frac'])})"),
        ("annual return", share(report["return_ann"])),
        ("annual volatility", share(report["vol_ann"])),
        ("Sharpe", number(report["sharpe_ann"])),
        ("Sortino", number(report["sortino_ann"])),
        ("periods a year", f"{number(report['periods_per_year'])} ({report['periods_per_year_from']})"),
        ("max drawdown", f"{share(drop['frac'])}, {money(drop['value'])}, lasted {say_length(drop['duration_ns'])}"),
        (
            "round trips",
            f"{report['trades']}, won {share(report['win_rate'])}, profit factor {number(report['profit_factor'])}",
        ),
        ("exposure", share(report["exposure"])),
        ("fees", money(report["fees"])),
        ("turnover", money(report["turnover"])),
        (
            "orders",
            f"{ended['total']}: {ended['filled']} filled, "
            + ", ".join(f"{sum(ended[outcome].values())} {outcome}" for outcome in ("cut", "ignored", "rejected")),
        ),
    ]
    for outcome in ("cut", "ignored", "rejected"):
        why = ", ".join(f"{n} {reason.replace('_', ' ')}" for reason, n in ended[outcome].items() if n)
        if why:
            rows.append((f"  {outcome}", why))
    for side in ("long", "short"):
        held = report["open_position"][side]
        if held:
            entry, at = (report["open_position"][f"{side}_{name}"] for name in ("entry", "liquidation"))
            rows.append((f"open {side}", f"{held:.12g} at {number(entry)}, liquidation at {number(at)}"))
    rows.append(("liquidations", str(report["liquidated"])))
    for end in report["liquidations"][:10]:
        rows.append(
            (
                "",
                f"{instant(end['ts'])} row {end['row']}: {end['side']} "
                f"{end['quantity']:.12g} at {number(end['liquidation_price'])}, lost {money(end['loss'])}",
            )
        )
    if report["bankrupt"]:
        rows.append(("bankrupt", f"{report['rows_after_bankruptcy']} later rows were not traded"))
    rows += [("note", note) for note in report["notes"]]
    return "\n".join(line for label, text in rows for line in wrapped(label, text)) + "\n"


def wrapped(label: str, text: str) -> list[str]:
    """The label, and the text beside it on as many lines as it takes."""
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > 60:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    lines.append(line)
    return [f"{label if i == 0 else '':18}{part}".rstrip() for i, part in enumerate(lines)]


def money(value: float) -> str:
    return f"{value:,.2f}"


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}" if abs(value) < 1e6 else f"{value:,.0f}"


def share(value: float | None) -> str:
    return "-" if value is None else f"{100.0 * value:.4g} %"


def instant(ts: int | None) -> str:
    """A time in UTC, to the second."""
    if ts is None:
        return "-"
    from time import gmtime, strftime

    return strftime("%Y-%m-%d %H:%M:%S", gmtime(ts // 1_000_000_000))
