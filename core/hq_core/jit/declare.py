"""How a kernel is declared, and the fingerprint under which its machine code is kept."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType
    from typing import Protocol, TypeAlias, TypeVar

    Result = TypeVar("Result")
    Valid = Callable[[dict[str, Any], dict[str, int], Any], bool]

    class _Ints(Protocol):
        def __len__(self) -> int: ...
        def __getitem__(self, index: int, /) -> int: ...
        def __setitem__(self, index: int, value: int, /) -> None: ...

    class F8(Protocol):
        """A contiguous column of float64."""

        def __len__(self) -> int: ...
        def __getitem__(self, index: int, /) -> float: ...
        def __setitem__(self, index: int, value: float, /) -> None: ...

    F4: TypeAlias = F8
    I8: TypeAlias = _Ints
    I4: TypeAlias = _Ints
    I2: TypeAlias = _Ints
    I1: TypeAlias = _Ints
    U1: TypeAlias = _Ints
    B1: TypeAlias = _Ints
    State: TypeAlias = Any
else:  # objects with these names: an author may leave out the import of annotations
    _NAMES = ("F8", "F4", "I8", "I4", "I2", "I1", "U1", "B1", "State")
    F8, F4, I8, I4, I2, I1, U1, B1, State = (type(name, (), {}) for name in _NAMES)

ARRAYS = {"F8": 8, "F4": 4, "I8": 8, "I4": 4, "I2": 2, "I1": 1, "U1": 1, "B1": 1}
COLUMNS = {"F8": "f8", "I8": "i8", "I4": "i4", "I1": "i1", "B1": "b1"}  # the column types of rows among them
SCALARS = ("int", "float")


class Kernel:
    """A function in numba's subset over whole columns, with typed arguments and at most one state record.

    args    (name, type) in order; type is F8, F4, I8, I4, I2, I1, U1, B1, int, float or State
    typed   whether a column of it is of another type than F8
    fields  (name, 'f8' or 'i8') of the state record, 8 bytes each, all zero at the start
    limits  (place in the record, bound, whether it is reached) of the fields that a loaded state must not have above it
    valid   what else holds for a loaded state and its ring, see `kernel`
    wraps   whether an index below 0 counts from the end, see `kernel`
    """

    __slots__ = ("args", "fields", "function", "kinds", "limits", "name", "places", "typed", "valid", "wraps")

    def __init__(
        self, function: Callable[..., None], state: str, valid: Valid | None = None, wraps: bool = True
    ) -> None:
        self.function = function
        self.wraps = wraps
        self.name = function.__name__
        words = [word.partition("<") for word in state.split()]
        self.fields = tuple(_field(word) for word, _, _ in words)
        self.limits = tuple(
            (at, bound.removeprefix("="), bound.startswith("=")) for at, (_, _, bound) in enumerate(words) if bound
        )
        self.valid = valid
        code = function.__code__
        types = function.__annotations__
        self.args = tuple((name, _word(types.get(name, "?"))) for name in code.co_varnames[: code.co_argcount])
        for name, kind in self.args:
            if kind not in ARRAYS and kind not in SCALARS and kind != "State":
                raise TypeError(f"kernel {self.name}: argument {name} is annotated {kind}")
        # looked up by every cell of this kernel, of which there is one a series
        self.kinds = dict(self.args)
        self.typed = any(kind in COLUMNS and kind != "F8" for kind in self.kinds.values())
        self.places = {field: (i, kind) for i, (field, kind) in enumerate(self.fields)}
        if [kind for _, kind in self.args].count("State") != bool(self.fields):
            raise TypeError(f"kernel {self.name}: a State argument and state= go together")
        for _, bound, _ in self.limits:
            if not bound.isdecimal() and dict(self.args).get(bound) not in ("int", *ARRAYS):
                raise TypeError(f"kernel {self.name}: {bound} is no whole number and no column")

    def __call__(self, *args: Any) -> None:
        """Run as plain Python, for tests and for reading along."""
        self.function(*args)

    def __repr__(self) -> str:
        return f"<kernel {self.name}>"

    @property
    def state_bytes(self) -> int:
        return 8 * len(self.fields)


def _word(annotation: Any) -> str:
    """The name of a type, which an annotation gives as text (`from __future__ import annotations`), in quotes or both,
    perhaps behind its module's, or as the object itself."""
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", repr(annotation))
    return text.strip("'\"").rpartition(".")[2]


def _field(word: str) -> tuple[str, str]:
    name, _, kind = word.partition(":")
    return name, kind or "f8"


def kernel(state: str = "", valid: Valid | None = None, wraps: bool = True) -> Callable[[Callable[..., None]], Kernel]:
    """Declare a kernel; `state` names the record's fields, float64 unless they end in ':i8'.

    A field that places something in memory, or says how often a loop runs, has its bound: a number or an argument, for
    a column its length, as in "head:i8<period seen:i8<=5 at:i8<=known".  Whole numbers are then 0 up to it, others not
    above it.  It is looked at when a saved state is loaded, and never in a run.

    valid   given the fields and the whole numbers among the arguments by name, and the ring: whether one can run on
            what the ring holds; for rings that hold places of their own
    wraps   False: no index is ever below 0, and nothing asks for it; a sixth of the time of a kernel that keeps its
            memory in columns
    """

    def declare(function: Callable[..., None]) -> Kernel:
        return Kernel(function, state, valid, wraps)

    return declare


def inline(function: Callable[..., Result]) -> Callable[..., Result]:
    """Mark a helper that kernels may call."""
    function.__dict__["hq_inline"] = True
    return function


def apart(function: Callable[..., Result]) -> Callable[..., Result]:
    """Mark a helper that kernels may call and that stays a function of its own: one that is large and rarely met, which
    would otherwise be compiled anew wherever it is called."""
    function.__dict__["hq_apart"] = True
    return inline(function)


def helpers(function: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """The helper functions that `function` names, by the name it uses."""
    found: dict[str, Callable[..., Any]] = {}
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        if isinstance(value, Kernel):
            found[name] = value.function
        elif callable(value) and getattr(value, "hq_inline", False):
            found[name] = value
    return found


def is_apart(function: Callable[..., Any]) -> bool:
    return getattr(function, "hq_apart", False) is True


def all_helpers(function: Callable[..., Any], found: set[Callable[..., Any]] | None = None) -> set[Callable[..., Any]]:
    """The helpers of a function and theirs."""
    found = set() if found is None else found
    for helper in helpers(function).values():
        if helper not in found:
            found.add(helper)
            all_helpers(helper, found)
    return found


def known(value: Any) -> bool:
    """Whether a value that a kernel names is one that its fingerprint holds: a number, or a tuple of such."""
    return isinstance(value, (int, float)) or (isinstance(value, tuple) and all(map(known, value)))


def visible(function: Callable[..., Any]) -> dict[str, Any]:
    """What the compiler is shown of a function's globals, besides its helpers: what the fingerprint holds, and what
    never changes.  So nothing can change the machine code that leaves its name as it was."""
    names = function.__globals__
    always = {name: names[name] for name in ("__builtins__", "__name__") if name in names}
    return always | {name: value for name, value in names.items() if known(value) or value is math}


def fingerprint(kernel: Kernel, salt: str) -> str:
    """32 hex digits that change whenever the machine code could: byte code, constants, helpers, types, `salt`."""
    from _blake2 import blake2b

    parts = [salt, repr(kernel.args), repr(kernel.fields)] + ([] if kernel.wraps else ["no index below 0"])
    _describe(kernel.function, parts, set())
    return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def _describe(function: Callable[..., Any], parts: list[str], seen: set[int]) -> None:
    if id(function) in seen:
        return
    seen.add(id(function))
    _describe_code(function.__code__, function.__globals__, parts)
    if function.__defaults__ or function.__closure__:
        given = [*(function.__defaults__ or ()), *(cell.cell_contents for cell in function.__closure__ or ())]
        if not all(map(known, given)):
            raise TypeError(f"{function.__name__}: defaults and variables of a function around it must be numbers")
        parts.append(repr(given))
    for name, helper in sorted(helpers(function).items()):
        parts.append(name + ("/" if is_apart(helper) else ""))
        _describe(helper, parts, seen)


def _describe_code(code: CodeType, names: dict[str, Any], parts: list[str]) -> None:
    parts += [code.co_code.hex(), repr(code.co_names), repr(code.co_varnames), repr(code.co_freevars)]
    for const in code.co_consts:
        if hasattr(const, "co_code"):
            _describe_code(const, names, parts)
        else:
            parts.append(repr(const))
    for name in code.co_names:
        value = names.get(name)
        if known(value):
            parts.append(f"{name}={value!r}")
