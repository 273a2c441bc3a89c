"""pyarrow, without what importing it brings along where nobody else in the process would miss it.

pyarrow imports numpy wherever that is installed, which takes longer than all that it does itself; it works without
(from 18 on).  What hq asks of it needs no numpy: values come and go as buffers.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from hq_core import hooks


def _imported() -> Any:
    if hooks.alone:  # its own pool keeps what was freed for each thread that ever asked: half as much again
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    if not hooks.alone or "numpy" in sys.modules or "pyarrow" in sys.modules:
        import pyarrow
    else:
        absent: Any = None  # what Python's import takes for a module that is not there
        sys.modules["numpy"] = absent
        try:
            import pyarrow
        finally:
            del sys.modules["numpy"]
    return pyarrow


pa = _imported()
