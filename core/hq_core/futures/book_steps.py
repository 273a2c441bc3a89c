"""The steps of each symbol's book, as options say them or the exchange does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.book.fractions import NO_STEP
from hq_core.errors import USAGE, HqError
from hq_core.options.steps import ListingOptions, StepOptions, step
from hq_core.saved import digest

if TYPE_CHECKING:
    from hq_core.futures.listing import ExchangeInfo

Step = tuple[int, int]


class Steps:
    """What StepOptions and ListingOptions say.

    inputs   digests of the files that were read

    Raises HqError USAGE where a step is said twice, or is none.
    """

    def __init__(self, tick: str | None, lot: str | None, exchange_info: str) -> None:
        self.inputs: dict[str, str] = {}
        given = (StepOptions.tick, tick), (StepOptions.lot, lot)
        self._tick, self._lot = (NO_STEP if text is None else step(option, text) for option, text in given)
        self._listing: ExchangeInfo | None = None
        if exchange_info:
            for option, text in given:
                if text is not None:
                    raise HqError(
                        ("that is said by ", ListingOptions.exchange_info), USAGE, subject=(option, f" {text}")
                    )
            from hq_core.futures.listing import ExchangeInfo  # few runs have one

            self._listing = ExchangeInfo(exchange_info)
            self.inputs["exchange_info"] = digest(self._listing.text)

    def of(self, symbol: str) -> tuple[Step, Step]:
        """Tick and lot as fractions; NO_STEP: nobody says it."""
        if self._listing is None:
            return self._tick, self._lot
        tick, lot, _ = self._listing.of(symbol)
        return tick, lot
