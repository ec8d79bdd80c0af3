"""The error tree. Pure.

CoverstreamError
├── PermanentError      a retry fails in the same way: quarantine the input
│   ├── DecodeError     bytes or JSON that violate their contract
│   │   └── UnreadableItemError   an item of the table: only what belongs to it has to wait
│   ├── RejectedError   a file of which no row can be used: exit code 1
│   └── UserError       a mistake at the command line: one line, exit code 2
│       └── NotFoundError   a window, batch, creator or file that does not exist: exit code 1
└── TransientError      a retry may succeed: let the input be redelivered
    └── ConflictError   a conditional check failed: load again and decide again

Anything else that is raised is a bug and ends the invocation loudly.
"""

from __future__ import annotations


class CoverstreamError(Exception):
    """Root of all errors that this project raises deliberately."""


class PermanentError(CoverstreamError):
    """The same input would fail again; it is quarantined or reported to a person."""


class DecodeError(PermanentError):
    """A record, event or message violates its contract; the message names the field."""


class UnreadableItemError(DecodeError):
    """An item of the table violates its contract, or the table refuses what follows from it.

    `partition` and `sort` are its key; `reason` is what is wrong with it.
    """

    def __init__(self, partition: str, sort: str, reason: str) -> None:
        """Name the item by its key."""
        super().__init__(f"{partition} {sort}: {reason}")
        self.partition, self.sort, self.reason = partition, sort, reason


class RejectedError(PermanentError):
    """No row of a file can be used, or it cannot be read; reported in one line, exit code 1."""


class UserError(PermanentError):
    """A user's mistake, reported in one line without a traceback; exit code 2."""


class NotFoundError(UserError):
    """What a user named does not exist; reported in one line, exit code 1."""


class TransientError(CoverstreamError):
    """The same input may succeed later; the caller lets it be redelivered."""


class ConflictError(TransientError):
    """A conditional check failed because another writer was first; nothing was written."""
