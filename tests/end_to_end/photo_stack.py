"""A stack that renders photos, with everything that is optional about them."""

from __future__ import annotations

from dataclasses import dataclass

from ops_dashboard.local.aws.stack import LocalAws
from stream_ingest.contracts.stack_outputs import PhotosOutputs, StackOutputs

OTHER_BUCKET = "wedding-archive"
SETTINGS = {
    "photos": True,
    "photosCdn": True,
    "photosUploadLinks": True,
    "photosOtherBuckets": [OTHER_BUCKET],
}


@dataclass(frozen=True)
class PhotoStack:
    """A deployed stack; tests of several files put photos into galleries of their own."""

    aws: LocalAws
    outputs: StackOutputs

    @property
    def photos(self) -> PhotosOutputs:
        """The outputs about photos."""
        assert self.outputs.photos is not None
        return self.outputs.photos
