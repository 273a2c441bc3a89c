"""JSON elements that do not say by themselves what they are: candles in arrays, an exchange's websocket messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.formats.names import AGG_TRADE, CANDLE, KLINE
from hq_core.formats.shape import ABOUT

if TYPE_CHECKING:
    from hq_core.formats.json_form import Outline
    from hq_core.formats.shape import Shape

ARRAYS = {len(KLINE): KLINE, len(CANDLE): CANDLE}
# websocket messages: their short keys -> the names of the exchange's files
MESSAGES = {
    "aggTrade": dict(zip(("a", "p", "q", "f", "l", "T", "m", "s"), (*AGG_TRADE[:7], "symbol"))),
    "trade": {"t": "id", "p": "price", "q": "qty", "T": "time", "m": "is_buyer_maker", "s": "symbol"},
    "kline": {
        "t": "open_time",
        "o": "open",
        "h": "high",
        "l": "low",
        "c": "close",
        "v": "volume",
        "T": "close_time",
        "q": "quote_volume",
        "n": "count",
        "V": "taker_buy_volume",
        "Q": "taker_buy_quote_volume",
        "x": "complete",
        "s": "symbol",
    },
}


def outline_of(element: Any, shape: Shape) -> Outline | None:
    """What stands in an element that gave a row of the shape; None if a kernel could not know what `_row` would do."""
    if isinstance(element, list):
        return [("", i) for i in range(len(element))]
    if shape.tag.startswith("@"):
        return _message(element, shape)
    if "e" in element or "stream" in element or element.keys() != set(shape.keys):
        return None
    if not all(isinstance(element.get(key, ""), str) for key in ABOUT):
        return None
    read = shape.symbol_key
    return [(key, element[key] if key in ABOUT and key != read else shape.keys.index(key)) for key in element]


def _message(element: dict[str, Any], shape: Shape) -> Outline | None:
    """As `outline_of`, for an exchange's message: what it is and its period are texts that must stand there."""
    wrapped = isinstance(element.get("data"), dict) and "stream" in element
    said = element["data"] if wrapped else element
    kline = said["e"] == "kline"
    values = said["k"] if kline else said
    names = MESSAGES[said["e"]]
    if not names.keys() <= values.keys() or not isinstance(values.get("i", ""), str):
        return None

    def inside(one: dict[str, Any]) -> Outline:
        found: Outline = []
        for key, value in one.items():
            if (wrapped and one is element and key == "data") or (kline and one is said and key == "k"):
                found.append((key, inside(value)))
            elif (one is said and key == "e") or (one is values and key == "i"):
                found.append((key, value))
            elif one is values and key in names:
                found.append((key, shape.keys.index(names[key])))
            else:
                found.append((key, -1))
        return found

    return inside(element)
