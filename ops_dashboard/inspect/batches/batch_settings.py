"""The settings of a batch as lines for people. Pure."""

from __future__ import annotations

import msgspec

from stream_ingest.contracts.settings import DAY_S, BatchSettings, FlushPolicy

_HOUR_S = 3_600


class SettingLine(msgspec.Struct, frozen=True, kw_only=True):
    """A setting: what it is, and its value."""

    name: str
    value: str


def setting_lines(stored: str) -> list[SettingLine]:
    """Return the settings in a batch's item; as they are if they are those of a newer release."""
    try:
        settings = msgspec.json.decode(stored, type=BatchSettings)
    except msgspec.DecodeError:
        return [SettingLine(name="settings", value=stored)]
    layout, downloads = settings.layout, settings.downloads
    lines = {
        "grid": f"{layout.rows} x {layout.cols} cells of {layout.cell_px} px",
        "images per collage": f"at most {settings.images_per_window}",
        "JPEG quality": str(layout.quality),
        "background": layout.background,
        "windows that are not full": _flush(settings.flush),
        "a collage shows": "one creator" if settings.group_by_creator else "the file in its order",
        "known images": "refused" if settings.dedup else "accepted again",
        "rows without images": "left out" if layout.fit_rows else "",
        "cells of failed images": "filled by later images" if layout.pack else "",
        "output folder": settings.prefix,
        "failed downloads": "stored with the server's answer" if settings.debug else "",
        "download timeout": f"{downloads.timeout_s} s" if downloads and downloads.timeout_s else "",
        "download tries": str(downloads.tries) if downloads and downloads.tries else "",
        "downloads at once": str(downloads.at_once) if downloads and downloads.at_once else "",
    }
    return [SettingLine(name=name, value=value) for name, value in lines.items() if value]


def _flush(policy: FlushPolicy) -> str:
    if policy.kind == "never":
        return "wait until they are full"
    if policy.kind == "batch-end":
        return "close when the batch ends"
    days, hours = policy.idle_s / DAY_S, policy.idle_s / _HOUR_S
    after = f"{days:g} days" if days >= 1 else f"{hours:g} hours"
    return f"close {after} after their last image"
