"""Headers of a download. Pure."""

from __future__ import annotations

USER_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"
    " (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)
_HEADERS = {
    "Accept": "image/jpeg,image/webp,image/png,image/avif;q=0.9,image/*;q=0.8,*/*;q=0.5",
    "Accept-Language": "en-US,en;q=0.9",
    "Accept-Encoding": "identity",
    "Referer": "https://www.tiktok.com/",
    "Sec-Fetch-Dest": "image",
    "Sec-Fetch-Mode": "no-cors",
    "Sec-Fetch-Site": "cross-site",
}
"""What a browser sends for an image on tiktok.com, but with JPEG first, which decodes fastest, and
without SVG, which is not supported."""


def request_headers(user_agent: str = USER_AGENT) -> dict[str, str]:
    """Return the headers of every request."""
    return {"User-Agent": user_agent, **_HEADERS}
