"""The terms of an account: its options, checked, and the fraction that a lot or tick is."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from hq_core.batch import period_ns, period_text
from hq_core.errors import CONFIG, USAGE, HqError
from hq_core.options import options_of
from hq_core.options.account import BY_QUOTES, MOST, AccountOptions, BracketOptions, FillOptions, MarginOptions
from hq_core.options.steps import ListingOptions, step

if TYPE_CHECKING:
    from hq_core.errors import Phrase
    from hq_core.options import Option


class Terms(FillOptions, MarginOptions, AccountOptions):
    """What an account is opened with: the three sets of options, of which these are made.

    lots, ticks   smallest step of quantity (contracts) and of price as a fraction; (0, 1) without a tick: any price
    finer         what of the input is the path inside a bar: a period, 'trades', or '' for none
    sizing        what an opening order without a size is: (ALL, 0), (NUMBER, in the unit) or (SHARE, of the equity)
    latency_ns    the latency, ns, as whoever reads the option says
    """

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        declared = type(self)
        self.lots = step(declared.lot, self.lot)
        self.ticks = step(declared.tick, self.tick) if self.tick is not None else (0, 1)
        self.finer = finer(declared.path, self.path)
        self.sizing = sizing(declared.size, self.size)
        self.latency_ns = 0
        if self.spread == BY_QUOTES and self.spread_bps:
            self._refuse(declared.spread_bps, "the quotes say how wide the spread is")
        if self.impact == "none" and self._said(declared.impact_coefficient):
            self._refuse(
                declared.impact_coefficient, "nothing has an impact", "say linear or sqrt by ", declared.impact
            )

    def check_files(self, brackets: bool, exchange_info: bool = False) -> None:
        """Refuse what means nothing with the files that there are, or without one."""
        declared = type(self)
        if brackets and self._said(declared.maintenance):
            self._refuse(declared.maintenance, "the brackets say the rates")
        if not brackets and self.liquidation == "tiers":
            self._refuse(declared.liquidation, "there are no tiers", "give them by ", BracketOptions.brackets)
        for option in (declared.tick, declared.lot, declared.min_notional) if exchange_info else ():
            if self._said(option):
                self._refuse(option, ("that is said by ", ListingOptions.exchange_info))

    def _said(self, option: Option[Any]) -> bool:
        return bool(getattr(self, option.name) != option.default)

    def _refuse(self, option: Option[Any], why: Phrase, *hint: Phrase) -> None:
        value = getattr(self, option.name)
        text = f"{value:.12g}" if isinstance(value, float) else str(value)
        raise HqError(why, USAGE, subject=(option, f" {text}"), hint=hint)

    def check_maintenance(self, rate: float, leverage: float | None = None) -> None:
        """Refuse terms by which every position is liquidated as it opens; leverage: another one than theirs."""
        leverage = leverage or self.leverage
        if rate * leverage >= 1.0:
            raise HqError(
                f"rate {rate:.15g}, must be below 1/leverage = {1.0 / leverage:.6g}, "
                "or every position is liquidated as it opens",
                CONFIG,
                subject=type(self).maintenance,
            )

    def described(self) -> dict[str, object]:
        """The options as the report states them: numbers first, the fees together."""
        steps = {"lot": self.lots[0] / self.lots[1], "tick": self.ticks[0] / self.ticks[1] if self.ticks[0] else None}
        declared = options_of(type(self))
        place = {name: i for i, name in enumerate(declared)}
        names = sorted(
            declared,
            key=lambda name: (bool(declared[name].choices), place["taker_fee" if name.endswith("_fee") else name]),
        )
        return {name: steps.get(name, getattr(self, name)) for name in names}


RULES = ("pessimistic", "optimistic", "ohlc")  # which way the price goes inside a bar of which no more is known
TRADES = "trades"


def finer(option: Phrase, text: str) -> str:
    """A path as it is written: '' for one of RULES, 'trades', or the period of bars."""
    if text in RULES:
        return ""
    if text == TRADES:
        return text
    with contextlib.suppress(HqError):
        if ns := period_ns(text):
            return period_text(ns)
    rule = f"must be {', '.join(RULES)}, {TRADES} or the period of finer bars such as 1m"
    raise HqError(subject=option, value=text, rule=rule, code=USAGE)


ALL, NUMBER, SHARE = 0, 1, 2  # what an opening order without a size is


def sizing(option: Phrase, text: str) -> tuple[int, float]:
    """A size as it is written: 'all', '50%' of the equity, or a number."""
    if text == "all":
        return ALL, 0.0
    by, digits, part = (SHARE, text[:-1], 0.01) if text.endswith("%") else (NUMBER, text, 1.0)
    try:
        found = float(digits) * part
    except ValueError:
        found = 0.0
    if not 0.0 < found <= MOST:
        rule = "must be a number above 0, a share of the equity such as 50%, or all"
        raise HqError(subject=option, value=text, rule=rule, code=USAGE)
    return by, found
