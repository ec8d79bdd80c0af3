"""Process-wide settings for decoding covers. Edge (allocator, warnings)."""

from __future__ import annotations

import warnings

from PIL import Image

from imaging.process_setup import configure_malloc


def configure_process() -> None:
    """Prepare a process that decodes images; call it before the first one."""
    configure_malloc()
    filter_pillow_warnings()


def filter_pillow_warnings() -> None:
    """Make a decompression bomb an error for its image; ignore Pillow's other warnings."""
    warnings.filterwarnings("ignore", module=r"PIL\.")
    warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
