"""A number that tells the rows of an account from others, kept up as they are made.

A cryptographic digest of all rows takes as long as half of the run that makes them; this takes a hundredth of it, and
is for finding that two results differ, not for keeping out who wants them to seem alike.
"""

from __future__ import annotations

from hq_core.futures.blocks import L_KIND, L_SYMBOL, L_VALUES, LOG_WIDTH, NAMED, SYMBOL_WIDTH
from hq_core.futures.rows import LOGGED, places
from hq_core.jit import F8, State, apart, bits_of, inline
from hq_core.kernels.mix import mixed

# of the rows of the log, and of those of equity: each a polynomial of its rows, so that it goes on wherever it stopped
FINGERPRINT = "of_log:i8 of_equity:i8 "
ODD = 0x9E3779B97F4A7C15 - (1 << 64)  # SplitMix64's step: what tells the columns, and the rows, of one another
LOW = (1 << 32) - 1
# how many values of its own a row of the log has, 4 bits for each code: what lies behind them is left from other rows
OWN = sum(sum(place >= L_VALUES for place in places(kind).values()) << 4 * code for kind, code in LOGGED.items())


@inline
def folded(value: float) -> int:
    """The bits of a number, its high ones in the low half too: a product never carries them down."""
    bits = bits_of(value)
    return bits ^ ((bits >> 32) & LOW)


@inline
def with_equity(print_: int, ts: int, equity: float) -> int:
    """The number of the rows of equity with one more, by its ts and what the account is worth."""
    return print_ * ODD + mixed(folded(equity) + (ts ^ ((ts >> 32) & LOW)) * ODD)


@apart
def take_log(s: State, p: F8, log: F8) -> None:
    """Take the rows of the log of this call."""
    print_ = s.of_log
    for k in range(s.logged):
        row = k * LOG_WIDTH
        code = int(log[row + L_KIND])
        own = (OWN >> 4 * code) & 15
        if own == 0:
            continue
        factor = ODD
        whole = folded(p[int(log[row + L_SYMBOL]) * SYMBOL_WIDTH + NAMED]) + code
        for c in range(L_VALUES + own):
            if c != L_KIND and c != L_SYMBOL:
                whole += folded(log[row + c]) * factor
            factor *= ODD
        print_ = print_ * ODD + mixed(whole)
    s.of_log = print_
