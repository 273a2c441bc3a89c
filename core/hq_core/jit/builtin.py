"""Builtins of Python made around machine code: a call takes some nanoseconds, of which ctypes alone takes a hundred.

A builtin is a pointer to machine code, called with an object of its own, `self`.  Here that is a bytes object whose
bytes are the addresses that the code below goes by.  Where it cannot be (another processor, another Python, no memory
that may be run) the same is done through ctypes.
"""

from __future__ import annotations

import ctypes
import os
import sys
from array import array
from functools import partial
from typing import TYPE_CHECKING, Any

from hq_core.jit import cache
from hq_core.jit.machine import route
from hq_core.jit.native import address

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hq_core.jit.declare import Kernel

# What lies at the bytes of `self`, 8 each, from its 32nd on:
#   32 entry of a kernel   40 its argument block   48 what is returned   56 Py_NewRef
#   64 how many values a row has   72 the type float   80 where the row goes   88 who takes other rows
#   96 PyObject_Vectorcall
TAKES_ROW = bytes.fromhex(  # (self, values, how many, names): METH_FASTCALL | METH_KEYWORDS
    "4885c9"  # test rcx, rcx            values by name,
    "752d"  # jne slow
    "483b5740"  # cmp rdx, [rdi+64]      another number of them
    "7527"  # jne slow
    "488b4748"  # mov rax, [rdi+72]
    "4c8b4750"  # mov r8, [rdi+80]
    "4531d2"  # xor r10d, r10d
    "4939d2"  # next: cmp r10, rdx
    "7421"  # je run
    "4e8b0cd6"  # mov r9, [rsi+8*r10]
    "49394108"  # cmp [r9+8], rax        or one that is no float:
    "750d"  # jne slow
    "4d8b4910"  # mov r9, [r9+16]
    "4f890cd0"  # mov [r8+8*r10], r9
    "49ffc2"  # inc r10
    "ebe4"  # jmp next
    "488b4760"  # slow: mov rax, [rdi+96]   they go, as they came, to a function in Python
    "488b7f58"  # mov rdi, [rdi+88]
    "ffe0"  # jmp rax
)
RUNS = bytes.fromhex(  # run: (self, unused): METH_NOARGS
    "53"  # push rbx
    "4889fb"  # mov rbx, rdi
    "488b7b28"  # mov rdi, [rbx+40]
    "ff5320"  # call [rbx+32]
    "488b7b30"  # mov rdi, [rbx+48]
    "488b4338"  # mov rax, [rbx+56]
    "5b"  # pop rbx
    "ffe0"  # jmp rax
)
NO_ARGUMENTS, ROW = 0x04, 0x80 | 0x02  # METH_NOARGS; METH_FASTCALL | METH_KEYWORDS
LAYOUT = (16, 24, 33)  # bytes of an object's head, of a float, and of an empty bytes object, as the code has them


class Self(bytes):
    """The numbers that a builtin goes by; `keep` is what must live as long as it."""

    keep: Any


class _Definition(ctypes.Structure):  # PyMethodDef
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("method", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


_code: int | None = None  # where the machine code lies; 0: nowhere
_definitions: dict[str, _Definition] = {}  # by what they say of themselves; a builtin goes on pointing at its own


def call(kernel: Kernel, block: int, keep: object) -> Callable[[], None]:
    """A call of a kernel on the argument block at an address; other threads wait meanwhile.

    keep  what must live as long as it does
    """
    entry = address(kernel)
    if not _place():
        found = partial(ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(entry), block)
        found.__dict__["keep"] = keep
        return found
    return _builtin("run()\n--\n\n", NO_ARGUMENTS, len(TAKES_ROW), (entry, block, id(None), _symbol("Py_NewRef")), keep)


def taking_row(
    said: str, row: array[float], kernel: Kernel, block: int, gives: object, other: Callable[..., Any], keep: object
) -> Callable[..., Any]:
    """A function of as many floats as `row` has, which it writes there; it then calls the kernel on its argument block
    and returns `gives`.

    said   its name and arguments
    other  takes what is not just that: values by name, of another type, more or fewer of them
    keep   what else must live as long as the function
    """
    if not _place():
        return other
    numbers = (
        *(address(kernel), block, id(gives), _symbol("Py_NewRef")),
        *(len(row), id(float), row.buffer_info()[0], id(other), _symbol("PyObject_Vectorcall")),
    )
    kept = gives, other, memoryview(row), keep  # a view, so that nobody resizes it
    return _builtin(f"{said}\n--\n\n", ROW, 0, numbers, kept)


def _builtin(text: str, flags: int, start: int, numbers: Sequence[int], keep: object) -> Callable[..., Any]:
    """text  its name and signature, in the form that inspect reads"""
    definition = _definitions.get(text)
    if definition is None:
        name = text.partition("(")[0].encode()
        definition = _definitions[text] = _Definition(name, _place() + start, flags, text.encode())
    this = Self(array("q", numbers).tobytes())
    this.keep = keep
    make = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
    made: Callable[..., Any] = make(("PyCFunction_NewEx", ctypes.pythonapi))(ctypes.addressof(definition), this, None)
    return made


def _symbol(name: str) -> int:
    return ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value or 0


def _place() -> int:
    """The address of the machine code; 0 where there can be none."""
    global _code
    if _code is None:
        _code = _mapped() if route() == "image" and sys.implementation.name == "cpython" else 0
    return _code


def _mapped() -> int:
    if (object.__basicsize__, float.__basicsize__, bytes.__basicsize__) != LAYOUT:
        return 0
    try:
        fd = os.memfd_create("hq", os.MFD_CLOEXEC)
        try:
            os.write(fd, TAKES_ROW + RUNS)
            return cache.mapped(fd, len(TAKES_ROW + RUNS), 0)
        finally:
            os.close(fd)
    except OSError as error:
        cache.note(f"no builtins, calls go through ctypes: {error}")
        return 0
