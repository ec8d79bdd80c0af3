"""A sample photo, and what it must become. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

GALLERY = "demo"
AUGMENTED = "original-uploads"
"""Gallery of the images to augment, those of the bucket's root included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePhoto:
    """One upload, and what it must become."""

    key: str
    data: bytes
    about: str
    """What is special about it, for people."""
    stems: tuple[str, ...] = ()
    """Names of its outputs; several if it depends on which of two photos is rendered first."""
    upright: Image.Image | None = None
    """What its outputs must show, in sRGB; None if it has no outputs."""
    max_difference: float = 2.0
    """Most that a colour may differ by, by CIEDE2000."""
    reason: str = ""
    """Why it fails; without a reason and a picture it is skipped."""

    @property
    def status(self) -> str:
        """Return the status of its item at the end."""
        if self.upright is not None:
            return "active"
        return "failed" if self.reason else "skipped"

    @property
    def gallery(self) -> str:
        """Return the partition of its item."""
        return GALLERY if self.key.startswith(f"{GALLERY}/") else AUGMENTED
