"""The error tree. Pure.

CoverstreamError
├── PermanentError      doing it again gives the same end: quarantine it
│   ├── DecodeError     bytes or JSON that are not what their contract says
│   └── UserError       a person's mistake at the command line: one line, exit code 2
└── TransientError      doing it again may work: let it be redelivered
    └── ConflictError   another writer was first: load again and decide again

Anything else that is raised is a bug and ends the invocation loudly.
"""

from __future__ import annotations


class CoverstreamError(Exception):
    """Root of all errors that this project raises on purpose."""


class PermanentError(CoverstreamError):
    """The same input will fail again; it goes to quarantine or to a person."""


class DecodeError(PermanentError):
    """A record, event or message does not keep its contract; says which field."""


class UserError(PermanentError):
    """A person's mistake, told in one line without a traceback; exit code 2."""


class TransientError(CoverstreamError):
    """The same input may succeed later; the caller lets it be redelivered."""


class ConflictError(TransientError):
    """A conditional write lost against another writer; nothing was written."""
