"""Rights that the embedded AWS does not enforce, and how their need is shown instead."""

from __future__ import annotations

from tests.end_to_end.role_rights import USES, Key

_OWN_LOGS = (
    "compares log rights with the group's ARN; AWS with the ARN and the stream after its colon"
)
_MISSING = "answers 404 for a missing object; AWS 403 without ListBucket"
_CHECKED = {"Outputs", "Images", "Packs"}
_CONDITIONS = "compares neither items nor attributes of writes; tests/faults/test_rights.py does"


def _is_shared(key: Key) -> bool:
    """Return whether other statements of the role allow the action, for other items."""
    return sum(each[0] == key[0] and each[2:] == key[2:] for each in USES) > 1


NOT_ENFORCED: dict[Key, str] = {
    **{key: _CONDITIONS for key in USES if _is_shared(key)},
    **{key: _OWN_LOGS for key in USES if key[1] == "WriteOwnLogs"},
    **{key: _MISSING for key in USES if key[1].removeprefix("DetectMissing") in _CHECKED},
}
"""Rights whose need ministack cannot show, and why.

`test_iam` still compares the policies with these actions and resources.
"""
