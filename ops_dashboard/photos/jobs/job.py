"""A job: which photos it sends, and how far it is. Pure.

A job is an item of the table `photos`, so that an operator on any host can see and continue it. It
has no attribute of the indexes, and its key is that of no photo: photos of a gallery named ``job#``
have a slash in their names.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from ops_dashboard.photos.jobs.needs import Selection
from rendition_lambda.photo_item import PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE
from rendition_lambda.recipe import RECIPES
from stream_ingest.contracts.errors import UnreadableItemError

JOB_PARTITION = "job#"
JOB_LIFE_S = 30 * 86_400
"""How long the item of a job stays after its last change."""


class Position(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a job is: first it goes through the bucket, then through the table."""

    key: str = ""
    """The last key of the bucket that it has gone through."""
    item: tuple[str, str] | None = None
    """The last item of the table; None while it goes through the bucket."""


TABLE_BEGIN = Position(item=("", ""))
"""The position after the last object, before the first item."""


class JobKind(StrEnum):
    """The command that a job is a run of."""

    BACKFILL = "backfill"
    RENDER = "render"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One run of ``photos backfill`` or ``photos render``."""

    name: str
    """Begins with its kind and ends with its time."""
    kind: JobKind
    selection: Selection
    recipes: dict[str, str]
    """Versions of the recipes by which it selects, by name."""
    position: Position = Position()
    sent: int = 0
    total: int = 0
    """How many messages it was to send when it began."""
    revision: int = 0
    """Number of its writes; each is made under the condition that it is the next one."""
    started_at: str = ""
    updated_at: str = ""
    finished_at: str = ""
    """Empty for a job that can be continued."""


def current_recipes() -> dict[str, str]:
    """Return the versions of this release's recipes."""
    return {name: recipe.version for name, recipe in RECIPES.items()}


def to_item(job: Job, now_s: float) -> dict[str, Any]:
    """Return the item of a job."""
    content = msgspec.to_builtins(job)
    return {
        **{name: value for name, value in content.items() if name != "name"},
        PARTITION_KEY: JOB_PARTITION,
        SORT_KEY: job.name,
        TTL_ATTRIBUTE: int(now_s) + JOB_LIFE_S,
    }


def from_item(item: Mapping[str, Any]) -> Job:
    """Return the job of an item; raises `UnreadableItemError` that names the attribute."""
    content = {name: value for name, value in item.items() if name != SORT_KEY}
    numbers = {name: int(content[name]) for name in ("sent", "total", "revision")}
    try:
        return msgspec.convert({**content, **numbers, "name": item[SORT_KEY]}, Job)
    except msgspec.ValidationError as error:
        raise UnreadableItemError(JOB_PARTITION, str(item[SORT_KEY]), str(error)) from error
