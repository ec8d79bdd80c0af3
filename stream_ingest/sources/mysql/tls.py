"""The TLS context of a connection. Edge (disk)."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

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
        with _reading(settings.ca or settings.ca_path, "certificates of authorities"):
            context.load_verify_locations(settings.ca, settings.ca_path)
    context.check_hostname = mode is TlsMode.VERIFY_IDENTITY
    if not mode.verifies:
        context.verify_mode = ssl.CERT_NONE
    if settings.cert:
        with _reading(settings.cert, "a certificate with its key"):
            context.load_cert_chain(settings.cert, settings.key, password=_no_passphrase)
    return context


def _no_passphrase() -> str:
    msg = "ssl_key is encrypted: give a key without a passphrase"
    raise UserError(msg)


@contextmanager
def _reading(path: str | None, expected: str) -> Iterator[None]:
    """Turn what OpenSSL or the disk says of a file of certificates into a `UserError`."""
    try:
        yield
    except ssl.SSLError as error:  # an OSError, too
        msg = f"{path}: expected {expected} in PEM form"
        raise UserError(msg) from error
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}"
        raise UserError(msg) from error
