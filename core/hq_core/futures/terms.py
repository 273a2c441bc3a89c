"""The terms of an account: its options, checked, and the fraction that a lot or tick is."""
from __future__ import annotations

import math

from hq_core.errors import CONFIG, USAGE, HqError

SIZE_UNITS = ("contracts", "base", "quote")
POSITION_MODES = ("one-way", "hedge")
MARGINS = ("isolated", "cross")
FILLS = ("next-open", "close")
CONFLICTS = ("none", "error")
MOST_LEVERAGE = 150         # what the largest venues offer


class Terms:
    """What an account is opened with.

    initial_margin    quote currency
    leverage          whole number from 1 to MOST_LEVERAGE
    contract_size     base asset of one contract
    *_fee             fraction of the notional; in this form every fill is a market order and pays the taker's
    lot, tick         smallest step of quantity (contracts) and of price, as decimal text; no tick: any price
    size              of an order that names none, in size_unit; None: everything that margin allows
    maintenance       maintenance rate where there is no bracket file
    """

    __slots__ = (
        "conflict", "contract_size", "fill", "initial_margin", "leverage", "liquidation_fee", "lot", "maintenance",
        "maker_fee", "margin", "position_mode", "pyramid", "size", "size_unit", "taker_fee", "tick",
    )

    def __init__(
        self, *, initial_margin: float = 1000.0, leverage: int = 10, contract_size: float = 1.0,
        maker_fee: float = 0.00044, taker_fee: float = 0.00044, lot: str = "0.001", tick: str | None = None,
        size: float | None = None, size_unit: str = "contracts", position_mode: str = "one-way",
        margin: str = "isolated", fill: str = "next-open", conflict: str = "none", pyramid: int = 0,
        maintenance: float = 0.004, liquidation_fee: float = 0.0,
    ) -> None:
        for name, value, least, most in (
            ("initial_margin", initial_margin, 0.0, 1e15), ("contract_size", contract_size, 0.0, 1e15),
            ("size", 1.0 if size is None else size, 0.0, 1e15),
        ):
            if not least < value <= most:
                raise HqError(f"{name}: {value:.15g}, must be above {least:.15g} and at most {most:.15g}", USAGE)
        for name, value, least, most in (
            ("leverage", leverage, 1, MOST_LEVERAGE), ("pyramid", pyramid, 0, 1_000_000),
            ("maker_fee", maker_fee, -0.1, 0.1), ("taker_fee", taker_fee, 0.0, 0.1),
            ("maintenance", maintenance, 0.0, 0.999), ("liquidation_fee", liquidation_fee, 0.0, 0.1),
        ):
            if not least <= value <= most:
                raise HqError(f"{name}: {value:.15g}, must be {least:.15g} to {most:.15g}", USAGE)
        if leverage != int(leverage):
            raise HqError(f"leverage: {leverage:.15g}, must be a whole number", USAGE)
        for name, word, words in (
            ("size_unit", size_unit, SIZE_UNITS), ("position_mode", position_mode, POSITION_MODES),
            ("margin", margin, MARGINS), ("fill", fill, FILLS), ("conflict", conflict, CONFLICTS),
        ):
            if word not in words:
                raise HqError(f"{name}: '{word}', must be one of {', '.join(words)}", USAGE)
        self.initial_margin = float(initial_margin)
        self.leverage = int(leverage)
        self.contract_size = float(contract_size)
        self.maker_fee = float(maker_fee)
        self.taker_fee = float(taker_fee)
        self.lot = step("lot", lot)
        self.tick = step("tick", tick) if tick is not None else (0, 1)
        self.size = 0.0 if size is None else float(size)
        self.size_unit = size_unit
        self.position_mode = position_mode
        self.margin = margin
        self.fill = fill
        self.conflict = conflict
        self.pyramid = int(pyramid)
        self.maintenance = float(maintenance)
        self.liquidation_fee = float(liquidation_fee)

    def check_maintenance(self, rate: float) -> None:
        """Refuse terms by which every position is liquidated as it opens."""
        if rate * self.leverage >= 1.0:
            raise HqError(
                f"maintenance: rate {rate:.15g}, must be below 1/leverage = {1.0 / self.leverage:.6g}, "
                "or every position is liquidated as it opens", CONFIG
            )

    def described(self) -> dict[str, object]:
        """The options as the report states them."""
        number = {
            "initial_margin": self.initial_margin, "leverage": self.leverage, "contract_size": self.contract_size,
            "maker_fee": self.maker_fee, "taker_fee": self.taker_fee, "liquidation_fee": self.liquidation_fee,
            "lot": self.lot[0] / self.lot[1], "tick": self.tick[0] / self.tick[1] if self.tick[0] else None,
            "size": self.size or None, "pyramid": self.pyramid, "maintenance": self.maintenance,
        }
        return {
            **number, "size_unit": self.size_unit, "position_mode": self.position_mode, "margin": self.margin,
            "fill": self.fill, "conflict": self.conflict,
        }


def step(name: str, text: str) -> tuple[int, int]:
    """A step written in decimals as a fraction of whole numbers: '0.001' is (1, 1000)."""
    whole, _, decimals = text.partition(".")
    if not (whole + decimals).isascii() or not (whole + decimals).isdigit() or int(whole + decimals) == 0:
        raise HqError(f"{name}: '{text}', must be a decimal number above 0, such as 0.001", USAGE)
    over, under = int(whole + decimals), 10 ** len(decimals)
    common = math.gcd(over, under)
    if over // common > 10**12 or under // common > 10**12:
        raise HqError(f"{name}: '{text}', must have at most 12 digits before and after the point", USAGE)
    return over // common, under // common
