"""What can be done about an unreadable item, by its kind. Pure."""

from __future__ import annotations

_ADVICE = {
    "state": "its rows wait; deploy the newer release again if there was a rollback",
    "window": "it is failed; deploy the newer release again, then ops-dashboard retry --failed",
    "images": "its window cannot be built from it; ops-dashboard replay --from DAY has its event",
    "tally": "rows of its creator wait; what it counted is in the figures of its batch alone",
    "batch": "it cannot end; its rows are folded and its collages are built",
    "record": "later rows of its creator wait; it has rows that wait themselves",
}


def advice_on(sort: str) -> str:
    """Return what an unreadable item costs and what can be done, by its sort key."""
    return _ADVICE.get(sort.partition("#")[0], "see its attributes in DynamoDB")
