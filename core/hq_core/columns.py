"""What a column and a kind of rows are said to be.  The kinds themselves stand in kinds.py.

Every filter imports both at its start, so these are plain classes: two NamedTuples would take as long as all of the
list does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    Words = Mapping[str, str]

REST = 9  # rank of the kinds that hq-merge puts behind the others


class Column:
    """One column.

    type      of the wire: i8 f8 i4 s4 i1 b1, f4xN a vector; text free text
    unit      ns; price (quote currency for one of the base); base, quote (amounts of them); contracts; frac (0.01 is
              1 %); count; code (the kind's codes have the words); id; "" none
    optional  a series may lack it
    """

    __slots__ = ("meaning", "name", "optional", "type", "unit")

    def __init__(self, name: str, type: str, unit: str, meaning: str, optional: bool = False) -> None:
        self.name = name
        self.type = type
        self.unit = unit
        self.meaning = meaning
        self.optional = optional


class Kind:
    """A kind of rows.

    columns  the ones it may have, in their order; a panel has symbol s4 behind ts
    behind   what commands add behind them or look for there, in any order; NAME stands for any name
    key      the columns that, with the symbol, never repeat in a series; () where rows may be alike
    codes    column -> code as text -> word: what a schema says under "codes"
    source   where the definition comes from; "" our own
    clock    the column of times by which rows lie, where a series has it: from then on a row is known; ts otherwise
    rank     which kind comes first where rows of several have one ts; equal ranks: by name
    planned  no command writes it yet, so no csv and no JSON is taken for it
    """

    __slots__ = ("behind", "clock", "codes", "columns", "key", "meaning", "planned", "rank", "source")

    def __init__(
        self,
        meaning: str,
        columns: tuple[Column, ...],
        *,
        behind: tuple[Column, ...] = (),
        key: tuple[str, ...] = (),
        codes: Mapping[str, Words] | None = None,
        source: str = "",
        clock: str = "ts",
        rank: int = REST,
        planned: bool = False,
    ) -> None:
        self.meaning = meaning
        self.columns = columns
        self.behind = behind
        self.key = key
        self.codes = codes or {}
        self.source = source
        self.clock = clock
        self.rank = rank
        self.planned = planned

    @property
    def cols(self) -> tuple[tuple[str, str], ...]:
        """Name and type of every column: made when they are asked for, as a filter asks for few kinds."""
        return tuple((column.name, column.type) for column in self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> tuple[tuple[str, str], ...]:
        """Name and type of the columns that every series has."""
        return tuple((column.name, column.type) for column in self.columns if not column.optional)

    @property
    def fixed(self) -> tuple[tuple[str, str], ...]:
        """Name and type of the columns that are read by their type wherever rows pass: time, key, completeness."""
        names = ("ts", "complete", *self.key)
        return tuple((column.name, column.type) for column in self.columns if column.name in names)

    def of_unit(self, *units: str) -> tuple[str, ...]:
        """The names of the columns that have one of these units."""
        return tuple(column.name for column in self.columns if column.unit in units)


def maybe(name: str, type: str, unit: str, meaning: str) -> Column:
    return Column(name, type, unit, meaning, optional=True)


def words(*said: str) -> dict[str, str]:
    """Codes from 0 on; an empty word is none."""
    return {str(i): word for i, word in enumerate(said) if word}


def numbers(said: Words) -> dict[str, int]:
    """The code of each word."""
    return {word: int(code) for code, word in said.items()}
