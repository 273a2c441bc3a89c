"""Trade flow imbalance by the name that others use for it; the literature's order flow imbalance is ofi_cks."""

from __future__ import annotations

from hq_core.factoring import alias
from hq_core.factors.tfi import tfi

ofi = alias(tfi, "ofi")
