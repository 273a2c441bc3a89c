"""An ELF object for x86-64 becomes flat machine code: sections laid out, PC-relative relocations resolved.

What would need a linker at load time (absolute addresses, writable data, outside symbols) is refused, so that
an image is mapped read-and-execute straight from its file.  Layout after the System V ABI, AMD64 supplement.
"""

from __future__ import annotations

import struct

_ALLOC, _WRITE = 2, 1
_SYMTAB, _RELA, _NOBITS = 2, 4, 8
_PC32, _PLT32 = 2, 4


class Unsupported(Exception):
    """The kernel needs something that an image cannot hold."""


def flatten(obj: bytes, entry: str, name: str) -> tuple[bytes, int]:
    """The code and the offset of `entry` in it; Unsupported names the symbol or section that stands in the way."""
    if obj[:5] != b"\x7fELF\x02" or struct.unpack_from("<H", obj, 18)[0] != 62:
        raise Unsupported(f"{name}: not an x86-64 object")
    (table,) = struct.unpack_from("<Q", obj, 40)
    entry_size, count, names_at = struct.unpack_from("<HHH", obj, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", obj, table + i * entry_size) for i in range(count)]

    def text(at: int) -> str:
        return obj[at : obj.index(b"\0", at)].decode()

    titles = [text(sections[names_at][4] + section[0]) for section in sections]
    out = bytearray()
    places: dict[int, int] = {}
    for i, (_, kind, flags, _, offset, size, _, _, align, _) in enumerate(sections):
        if not flags & _ALLOC or titles[i].startswith(".eh_frame"):
            continue
        if flags & _WRITE or kind == _NOBITS:
            if size:
                raise Unsupported(f"{name}: writable section {titles[i]}")
            continue
        out += b"\xcc" * (-len(out) % max(align, 1))
        places[i] = len(out)
        out += obj[offset : offset + size]
    symbols = _symbols(obj, sections, text)
    for _, kind, _, _, offset, size, _, target, _, _ in sections:
        if kind == _RELA and target in places:
            for at in range(offset, offset + size, 24):
                _relocate(out, places, symbols, titles, places[target], struct.unpack_from("<QQq", obj, at), name)
    for symbol, section, value in symbols:
        if symbol == entry and section in places:
            return bytes(out), places[section] + value
    raise Unsupported(f"{name}: no symbol {entry}")


def _symbols(obj: bytes, sections: list[tuple[int, ...]], text: object) -> list[tuple[str, int, int]]:
    table = next(section for section in sections if section[1] == _SYMTAB)
    strings = sections[table[6]][4]
    found = []
    for at in range(table[4], table[4] + table[5], 24):
        label, _, _, section, value, _ = struct.unpack_from("<IBBHQQ", obj, at)
        found.append((obj[strings + label : obj.index(b"\0", strings + label)].decode(), section, value))
    return found


def _relocate(
    out: bytearray,
    places: dict[int, int],
    symbols: list[tuple[str, int, int]],
    titles: list[str],
    base: int,
    relocation: tuple[int, int, int],
    name: str,
) -> None:
    offset, info, addend = relocation
    symbol, section, value = symbols[info >> 32]
    if info & 0xFFFFFFFF not in (_PC32, _PLT32):
        raise Unsupported(f"{name}: relocation type {info & 0xFFFFFFFF}")
    if section == 0:
        raise Unsupported(f"{name}: needs {symbol}, which an image cannot call")
    if section not in places:
        raise Unsupported(f"{name}: refers into {titles[section]}")
    place = base + offset
    struct.pack_into("<i", out, place, places[section] + value + addend - place)
