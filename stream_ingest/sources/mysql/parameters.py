"""The parameters of a database's URL, as MySQL's many clients write them. Pure.

Names are compared without regard to case, dashes and underscores: ``ssl-mode``, ``ssl_mode`` and
``sslMode`` are one parameter. A name that is not known is an error, because it may be the one that
was to protect the connection.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.mysql.parameter_names import (
    CHARACTER_SETS,
    FIELDS,
    IGNORED,
    LOCAL_FILES,
    SPELLINGS,
    TIME_ZONES,
)
from stream_ingest.sources.mysql.tls_mode import Demand, TlsMode, at_least, at_most, choose_mode

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 600.0
MAX_TIMEOUT_S = 86_400.0
Pairs = Sequence[tuple[str, str]]
"""Parameters and their values as they were written."""

_MODES = {
    "disabled": TlsMode.DISABLED,
    "disable": TlsMode.DISABLED,
    "preferred": TlsMode.PREFERRED,
    "prefer": TlsMode.PREFERRED,
    "allow": TlsMode.PREFERRED,
    "required": TlsMode.REQUIRED,
    "require": TlsMode.REQUIRED,
    "trust": TlsMode.REQUIRED,
    "skipverify": TlsMode.REQUIRED,
    "verifyca": TlsMode.VERIFY_CA,
    "verifyidentity": TlsMode.VERIFY_IDENTITY,
    "verifyfull": TlsMode.VERIFY_IDENTITY,
}
_TRUTHS = {"1": True, "true": True, "yes": True, "on": True}
_FALSEHOODS = {"0": False, "false": False, "no": False, "off": False}
_DURATION = re.compile(r"(?P<count>[0-9]+(?:\.[0-9]+)?)(?P<unit>ms|s|m)?")
_UNIT_S = {"ms": 0.001, "s": 1.0, "m": 60.0}
_SIMILARITY = 0.6
_LONGEST_NAME = 40


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the parameters of a connection come to."""

    mode: TlsMode | None = None
    """None if no parameter is about TLS: then it depends on where the server is."""
    ca: str | None = None
    """File with the certificates of the authorities that are trusted, instead of the system's."""
    ca_path: str | None = None
    cert: str | None = None
    """File with the client's own certificate, and the file with its key."""
    key: str | None = None
    unix_socket: str | None = None
    connect_timeout_s: float = CONNECT_TIMEOUT_S
    read_timeout_s: float = READ_TIMEOUT_S
    user: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        """Return nothing of what may be secret."""
        return "Settings(…)"


def read_parameters(pairs: Pairs) -> Settings:
    """Return the settings of parameters; raises `UserError` that names the one that is wrong."""
    given: dict[str, tuple[str, str]] = {}
    for written, value in pairs:
        name = _known(written)
        if not value:
            msg = f"--mysql: {written} has no value"
            raise UserError(msg)
        if name not in FIELDS:
            _check(name, written, value)
        elif given.setdefault(FIELDS[name], (written, value))[1] != value:
            msg = f"--mysql: {given[FIELDS[name]][0]} and {written} contradict each other"
            raise UserError(msg)
    return _settings(given)


def _known(written: str) -> str:
    name = re.sub(r"[-_. ]", "", written).lower()
    if name in FIELDS or name in CHARACTER_SETS | LOCAL_FILES | TIME_ZONES | IGNORED:
        return name
    nearest = difflib.get_close_matches(name, [*SPELLINGS], 1, _SIMILARITY)
    hint = f"; did you mean {SPELLINGS[nearest[0]]}?" if nearest else ""
    shown = written if len(written) <= _LONGEST_NAME and written.isprintable() else "that"
    msg = f"--mysql: unknown parameter {shown}{hint}"
    raise UserError(msg)


def _settings(given: dict[str, tuple[str, str]]) -> Settings:
    if "key" in given and "cert" not in given:
        msg = f"--mysql: {given['key'][0]} needs the certificate of that key: add ssl_cert"
        raise UserError(msg)
    fields: dict[str, Any] = {name: given[name][1] for name in _TEXTS if name in given}
    for name, default in _TIMEOUTS.items():
        if name in given:
            fields[name] = _seconds(*given[name], default)
    return Settings(mode=choose_mode(_demands(given)), **fields)


def _demands(given: dict[str, tuple[str, str]]) -> list[Demand]:
    demands = []
    for name, (written, value) in given.items():
        if read := _DEMANDS.get(name):
            found = read(written, value)
            if found:
                demands.append(found)
        elif name in {"ca", "ca_path"}:
            demands.append(Demand(written, at_least(TlsMode.VERIFY_CA)))
        elif name in {"cert", "key"}:
            demands.append(Demand(written, at_least(TlsMode.REQUIRED)))
    return demands


def _mode(written: str, value: str) -> Demand:
    text = re.sub(r"[-_ ]", "", value).lower()
    if text not in _MODES:
        expected = "DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY"
        raise UserError(_unexpected(written, value, expected))
    mode = _MODES[text]
    is_required = mode is TlsMode.REQUIRED  # with a CA it is MySQL's VERIFY_CA
    modes = at_least(mode) if is_required else frozenset({mode})
    return Demand(f"{written}={value}", modes, weakest=is_required)


def _switch(written: str, value: str) -> Demand:
    """Return the demand of ``ssl`` or ``tls``: a truth value, a mode, or JSON of Node's drivers."""
    if value.lstrip().startswith("{"):
        return _json(written, value)
    text = value.lower()
    if text == "required":
        return Demand(f"{written}={value}", at_least(TlsMode.REQUIRED))
    if text in _TRUTHS or text in _FALSEHOODS:
        is_on = text in _TRUTHS
        modes = at_least(TlsMode.REQUIRED) if is_on else at_most(TlsMode.DISABLED)
        return Demand(f"{written}={value}", modes)
    if re.sub(r"[-_ ]", "", text) not in _MODES:
        raise UserError(_unexpected(written, value, "true, false, or a mode such as REQUIRED"))
    return _mode(written, value)


def _json(written: str, value: str) -> Demand:
    try:
        fields = json.loads(value)
    except ValueError:
        fields = None
    expected = 'true, false, or {"rejectUnauthorized": true}'
    if not isinstance(fields, dict) or not {*fields} <= {"rejectUnauthorized"}:
        raise UserError(_unexpected(written, value, expected))
    if fields.get("rejectUnauthorized", True) is False:
        return Demand(f"{written}={value}", frozenset({TlsMode.REQUIRED}))
    return Demand(f"{written}={value}", at_least(TlsMode.REQUIRED))


def _truth(written: str, value: str) -> bool:
    found = (_TRUTHS | _FALSEHOODS).get(value.lower())
    if found is None:
        raise UserError(_unexpected(written, value, "true or false"))
    return found


def _demand(
    if_true: frozenset[TlsMode] | None, if_false: frozenset[TlsMode] | None
) -> Callable[[str, str], Demand | None]:
    def read(written: str, value: str) -> Demand | None:
        modes = if_true if _truth(written, value) else if_false
        return None if modes is None else Demand(f"{written}={value}", modes)

    return read


def _seconds(written: str, value: str, default: float) -> float:
    match = _DURATION.fullmatch(value.strip().lower())
    seconds = float(match["count"]) * _UNIT_S[match["unit"] or "s"] if match else -1
    if seconds == 0:
        return default
    if not 0 < seconds <= MAX_TIMEOUT_S:
        raise UserError(_unexpected(written, value, "seconds, such as 10, at most a day"))
    return seconds


def _unexpected(written: str, value: str, expected: str) -> str:
    shown = value if len(value) <= _LONGEST_NAME and value.isprintable() else "…"
    return f"--mysql: {written}={shown}: expected {expected}"


def _check(name: str, written: str, value: str) -> None:
    """Raise `UserError` if a parameter wants something that is not so."""
    if name in CHARACTER_SETS:
        charset = value.lower().replace("-", "").partition(",")[0]
        if charset not in {"utf8", "utf8mb3", "utf8mb4"}:
            msg = f"{_unexpected(written, value, 'utf8mb4')}, through which all text can be read"
            raise UserError(msg)
    if name in LOCAL_FILES and _truth(written, value):
        msg = f"--mysql: {written}: a server may not read files of this machine; leave it out"
        raise UserError(msg)
    if name in TIME_ZONES and value.upper() not in _UTC:
        msg = f"--mysql: {written}: give the zone of the table's times by --timezone instead"
        raise UserError(msg)


_UTC = frozenset({"UTC", "Z", "GMT", "+00:00", "+0:00", "00:00", "ETC/UTC"})
_TEXTS = ("ca", "ca_path", "cert", "key", "unix_socket", "user", "password")
_TIMEOUTS = {"connect_timeout_s": CONNECT_TIMEOUT_S, "read_timeout_s": READ_TIMEOUT_S}
_VERIFIED = at_least(TlsMode.VERIFY_CA)
_DEMANDS: dict[str, Callable[[str, str], Demand | None]] = {
    "mode": _mode,
    "switch": _switch,
    "tls": _switch,
    "use": _demand(at_least(TlsMode.REQUIRED), at_most(TlsMode.DISABLED)),
    "require": _demand(at_least(TlsMode.REQUIRED), None),
    "disable": _demand(at_most(TlsMode.DISABLED), None),
    "verify": _demand(_VERIFIED, at_most(TlsMode.REQUIRED)),
    "identity": _demand(frozenset({TlsMode.VERIFY_IDENTITY}), at_most(TlsMode.VERIFY_CA)),
    "trust": _demand(at_most(TlsMode.REQUIRED), _VERIFIED),
}
