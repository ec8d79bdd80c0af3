"""Reads a stack's settings from its configuration. Edge (Pulumi's configuration), read once."""

from __future__ import annotations

from typing import Any

import msgspec
from checks.unknown_names import unknown_names
from pulumi.runtime.config import CONFIG, get_config_env
from settings import SECRETS, Settings, SettingsError

import pulumi


class ConfigurationError(SettingsError, pulumi.RunError):
    """A stack's configuration is wrong; Pulumi prints a `RunError` without a traceback."""


def read_settings(config: pulumi.Config) -> Settings:
    """Return the stack's settings.

    Raises `ConfigurationError` that lists every wrong value and every name that no setting has.
    """
    values: dict[str, Any] = {}
    known = msgspec.structs.fields(Settings)
    names = {*CONFIG.get(), *get_config_env()}
    problems = unknown_names(names, (setting.encode_name for setting in known), config.name)
    for setting in known:
        raw = config.get(setting.encode_name)
        if raw is None:
            continue
        try:
            values[setting.name] = _parse(raw, setting.type)
        except msgspec.MsgspecError as error:
            shown = "not allowed" if setting.name in SECRETS else repr(raw)
            problems.append(f"{setting.encode_name} is {shown}: {_explain(error, setting.type)}")
    try:
        settings = Settings(**values)
    except SettingsError as error:
        problems.append(str(error))
    if problems:
        raise ConfigurationError("; ".join(problems))
    return settings


def _parse(raw: str, kind: Any) -> object:  # noqa: ANN401 - a type, or one that is annotated
    """Return a setting's value; lists are JSON, as the Pulumi CLI stores them."""
    is_list = getattr(kind, "__origin__", None) is tuple
    return msgspec.convert(msgspec.json.decode(raw) if is_list else raw, kind, strict=False)


def _explain(error: msgspec.MsgspecError, kind: Any) -> str:  # noqa: ANN401 - as in `_parse`
    """Return what is wrong, without the regular expression of a form that has a description."""
    of_items = next(iter(getattr(kind, "__args__", ())), None)
    for each in (kind, of_items):
        for meta in getattr(each, "__metadata__", ()):
            if "matching regex" in str(error) and meta.description:
                return f"expected {meta.description}"
    return str(error)
