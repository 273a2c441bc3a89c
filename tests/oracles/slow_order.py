"""The order of rows by the words of hq-frames(5), all keys remembered: what hq's check is held against."""

from __future__ import annotations


def first_wrong(kind: str, columns: list[str], rows: list[tuple[int, ...]]) -> int:
    """How many rows pass before one goes back in time or has a key that it may not have."""
    last: int | None = None
    opened: list[int] = []
    ids: list[tuple[int, int]] = []  # (ts, id) of all trades that have one
    for number, row in enumerate(rows):
        has = dict(zip(columns, row))
        if not has.get("complete", 1):
            continue
        if last is not None and has["ts"] < last:
            return number
        if kind == "bar" and opened and has["open_time"] <= max(opened):
            return number
        if kind == "trade" and has.get("id", 0) > 0:
            if ids and has["id"] == ids[-1][1]:
                return number
            if any(ts == has["ts"] and has["id"] <= id_ for ts, id_ in ids):
                return number
            ids.append((has["ts"], has["id"]))
        if kind == "bar":
            opened.append(has["open_time"])
        last = has["ts"]
    return len(rows)
