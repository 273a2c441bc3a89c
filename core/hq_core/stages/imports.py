"""Any format to frames: the source does the work, the stage passes its rows on."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.errors import USAGE, HqError
from hq_core.formats import open_source
from hq_core.stage import Stage
from hq_core.wire import Reader

if TYPE_CHECKING:
    from hq_core.formats.options import Options


class Import(Stage):
    """Passes on what a source gives.

    options  what the user says about the input; frames say everything themselves
    """

    def __init__(self, options: Options) -> None:
        super().__init__()
        self.options = options

    def source(self, fd: int) -> Any:
        """The source of what lies on `fd`.  Raises HqError when there are options and the input is frames."""
        found = open_source(fd, b"", self.options)
        if isinstance(found, Reader) and self.options.stated():
            raise HqError("the input is hq-frames already, so no option can say what it is", USAGE)
        return found
