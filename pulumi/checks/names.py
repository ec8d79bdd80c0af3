"""Whether the names that a stack's resources get are allowed by AWS. Pure.

Every name begins with the project's and the stack's, so one that is too long or has an unusual
character would stop the deployment when many resources exist already.
"""

from __future__ import annotations

import re
from collections.abc import Collection

ACCOUNT_DIGITS = 12
LONGEST: dict[str, tuple[str, int]] = {
    "input bucket": ("{prefix}-input-{account}-{region}", 63),
    "output bucket": ("{prefix}-output-{account}-{region}", 63),
    "temp bucket": ("{prefix}-temp-{account}-{region}", 63),
    "logs bucket": ("{prefix}-logs-{account}-{region}", 63),
    "archive": ("{prefix}-windows", 48),
    "role": ("{prefix}-windowing-function", 64),
    "function": ("{prefix}-windowing", 64),
    "rule": ("{prefix}-batch-incomplete", 64),
    "schedule": ("{prefix}-sweeper", 64),
    "queue": ("{prefix}-notification-dead-letters", 80),
}
"""Names of the buckets and the longest name of each other kind that the program makes, and how many
characters AWS allows."""
PHOTO_BUCKETS = {
    f"{purpose} bucket": (f"{{prefix}}-{purpose}-{{account}}-{{region}}", 63)
    for purpose in ("uploads", "renditions")
}
"""The same of the buckets of a stack with the setting `photos`."""
_ALLOWED = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def name_problems(
    prefix: str, region: str, named_buckets: Collection[str] = (), *, photos: bool = False
) -> list[str]:
    """Return what is wrong with `prefix`, ``<project>-<stack>``; empty if nothing is.

    Buckets of the purposes `named_buckets` have names of their own; `photos` adds their buckets.
    """
    if not _ALLOWED.fullmatch(prefix):
        problem = (
            f"project and stack make {prefix!r}, with which the names of buckets begin: use"
            " lower-case letters, digits and single hyphens"
        )
        return [problem]
    problems = []
    for kind, (form, limit) in {**LONGEST, **(PHOTO_BUCKETS if photos else {})}.items():
        if kind.removesuffix(" bucket") in named_buckets:
            continue
        name = form.format(prefix=prefix, account="0" * ACCOUNT_DIGITS, region=region)
        if len(name) > limit:
            over = len(name) - limit
            problems.append(
                f"the {kind} {name} would have {len(name)} characters, and AWS allows {limit}:"
                f" shorten the stack's name by {over}"
            )
    return problems
