"""What factors of a pair are computed with."""

from __future__ import annotations

from hq_core.options import Declared, Option


class PairOptions(Declared):
    """The options of hq-pairs."""

    of = Option("mid", "The column of the two symbols' rows that is compared.", unit="COLUMN")
    keep_input = Option(False, "Pass the rows of factors on, before those of the pair.")
