"""What all events on the bus have. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0)]


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base class of all details; `detail_type` is the name of the class."""

    schema: Literal[1] = 1

    @classmethod
    def detail_type(cls) -> str:
        """Return EventBridge's detail-type of this event: the name of its class."""
        return cls.__name__
