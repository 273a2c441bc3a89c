"""JSON objects of one meaning: their keys, and the block of rows that is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.formats.written import ABSENT, checked_symbol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.formats.json_reading import Reading
    from hq_core.formats.options import SourceOptions
    from hq_core.formats.own_rows import OwnRows
    from hq_core.formats.rows import RowBlock
    from hq_core.roles import Item

ABOUT = ("kind", "symbol", "period")  # keys that say what an object is


class Shape:
    """Objects with the same keys.  Their rows lie in `rows`, once it is known what they are.

    kind   of their rows, once it is known
    panel  the rows of all symbols are one series
    held   (symbol, values) of rows that wait for a second one, which tells the period
    wholes the keys' places whose numbers must not go by way of a float
    lost   keys that are not read, if the objects say themselves that they are hq's
    share  its block has room for one part in so many of the rows of a block that stands alone
    """

    share = 1

    def __init__(self, tag: str, period: str, keys: list[str], options: SourceOptions) -> None:
        self.tag = tag
        self.period = period
        self.keys = keys
        self.options = options
        self.kind = ""
        self.panel = False
        self.rows: Any = None
        self.held: list[tuple[str, list[Any]]] = []
        self.samples: list[list[str]] = []
        self.wholes: list[int] = []
        self.lost: list[str] = []

    def values(self, element: dict[str, Any]) -> tuple[list[Any], list[str]]:
        """The values by `keys`, and the keys that the first object lacked."""
        try:
            found = [element[key] for key in self.keys]
        except KeyError:
            found = [element.get(key, ABSENT) for key in self.keys]
            return found, [key for key in element if key not in self.keys]
        return found, [] if len(element) == len(self.keys) else [key for key in element if key not in self.keys]

    @property
    def symbol_key(self) -> str:
        """The key whose value is a row's symbol; "" if none is."""
        return "symbol" if "symbol" in self.keys else ""

    def symbol(self, row: list[Any]) -> str:
        """The symbol of a row.  Raises ValueError."""
        if "symbol" not in self.keys:
            return self.options.symbol
        return checked_symbol(row[self.keys.index("symbol")], "symbol")

    def ready(self, row: list[Any]) -> bool:
        """Whether rows can be made, now that this one has come.  Raises ValueError and HqError."""
        raise NotImplementedError

    def fits(self, other: Shape) -> None:
        """Refuse objects without the symbol that others of their kind, a panel, have.  Raises ValueError."""
        mine, theirs = self.symbol_key, other.symbol_key
        if (self.tag, self.period, self.kind) != (other.tag, other.period, other.kind) or bool(mine) == bool(theirs):
            return
        if other.panel:
            raise ValueError(f"'{theirs}': '' is missing")
        if self.panel:
            raise ValueError(f"'{mine}' is there, which the {self.kind} objects before it lack")

    def put(self, row: list[Any], k: int) -> None:
        """A row into the block.  Raises ValueError."""
        raise NotImplementedError

    def readings(self) -> list[Reading] | None:
        """How a kernel reads the value of each key, once rows can be made; None where none can."""
        raise NotImplementedError

    def number(self, i: int, value: Any, k: int) -> None:
        """The value of key i, a number or a text, into row k of the block.  Raises ValueError."""
        raise NotImplementedError

    def save(self) -> dict[str, Any]:
        return {
            "tag": self.tag,
            "period": self.period,
            "keys": self.keys,
            "samples": self.samples,
            "rows": self.rows.save(),
        }

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        raise NotImplementedError


def put_symbol(rows: RowBlock | OwnRows, value: Any, name: str, k: int) -> None:
    """The code of a row's symbol into the block.  Raises ValueError."""
    symbol = checked_symbol(value, name)
    try:
        rows.columns["symbol"][k] = rows.symbols.code(symbol)
    except ValueError as error:
        raise ValueError(f"'{name}': {symbol[:60]!r} {error}") from None
