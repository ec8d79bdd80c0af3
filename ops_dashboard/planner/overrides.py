"""Figures given by the user: a JSON object of names and numbers. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection

import msgspec

from stream_ingest.contracts.errors import UserError


def read_numbers(data: bytes, known: Collection[str], what: str) -> dict[str, float]:
    """Return the numbers in `data`, none below 0; raises `UserError` naming every problem.

    `what` begins the message, such as ``--prices FILE``.
    """
    try:
        found = msgspec.json.decode(data, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeError) as error:
        msg = f"{what}: not a JSON object of names and numbers: {error}"
        raise UserError(msg) from error
    numbers: dict[str, float] = {}
    problems: list[str] = []
    for name, value in found.items():
        if name not in known:
            problems.append(f"{name!r} is unknown")
        elif isinstance(value, bool) or not isinstance(value, int | float):
            problems.append(f"{name} is {value!r}, not a number")
        elif value < 0 or not math.isfinite(value):
            problems.append(f"{name} is {value}, less than 0")
        else:
            numbers[name] = float(value)
    if problems:
        msg = f"{what}: {'; '.join(problems)}; known are {', '.join(sorted(known))}"
        raise UserError(msg)
    return numbers
