"""The cold side: numba turns a kernel into LLVM IR, llvmlite into an object, `flat` into an image.

Only this file and `flat` know how; both are imported (within `bare`) at the first use of a kernel and never again on
that machine.
"""

from __future__ import annotations

import dis
import gc
import re
from contextlib import contextmanager
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING, Any

import llvmlite.binding as llvm
import numba
import numpy as np
from llvmlite import ir
from numba import from_dtype, types
from numba.extending import intrinsic
from numba.np import arrayobj

from hq_core.jit import flat
from hq_core.jit.declare import ARRAYS, Kernel, all_helpers, helpers, is_apart, visible
from hq_core.jit.machine import processor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# numpy's error model: 1/0 is inf, as in C; no bounds checks; never fastmath, which assumes that there is no nan
OPTIONS: Any = {"error_model": "numpy", "boundscheck": False}
INNER: Any = {**OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # half the time to compile
CHECKED: Any = {"error_model": "numpy", "boundscheck": True, "nogil": True}  # plugins/watch.py goes on meanwhile
_pointer: Any = types.CPointer  # untyped in numba
_make_array: Any = arrayobj.make_array
_populate_array: Any = arrayobj.populate_array
ENTRY: Any = types.int32(_pointer(types.int64))
_DTYPES = {
    "F8": np.float64,
    "F4": np.float32,
    "I8": np.int64,
    "I4": np.int32,
    "I2": np.int16,
    "I1": np.int8,
    "U1": np.uint8,
    "B1": np.bool_,
}
_made: dict[Any, Any] = {}


def _column_of(kind: Any) -> Any:
    @intrinsic
    def column(context: Any, address: Any, length: Any) -> Any:
        """The array of one dimension that begins at an address."""
        made = types.Array(kind, 1, "C")

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            array: Any = _make_array(made)(context, builder)
            wide = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(kind)))
            data = builder.inttoptr(args[0], array.data.type)
            _populate_array(array, data, shape=[args[1]], strides=[wide], itemsize=wide, meminfo=None)
            return array._getvalue()

        return made(types.int64, types.int64), generate

    return column


def _record_of(kind: Any) -> Any:
    @intrinsic
    def record(context: Any, address: Any) -> Any:
        """The record that lies at an address."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(kind))

        return kind(types.int64), generate

    return record


@intrinsic
def _float_bits(context: Any, bits: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), generate


@intrinsic
def _bits_of(context: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), generate


@intrinsic
def _upper_product(context: Any, a: Any, b: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(*(builder.zext(one, wide) for one in args))
        return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), ir.IntType(64))

    return types.int64(types.int64, types.int64), generate


def _eight_at(context: Any, builder: Any, column: Any, args: Any) -> Any:
    """The address of the eight bytes from a place of a column of bytes on."""
    data = _make_array(column)(context, builder, args[0]).data
    place = builder.gep(builder.bitcast(data, ir.IntType(8).as_pointer()), [args[1]])
    return builder.bitcast(place, ir.IntType(64).as_pointer())


@intrinsic
def _load8(context: Any, column: Any, p: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_eight_at(context, builder, column, args), align=1)

    return types.int64(column, types.int64), generate


@intrinsic
def _store8(context: Any, column: Any, p: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[2], _eight_at(context, builder, column, args), align=1)
        return context.get_dummy_value()

    return types.void(column, types.int64, types.int64), generate


# what hq_core.jit.bits has in Python, only for reading
_BITS = {
    "bits_of": _bits_of,
    "float_of": _float_bits,
    "load8": _load8,
    "store8": _store8,
    "upper_product": _upper_product,
}


@intrinsic
def _call(context: Any, function: Any, block: Any) -> Any:
    """Call the machine code at an address with the address of an argument block."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = ir.IntType(64).as_pointer()
        kind = ir.FunctionType(ir.IntType(32), [pointer])
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), [builder.inttoptr(args[1], pointer)])

    return types.int32(types.int64, types.int64), generate


def compiled(function: Callable[..., Any], checked: bool = False) -> Any:
    """`function` for numba, with the helpers it names compiled first; each once in a process.

    checked   an index outside its column raises IndexError
    """
    if (function, checked) in _made:
        return _made[function, checked]
    names = _names(function, lambda helper: compiled(helper, checked))
    copy = FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    made = _made[function, checked] = numba.njit(copy, **CHECKED if checked else INNER)
    return made


def _names(function: Callable[..., Any], made: Callable[[Callable[..., Any]], Any]) -> dict[str, Any]:
    """What the compiler is shown of a function's globals, its helpers as `made` gives them."""
    if any(one.opname == "RAISE_VARARGS" for one in dis.get_instructions(function)):
        raise TypeError(f"{function.__name__} raises or asserts, and a kernel has nobody to tell; write nan")
    names = visible(function)
    names |= {"hq_call": _call, **_BITS}
    return names | {name: made(helper) for name, helper in helpers(function).items()}


def source(kernel: Kernel, made: Any = compiled) -> tuple[str, dict[str, Any]]:
    """The text of a function of one argument block that calls the kernel on what the block names; and its globals.

    made   makes what numba takes for a function of one of Python's
    """
    names: dict[str, Any] = {"__name__": __name__, "kernel": made(kernel.function), "bits": _float_bits}
    args = []
    at = 0
    for _, kind in kernel.args:
        if kind in ARRAYS:
            names[f"at_{kind}"] = _column_of(from_dtype(np.dtype(_DTYPES[kind])))
            args.append(f"at_{kind}(a[{at}], a[{at + 1}])")
            at += 2
        else:
            if kind == "State":
                record = np.dtype([(field, np.dtype(t)) for field, t in kernel.fields])
                names["at_State"] = _record_of(from_dtype(record))
                args.append(f"at_State(a[{at}])")
            else:
                args.append(f"bits(a[{at}])" if kind == "float" else f"a[{at}]")
            at += 1
    return f"def entry(a):\n    kernel({', '.join(args)})\n    return 0\n", names


# What numba's own calling convention asks for: a place for the result, one for an exception, then the arguments.
_START = """
define i32 @hq_entry(ptr %a) {{
  %r = alloca i32
  %e = alloca ptr
  %s = call i32 @{inner}(ptr %r, ptr %e, ptr %a)
  ret i32 %s
}}
"""
# LLVM turns loops that clear or copy into calls of these three.  An image has no libc to call, so it brings its own.
_MEMORY = """
define ptr @memset(ptr %to, i32 %byte, i64 %n) noinline {
  %b = trunc i32 %byte to i8
  %r = call { ptr, i64 } asm sideeffect "rep stosb",
    "={di},={cx},0,1,{ax},~{memory}"(ptr %to, i64 %n, i8 %b)
  ret ptr %to
}
define ptr @memcpy(ptr %to, ptr %from, i64 %n) noinline {
  %r = call { ptr, ptr, i64 } asm sideeffect "rep movsb",
    "={di},={si},={cx},0,1,2,~{memory}"(ptr %to, ptr %from, i64 %n)
  ret ptr %to
}
define ptr @memmove(ptr %to, ptr %from, i64 %n) noinline {
  %t = ptrtoint ptr %to to i64
  %f = ptrtoint ptr %from to i64
  %apart = sub i64 %t, %f
  %overlaps = icmp ult i64 %apart, %n
  br i1 %overlaps, label %backward, label %forward
forward:
  %r = call { ptr, ptr, i64 } asm sideeffect "rep movsb",
    "={di},={si},={cx},0,1,2,~{memory}"(ptr %to, ptr %from, i64 %n)
  ret ptr %to
backward:
  %last = sub i64 %n, 1
  %te = getelementptr i8, ptr %to, i64 %last
  %fe = getelementptr i8, ptr %from, i64 %last
  %q = call { ptr, ptr, i64 } asm sideeffect "std; rep movsb; cld",
    "={di},={si},={cx},0,1,2,~{memory}"(ptr %te, ptr %fe, i64 %n)
  ret ptr %to
}
"""
_OUTSIDE = ("hq_entry", "memset", "memcpy", "memmove")


def _own_memory_calls(text: str) -> str:
    declared = [line for line in text.splitlines() if line.startswith("declare") and "@mem" in line]
    for line in declared:
        text = text.replace(line, "")
    return text + _MEMORY


def _own_square_root(text: str) -> str:
    """numba before 0.66 calls libm's sqrt, which LLVM's of the same name is in one instruction, bit for bit."""
    if "@sqrt(" not in text:
        return text
    text = re.sub(r"^declare double @sqrt\(.*$", "", text, flags=re.M).replace("@sqrt(", "@llvm.sqrt.f64(")
    return text if "declare double @llvm.sqrt.f64(" in text else text + "declare double @llvm.sqrt.f64(double)\n"


def _lean(function: Callable[..., Any], wraps: bool = True) -> Any:
    """As `compiled`, for `lean`."""
    from hq_core.jit.lean import Function

    key = function, "lean", wraps
    if key not in _made:
        _made[key] = Function(function, _names(function, partial(_lean, wraps=wraps)), wraps)
    return _made[key]


def _by_lean(kernel: Kernel) -> Any:
    """The module of LLVM from which an image is made, by way of `lean`.  Raises whatever numba does."""
    from hq_core.jit import (
        lean,
    )  # which knows numba's inside, and fails with another one as a kernel does that is wrong

    text, names = source(kernel, partial(_lean, wraps=kernel.wraps))
    exec(text, names)
    texts, inner = lean.texts(lean.Function(names["entry"], names), ENTRY.args, ENTRY.return_type)
    module = llvm.parse_assembly(f"declare i32 @{inner}(ptr, ptr, ptr)" + _START.format(inner=inner))
    for one in texts:
        module.link_in(llvm.parse_assembly(_own_square_root(one)))
    return llvm.parse_assembly(_own_memory_calls(str(module)))


def _by_numba(kernel: Kernel) -> Any:
    """The same as numba makes it by itself."""
    text, names = source(kernel)
    exec(text, names)
    entry = numba.cfunc(ENTRY, **OPTIONS)(names["entry"])
    inner = entry.native_name.removeprefix("cfunc.")
    text = _own_square_root(_own_memory_calls(entry.inspect_llvm())) + _START.format(inner=inner)
    try:
        return llvm.parse_assembly(text)
    except RuntimeError as error:  # an LLVM whose pointers have types, say
        raise flat.Unsupported(f"{kernel.name}: {' '.join(str(error).split())[:200]}") from None


def image(kernel: Kernel) -> tuple[bytes, int]:
    """Position-independent machine code without relocations, and the offset of its entry.

    flat.Unsupported says what stands in the way of an image.
    """
    with undisturbed():
        try:
            return _image(kernel, _by_lean(kernel))
        except Exception:  # noqa: BLE001  another numba, or a kernel that is wrong: numba's own words tell of it
            return _image(kernel, _by_numba(kernel))


def ready() -> None:
    """Load all that numba loads at its first kernel."""
    from hq_core.jit import lean

    with undisturbed():
        lean.refresh()


@contextmanager
def undisturbed() -> Iterator[None]:
    """Within it no garbage is collected: a quarter of the time, as the compiler makes millions of objects that stay."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _image(kernel: Kernel, module: Any) -> tuple[bytes, int]:
    names = (one.__name__ for one in all_helpers(kernel.function) if is_apart(one))
    apart = [f"{len(name)}{name}" for name in names]  # as they stand in a mangled name
    for function in module.functions:
        if not function.is_declaration:
            function.linkage = "external" if function.name in _OUTSIDE else "internal"
            if any(name in function.name for name in apart):
                function.add_function_attribute("noinline")
    for variable in module.global_variables:
        if not variable.is_declaration:
            variable.linkage = "internal"
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    llvm.initialize_native_asmparser()
    target = llvm.Target.from_default_triple()
    unfused = "-fma"  # a fused product is not rounded: other bits than where there is no such instruction
    machine = target.create_target_machine(cpu=processor(), features=unfused, opt=3, reloc="pic", codemodel="default")
    tuning = llvm.create_pipeline_tuning_options(speed_level=3)
    tuning.slp_vectorization = True  # side-by-side sums share a register: a third off the trades kernel
    passes = llvm.create_pass_builder(machine, tuning)
    passes.getModulePassManager().run(module, passes)
    return flat.flatten(machine.emit_object(module), "hq_entry", kernel.name)
