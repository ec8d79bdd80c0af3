"""CloudFront with a cache in front of the bucket of renditions, in memory.

It keeps what it has served for ever, one copy for each value of ``v`` that was asked for, until it
is invalidated (Amazon CloudFront Developer Guide, "Invalidate files to remove content").
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from tests.faults.harness.aws.errors import Wire, client_error, known

DISTRIBUTION = "E1"
TOO_MANY = "TooManyInvalidationsInProgress"


class PhotoCdn:
    """A low-level client, and the edge that viewers ask. `outputs` are the bucket's objects."""

    def __init__(self, outputs: Mapping[str, bytes]) -> None:
        self._outputs = outputs
        self.cached: dict[tuple[str, str], bytes] = {}
        """Copies by key and query string."""
        self.invalidated: list[str] = []
        """Paths, in order."""
        self.is_busy = False
        """Whether as many invalidations are in progress as CloudFront takes."""
        self._references: dict[str, list[str]] = {}

    def view(self, key: str, query: str = "") -> bytes | None:
        """Return what a viewer gets, None for 403."""
        if (key, query) not in self.cached and key.startswith("renditions/"):
            found = self._outputs.get(key)
            if found is not None:
                self.cached[key, query] = found
        return self.cached.get((key, query))

    def view_all(self) -> None:
        """View every output, as somebody does all the time."""
        for key in self._outputs:
            self.view(key, "v=1")

    def create_invalidation(self, **request: Wire) -> dict[str, object]:
        """Remove the copies at some paths."""
        known(request, "DistributionId", "InvalidationBatch")
        assert request["DistributionId"] == DISTRIBUTION
        if self.is_busy:
            raise client_error(TOO_MANY, "CreateInvalidation")
        batch = request["InvalidationBatch"]
        known(batch, "CallerReference", "Paths")
        paths, reference = batch["Paths"]["Items"], batch["CallerReference"]
        assert batch["Paths"]["Quantity"] == len(paths) > 0
        if self._references.setdefault(reference, paths) is not paths:
            assert self._references[reference] == paths
            return {}  # the same request again: nothing more is invalidated
        self.invalidated += paths
        self.cached = {
            (key, query): copy
            for (key, query), copy in self.cached.items()
            if not any(_is_at(path, key, query) for path in paths)
        }
        self.view_all()
        return {}


def _is_at(path: str, key: str, query: str) -> bool:
    address = f"/{quote(key, safe='/~')}" + (f"?{query}" if query else "")
    return address.startswith(path[:-1]) if path.endswith("*") else address == path
