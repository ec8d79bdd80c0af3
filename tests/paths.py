"""Paths of the repository that tests use."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EVENTS = ROOT / "tests" / "events"
"""Events in AWS's shape, one JSON file each."""
