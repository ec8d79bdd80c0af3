"""Addresses of MySQL and MariaDB databases. Pure."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.mysql.parameters import Settings, read_parameters
from stream_ingest.sources.mysql.tls_mode import TlsMode

DEFAULT_PORT = 3_306
_SCHEME = re.compile(r"(?:mysql|mariadb)(?:\+[a-z0-9_]+)?", re.IGNORECASE)
_JDBC = "jdbc:"
_LOCAL = "localhost"
_LOGIN = frozenset({"user", "username", "password"})
_EXPECTED = (
    "--mysql: expected mysql://user:password@host:port/database"
    " (in the password %2F for /, %40 for @, %23 for #, %3F for ?, %25 for %)"
)


class MySqlAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Address of and login to a database; `repr` never shows the password."""

    host: str
    port: int
    user: str
    password: str
    database: str
    parameters: tuple[tuple[str, str], ...] = ()
    """The parameters of the URL."""
    settings: Settings = Settings()
    """What they come to."""

    def __repr__(self) -> str:
        """Return the URL without the password."""
        return f"mysql://{self.user}@{self.place}"

    @property
    def place(self) -> str:
        """Host, port and database, for messages."""
        return f"{self.host}:{self.port}/{self.database}"

    @property
    def tls(self) -> TlsMode:
        """How the connection is encrypted.

        If no parameter says it: not within this machine, and with verification to any other.
        """
        if self.settings.mode is not None:
            return self.settings.mode
        is_here = self.settings.unix_socket is not None or _is_loopback(self.host)
        return TlsMode.DISABLED if is_here else TlsMode.VERIFY_IDENTITY

    def with_parameters(self, *pairs: tuple[str, str]) -> MySqlAddress:
        """Return the address with more parameters; raises `UserError` if they contradict."""
        parameters = (*self.parameters, *pairs)
        return msgspec.structs.replace(
            self, parameters=parameters, settings=read_parameters(parameters)
        )


def parse_address(url: str) -> MySqlAddress:
    """Parse ``mysql://user:password@host:port/database?ssl-mode=…``.

    The schemes of SQLAlchemy (``mysql+pymysql://``) and JDBC (``jdbc:mysql://``) are accepted, too.
    `UserError` for anything else never quotes what may be part of a password: text that is before
    an ``@``.
    """
    is_jdbc = url[: len(_JDBC)].lower() == _JDBC
    try:
        parts = urlsplit(url[len(_JDBC) :] if is_jdbc else url)
        port = parts.port or DEFAULT_PORT
    except ValueError:
        raise UserError(_EXPECTED) from None
    database = unquote(parts.path.strip("/"))
    if not _SCHEME.fullmatch(parts.scheme) or not database:
        raise UserError(_EXPECTED)
    # A password with one of these characters ends in the wrong part of the URL.
    if parts.fragment or "@" in parts.path + parts.query or "/" in database:
        raise UserError(_EXPECTED)
    pairs = _parameters(parts.query, is_jdbc=is_jdbc)
    settings = read_parameters(pairs)
    host = parts.hostname or (_LOCAL if settings.unix_socket else None)
    if host is None:
        raise UserError(_EXPECTED)
    return MySqlAddress(
        host=host,
        port=port,
        user=unquote(parts.username or settings.user or "root"),
        password=unquote(parts.password or "") or settings.password or "",
        database=database,
        parameters=tuple(pair for pair in pairs if pair[0].lower() not in _LOGIN),
        settings=settings,
    )


def _parameters(query: str, *, is_jdbc: bool) -> tuple[tuple[str, str], ...]:
    """Return the parameters of a URL; JDBC's time-outs are in milliseconds."""
    if not query:
        return ()
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        raise UserError(_EXPECTED) from None
    return tuple(
        (name, f"{value}ms" if is_jdbc and value.isdigit() and "timeout" in name.lower() else value)
        for name, value in pairs
    )


def _is_loopback(host: str) -> bool:
    if host == _LOCAL or host.endswith(f".{_LOCAL}"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
