"""The checkout that this code runs from. Edge (disk)."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""Root of the repository: where pyproject.toml, uv.lock and pulumi/ are."""
