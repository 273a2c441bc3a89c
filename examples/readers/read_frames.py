"""Read an hq-frames stream without hq: pip install msgpack.

    hq-gen bars --rows 5 | python read_frames.py

As a module, `batches(file)` gives {"schema": ..., "columns": {"close": memoryview of float64, ...}} for each batch of
rows.  A column is used where it was read, without a copy; numpy.asarray takes it as it is.  Free text is a list of str.
"""

import hashlib
import json
import sys

import msgpack

CODES = {"i8": "q", "f8": "d", "f4": "f", "i4": "i", "s4": "i", "i1": "b", "b1": "b"}
WIDTHS = {"q": 8, "d": 8, "f": 4, "i": 4, "b": 1}


def batches(file):
    """Batches of rows from a binary file.  Raises ValueError if a section does not end with what it counted."""
    schemas, counts, is_open = {}, {}, False
    limits = {"max_buffer_size": 64 << 20, "max_ext_len": 16 << 20, "max_array_len": 4096, "max_map_len": 65536}
    unpacker, fed = msgpack.Unpacker(**limits), 0
    begin, before, at = None, 0, 0  # of the section; of the object before it; of this one
    while piece := (file.read1 if hasattr(file, "read1") else file.read)(65536):
        unpacker.feed(piece)
        fed += len(piece)
        for said in unpacker:
            before, at = at, unpacker.tell()
            if isinstance(said, list):  # [bytes that follow, schema id, rows, columns]
                _, number, rows, columns = said
                schema = schemas[number]
                counts[schema["key"]] = counts.get(schema["key"], 0) + rows
                yield {"schema": schema, "columns": split(schema["cols"], rows, columns.data)}
            elif said["kind"] == "head":
                if said["hq"] != 1 or (is_open and not said.get("resumed")):
                    raise ValueError("not version 1, or the section before has no end: its writer died")
                if said.get("resumed") and begin is not None and said["offset"] != (before - begin if is_open else 0):
                    raise ValueError("goes on elsewhere: the output of a killed writer was not cut back")
                if not said.get("resumed"):
                    begin = before
                elif begin is None:
                    begin = before - said["offset"]
                schemas, counts, is_open = {}, {}, True
            elif said["kind"] == "schema":
                key = f"{said['of']}/{said.get('symbol', '')}/{said.get('period', '')}"
                schemas[said["id"]] = {**said, "key": key, "strings": {}}
            elif said["kind"] == "section":
                for schema in schemas.values():
                    schema["strings"] = {}
            elif said["kind"] == "strings":  # texts behind the codes of an s4 column
                for schema in schemas.values():
                    if schema["key"] == said["of"]:
                        schema["strings"].setdefault(said["col"], []).extend(said["values"])
            elif said["kind"] == "end":
                if {key: n for key, n in said["rows"].items() if n} != counts:
                    raise ValueError(f"the writer counted {said['rows']}, but {counts} came")
                is_open = False
    if is_open or unpacker.tell() != fed:
        raise ValueError("the stream stops before its end: its writer died, or it was cut")


def split(cols, rows, data):
    """The columns of a frame, each of which begins at a multiple of 8 bytes."""
    found, at, view = {}, 0, memoryview(data)
    for name, kind in cols:
        if kind == "text":  # n lengths, then the bytes of all texts
            lengths, at = view[at : at + 4 * rows].cast("I"), at + (4 * rows + 7) // 8 * 8
            found[name] = [str(view[at : (at := at + length)], "utf-8") for length in lengths]
            at = (at + 7) // 8 * 8
            continue
        item, _, length = kind.partition("x")
        code = CODES[item]
        size = WIDTHS[code] * int(length or 1) * rows
        column = view[at : at + size].cast(code)
        found[name] = column.cast("B").cast(code, [rows, int(length)]) if length else column
        at += (size + 7) // 8 * 8
    if at != len(data):
        raise ValueError(f"{len(data)} bytes of columns where {rows} rows need {at}")
    return found


def summary(file):
    """Each series' rows and columns, with the SHA-256 of each column's bytes."""
    series = {}
    for batch in batches(file):
        columns = series.setdefault(batch["schema"]["key"], {})
        for name, column in batch["columns"].items():
            count, digest = columns.setdefault(name, [0, hashlib.sha256()])
            columns[name][0] = count + len(column)
            digest.update("".join(column).encode() if isinstance(column, list) else column)
    return {
        key: {name: {"rows": count, "sha256": digest.hexdigest()} for name, (count, digest) in columns.items()}
        for key, columns in series.items()
    }


if __name__ == "__main__":
    json.dump(summary(sys.stdin.buffer), sys.stdout)
    print()
