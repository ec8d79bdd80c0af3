"""What the owner of a date column knows of it, and its values do not say. Pure."""

from __future__ import annotations

import msgspec

from stream_ingest.contracts.errors import UserError

DAY_FIRST, MONTH_FIRST = "day-first", "month-first"
_ORDERS = {DAY_FIRST: True, MONTH_FIRST: False}
_EPOCHS = {"excel": (1899, 12, 30), "excel-1904": (1904, 1, 1)}
"""Day 0 of a spreadsheet's numbers. Excel's own day 0 is a day later, but it also counts
1900-02-29, which did not exist, so this is right from March 1900 on."""


class DateForm(msgspec.Struct, frozen=True, kw_only=True):
    """How to read dates that could mean two days, and small numbers."""

    day_first: bool | None = None
    """Whether ``01/02/2025`` is in February; None if nobody knows."""
    epoch: tuple[int, int, int] | None = None
    """Day 0 of numbers that count days, as a spreadsheet does; None if there are none."""
    timezone: str | None = None
    """The zone of times that are written without one (`contracts.zones.parse_zone`); UTC if it is
    None."""


PLAIN = DateForm()


def parse_dates(text: str | None, name: str = "--dates") -> DateForm:
    """Return the form in an option: ``day-first``, ``month-first``, ``excel``, ``excel-1904``.

    An order and a kind of numbers may be given together, with a comma between. Raises `UserError`
    that names the option by `name`.
    """
    words = [word.strip().lower().replace("_", "-") for word in (text or "").split(",")]
    orders = {word for word in words if word in _ORDERS}
    epochs = {word for word in words if word in _EPOCHS}
    if not {*filter(None, words)} <= orders | epochs or len(orders) > 1 or len(epochs) > 1:
        expected = ", ".join([*_ORDERS, *_EPOCHS])
        msg = f"{name} {text!r}: expected one of {expected}, or an order and excel with a comma"
        raise UserError(msg)
    return DateForm(
        day_first=next((_ORDERS[word] for word in orders), None),
        epoch=next((_EPOCHS[word] for word in epochs), None),
    )
