"""Colours of what windows, photos and batches came to. Pure.

They are the terminal's own, which it shows on light and on dark; rich leaves them out where
`NO_COLOR` is set or the output is no terminal.
"""

from __future__ import annotations

from rich.text import Text

from ops_dashboard.printing.tables import coloured
from stream_ingest.batches.outcome import BatchOutcome, OutcomeLevel

_GOOD, _WARN, _BAD, _BUSY = "green", "yellow", "red", "cyan"
_LEVELS = {
    OutcomeLevel.GOOD: _GOOD,
    OutcomeLevel.WARN: _WARN,
    OutcomeLevel.BAD: _BAD,
    OutcomeLevel.BUSY: _BUSY,
}
_STATUSES = {
    **dict.fromkeys(("completed", "active"), _GOOD),
    **dict.fromkeys(("partial", "skipped"), _WARN),
    **dict.fromkeys(("failed", "refused", "unreadable"), _BAD),
}


def status_text(status: str) -> Text:
    """Return the status of a window or photo in its colour."""
    return coloured(status, _STATUSES.get(status, _BUSY))


def outcome_text(outcome: BatchOutcome) -> Text:
    """Return the outcome of a batch in its colour."""
    return coloured(outcome.text, _LEVELS[outcome.level])
