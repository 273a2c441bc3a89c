"""What a state file brings is checked here before anyone uses it: a digest only says that nobody slipped.

Each `save` has a SHAPE beside it, and its `load` begins with `shaped(saved, SHAPE)`.  What the shapes cannot say is an
exception of the load, which `taking` turns into the one error for all of them.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hq_core.errors import HqError, Theirs

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST, LAST = -(1 << 63), (1 << 63) - 1


class Damaged(HqError):
    """A state that no run of this version can have left.  Who knows the file's name adds it (statefile.of)."""


class Count(int):
    """In a shape: a whole number that is not negative."""


def shaped(value: Any, shape: Any, at: str = "") -> Any:
    """`value`, if it has the shape; Damaged names the place if not.

    A shape is a type (int: one of 64 bits; Count; object: anything), a frozenset of types, or made of shapes:
    {"name": shape, ...} a map of just these keys, {str: shape} one of any text, [shape] a list, (shape, ...) a list of
    so many.

    >>> shaped({"rows": 3, "ended": True}, {"rows": Count, "ended": bool})
    {'rows': 3, 'ended': True}
    >>> shaped({"a": [1, "x"]}, {str: [int]})
    Traceback (most recent call last):
    hq_core.saved.Damaged: a.1 is a str, must be int
    """
    if isinstance(shape, dict):
        if type(value) is not dict:
            raise _wrong(value, "a map", at)
        if str in shape:
            for key, one in value.items():
                shaped(key, str, f"{at}key")
                shaped(one, shape[str], f"{at}{key}.")
        elif value.keys() != shape.keys():
            raise Damaged(f"{at.rstrip('.') or 'it'} has {_list(value)}, must have {_list(shape)}")
        else:
            for key, one in shape.items():
                shaped(value[key], one, f"{at}{key}.")
    elif isinstance(shape, (list, tuple)):
        if type(value) is not list or (isinstance(shape, tuple) and len(value) != len(shape)):
            raise _wrong(value, f"a list of {len(shape)}" if isinstance(shape, tuple) else "a list", at)
        for i, one in enumerate(value):
            shaped(one, shape[i] if isinstance(shape, tuple) else shape[0], f"{at}{i}.")
    elif isinstance(shape, frozenset):
        if type(value) not in shape:
            raise _wrong(value, " or ".join(sorted(kind.__name__ for kind in shape)), at)
    elif shape in (int, Count):
        if type(value) is not int or not (FIRST if shape is int else 0) <= value <= LAST:
            raise _wrong(value, "a count" if shape is Count else "int", at)
    elif shape is not object and type(value) is not shape:
        raise _wrong(value, shape.__name__, at)
    return value


def _wrong(value: Any, must: str, at: str) -> Damaged:
    shown = repr(value) if type(value) in (int, float, bool) else f"a {type(value).__name__}"
    return Damaged(f"{at.rstrip('.') or 'it'} is {shown[:40]}, must be {must}")


def _list(keys: Any) -> str:
    return ", ".join(str(key)[:40] for key in list(keys)[:20]) or "nothing"


@contextmanager
def taking(alone: bool = False) -> Iterator[None]:
    """Whatever goes wrong in a load is the state's fault, not ours: a bug shows in the tests, which load good ones.

    alone   nothing but the state is looked at, so that an HqError is its fault too
    """
    try:
        yield
    except (Damaged, Theirs, MemoryError):
        raise
    except HqError as error:
        if not alone:
            raise
        raise Damaged(str(error).partition("\n")[0]) from error
    except Exception as error:
        raise Damaged(f"{type(error).__name__}: {str(error)[:200]}") from error


def digest(text: str | bytes) -> str:
    """What tells one text, or the bytes of a file, from another: 32 hexadecimal digits."""
    from _blake2 import blake2b  # hashlib takes 2 ms to import

    return blake2b(text if isinstance(text, bytes) else text.encode(), digest_size=16).hexdigest()
