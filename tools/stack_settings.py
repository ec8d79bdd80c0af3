"""The module of a stack's settings. Edge (files)."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

from ops_dashboard.checkout import ROOT


def load_stack_settings() -> ModuleType:
    """Import ``pulumi/settings.py``, which is in no package, and the modules beside it."""
    folder = ROOT / "pulumi"
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    spec = importlib.util.spec_from_file_location("stack_settings", folder / "settings.py")
    assert spec is not None  # noqa: S101 - the file is there
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # msgspec looks annotations up there
    spec.loader.exec_module(module)
    return module
