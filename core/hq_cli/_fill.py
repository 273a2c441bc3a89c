"""What made a fill, as text for a terminal."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from hq_cli._report import wrapped
from hq_core.say import iso_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STEPS = {
    "open": "at the open",
    "path": "on the path inside the bar",
    "close": "at the close that decided it (--fill close)",
    "settle": "at the close, by the mark",
    "end": "after the last bar, at its close",
}


def readable(found: Mapping[str, Any]) -> str:
    """Label and value, aligned; numbers in full, as the rows have them."""
    fill, order, bar, where, price = (found[part] for part in ("fill", "order", "bar", "where", "price"))
    whose = f" of account {found['account']}" if found["account"] else ""
    rows = [
        ("fill", f"{fill['id']}{whose}: {fill['action']} {plain(fill['quantity'])} {fill['symbol']} at "
                 f"{plain(fill['price'])}, {fill['liquidity']}"),
        ("reason", fill["reason"]),
        ("time", f"{iso_text(fill['fill_time'])} in the bar of {iso_text(fill['ts'])}"),
    ]  # fmt: skip
    rows += _order(order) if order else [("order", "none")]
    step = STEPS[where["step"]]
    if "leg" in where:
        step += f", leg {where['leg']}: towards the {where['towards']}, {plain(where['goal'])}"
    rows += [
        ("bar", ", ".join(_numbers(bar, "mark"))),
        ("mark", f"{plain(bar['mark'])} at that instant"),
        ("where", step),
        ("price reached", plain(price["reached"])),
    ]
    options, ends = found["options"], (bar.get("low"), bar.get("high"), (order or {}).get("limit"))
    half = price.get("half_spread_frac")
    if half is not None:
        quote = f"bid {plain(price['bid'])} and ask {plain(price['ask'])}, {plain(half)} of the price"
        given = f"{plain(options['slippage_bps'])} bps slippage and half of the quote's spread, {quote}"
        rows.append(("taker", f"{plain(price['sure'])} with {given}"))
    elif options.get("slippage_bps") or options.get("spread_bps"):
        given = f"{plain(options['slippage_bps'])} bps slippage and half of {plain(options['spread_bps'])} bps spread"
        rows.append(("taker", f"{plain(price['sure'])} with {given}{_held(price['sure'], ends)}"))
    if options.get("impact", "none") != "none":
        given = f"the impact of its quantity ({options['impact']})"
        rows.append(("impact", f"{plain(price['given'])} with {given}{_held(price['given'], ends)}"))
    rows.append(("fee", f"{plain(fill['fee'])}, {plain(found['fee_rate'])} of the notional"))
    rows.append(("realised", plain(fill["realised"])))
    before, after = found["before"], found["after"]
    rows += [(name.replace("_", " "), f"{plain(before[name])} before, {plain(after[name])} after") for name in before]
    return "\n".join(line for label, text in rows for line in wrapped(label, text))


def _order(order: Mapping[str, Any]) -> list[tuple[str, str]]:
    what = f"{order['action']} {order['side'] or ''}".strip()
    unit = "in the account's unit" if order["unit"] == "account" else order["unit"]
    quantity = "no quantity of its own" if order["quantity"] == inf else f"{plain(order['quantity'])} {unit}"
    brought = ", brought along by its entry" if order["of_entry"] else ""
    strategy = f" of {order['strategy']}" if order["strategy"] else ""
    terms = _numbers(order, "quantity")
    terms += [f"tif {order['tif']}"] if order["tif"] not in (None, "gtc") else []
    terms += [f"expires {iso_text(order['expire'])}"] if "expire" in order else []
    terms += [name for name in ("reduce_only", "post_only") if order.get(name)]
    rows = [
        ("order", f"{order['id']}{strategy}{brought}: {what}, {order['type']}, {quantity}"),
        ("decided", f"{iso_text(order['ts'])}; began to work {iso_text(order['began'])}"),
    ]
    if order["filled_before_lots"]:
        left = f"{order['filled_before_lots']} lots had filled, {order['left_before_lots']} were left"
        rows.append(("so far", left))
    return [*rows, ("terms", ", ".join(terms))] if terms else rows


def _held(price: float, ends: Sequence[float | None]) -> str:
    return ", as far as the bar or its limit goes" if price in ends else ""


def _numbers(said: Mapping[str, Any], but: str) -> list[str]:
    """What is said in prices and quantities, with its name; but: the one that stands elsewhere."""
    return [f"{name} {plain(value)}" for name, value in said.items() if isinstance(value, float) and name != but]


def plain(value: float | None) -> str:
    """A number with all of its digits."""
    return "-" if value is None else repr(value).removesuffix(".0")
