"""The TLS context of a connection. Edge (disk)."""

from __future__ import annotations

import ssl

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.mysql.parameters import Settings
from stream_ingest.sources.mysql.tls_mode import TlsMode


def tls_context(mode: TlsMode, settings: Settings) -> ssl.SSLContext | None:
    """Return the context of a mode; None if connections are not encrypted.

    Raises `UserError` if a file with certificates or a key cannot be used.
    """
    if mode is TlsMode.DISABLED:
        return None
    context = ssl.create_default_context()
    if settings.ca or settings.ca_path:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with _Reading(settings.ca or settings.ca_path, "certificates of authorities"):
            context.load_verify_locations(settings.ca, settings.ca_path)
    context.check_hostname = mode is TlsMode.VERIFY_IDENTITY
    if not mode.verifies:
        context.verify_mode = ssl.CERT_NONE
    if settings.cert:
        with _Reading(settings.cert, "a certificate with its key"):
            context.load_cert_chain(settings.cert, settings.key, password=_no_passphrase)
    return context


def _no_passphrase() -> str:
    msg = "ssl_key is encrypted: give a key without a passphrase"
    raise UserError(msg)


class _Reading:
    """Turns the errors of a file of certificates into `UserError`."""

    def __init__(self, path: str | None, expected: str) -> None:
        self._path, self._expected = path, expected

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Raise `UserError` for what OpenSSL or the disk says."""
        if isinstance(error, ssl.SSLError):
            msg = f"{self._path}: expected {self._expected} in PEM form"
            raise UserError(msg) from error
        if isinstance(error, OSError):
            msg = f"cannot read {self._path}: {error.strerror}"
            raise UserError(msg) from error
