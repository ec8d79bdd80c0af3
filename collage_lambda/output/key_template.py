"""The template of the keys of a window's objects: a stack's setting `keyTemplate`. Pure.

A template is what comes after ``collages/[<prefix>/]`` and before the suffix, such as
``{date}/{trigger}/{batch}/{creator}_{kind}_{closed}_{window}``. It is part of each `WindowReady`,
so that a window keeps its keys if the setting changes.

Two windows must not share a key, whatever their creators and batches are called. The file name is
therefore made of the creator, the kind and the window's number, each once, with no other name next
to them: names may hold any separator. The number does not touch another digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from stream_ingest.contracts.events import KEY_TEMPLATE_PATTERN, MAX_KEY_TEMPLATE
from stream_ingest.contracts.naming import MAX_BATCH_ID, MAX_CREATOR_BYTES, MAX_TRIGGER
from stream_ingest.contracts.object_keys import BY_CREATOR
from stream_ingest.contracts.settings import MAX_PREFIX

DEFAULT_TEMPLATE = "{date}/{trigger}/{batch}/{creator}_{kind}_{closed}_{window}"
FIELDS = ("batch", "closed", "creator", "date", "kind", "trigger", "window")
MAX_KEY_BYTES = 1_024
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""

_FIELD = re.compile(r"\{([^{}]*)\}")
_NAMED_ONCE = ("creator", "kind", "window")
_LONGEST = {
    "batch": MAX_BATCH_ID,
    "closed": len("YYYYMMDD_HHMMSS"),
    "creator": 3 * MAX_CREATOR_BYTES,  # each byte as =XX
    "date": len("YYYY/MM/DD"),
    "kind": len("metadata"),
    "trigger": MAX_TRIGGER,
    "window": 12,
}
_SUFFIX = len(".json")


def expand(template: str, values: Mapping[str, str]) -> str:
    """Return a template with each field replaced by its value."""
    return _FIELD.sub(lambda field: values[field[1]], template)


def template_problems(template: str) -> list[str]:
    """Return what is wrong with a template, one line each; empty if it can be used."""
    unknown = sorted({name for name in _FIELD.findall(template) if name not in FIELDS})
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in FIELDS)
        return [f"unknown field {{{name}}}; the fields are {known}" for name in unknown]
    if len(template) > MAX_KEY_TEMPLATE or not re.search(KEY_TEMPLATE_PATTERN, template):
        problem = (
            "expected folders and a file name of fields, letters, digits, '-', '_' and '.', none"
            f" empty or with a dot at its start, {MAX_KEY_TEMPLATE} characters at most"
        )
        return [problem]
    return list(_problems(template))


def _problems(template: str) -> Iterator[str]:
    *folders, name = template.split("/")
    for field in _NAMED_ONCE:
        if name.count(f"{{{field}}}") != 1:
            yield f"the file name {name!r} needs {{{field}}} once, so that no two windows share it"
    for field in ("batch", "trigger"):
        if f"{{{field}}}" in name:
            yield f"{{{field}}} belongs into a folder, not into the file name {name!r}"
    if re.search(r"[0-9}]\{window\}|\{window\}[0-9{]", name):
        yield "{window} needs a separator, such as _, from a field or a digit beside it"
    if any("{date}" in part and part != "{date}" for part in (*folders, name)):
        yield "{date} is the folders YYYY/MM/DD: it needs a slash on either side"
    if folders and folders[0] == BY_CREATOR:
        yield f"the folder {BY_CREATOR!r} is that of the copies by creator"
    longest = longest_key(template)
    if longest > MAX_KEY_BYTES:
        yield f"its longest key has {longest} bytes; S3 takes {MAX_KEY_BYTES}"


def longest_key(template: str) -> int:
    """Return the length of the longest key that a window can have."""
    name = template.rpartition("/")[2]
    keys = len("thumbnails/") + MAX_PREFIX + len("/") + _expanded(template)
    copy = len(f"collages/{BY_CREATOR}//") + _LONGEST["creator"] + _expanded(name)
    return max(keys, copy) + _SUFFIX


def _expanded(template: str) -> int:
    return len(expand(template, {name: "x" * length for name, length in _LONGEST.items()}))
