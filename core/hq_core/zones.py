"""Time zones by their IANA names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.errors import USAGE, HqError, nearest

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def open_zone(name: str) -> ZoneInfo:
    """The IANA zone `name`.  Raises HqError USAGE, with the nearest name, for what is none."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # KeyError: unknown; the others: not a name that a file may have
        near = _near(name)
        hint = f"; did you mean {near}?" if near else ""
        told = f"time zone '{name}' is not known; zones have IANA names, such as America/New_York{hint}"
        raise HqError(told, USAGE) from None


def _near(name: str) -> str:
    """The zone that was most likely meant: by its city, which people leave alone, or by its whole name."""
    from zoneinfo import available_timezones

    known = sorted(available_timezones())
    cities: dict[str, str] = {}
    for zone in known:
        city = zone.rpartition("/")[2].lower()
        if not zone.startswith(("posix/", "right/")) and (city not in cities or "/" not in cities[city]):
            cities[city] = zone
    city = nearest(name.rpartition("/")[2].strip().replace(" ", "_").lower(), list(cities))
    return cities[city] if city else nearest(name, known)
