"""Certificates of a new authority, for the servers and clients of one run. Edge (files).

As on the internet, an intermediate authority signs a server's certificate, and a client trusts the
root beside those that its machine trusts: some clients read all of them for each request.
"""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import certifi
import msgspec
import trustme


class Certificates(msgspec.Struct, frozen=True, kw_only=True):
    """Files in PEM."""

    server: Path
    """Private key and certificates of a server."""
    trusted: Path
    """Root certificates that a client trusts: those of this machine and the run's own."""

    def environment(self) -> dict[str, str]:
        """Return the variables that make a client trust the run's authority."""
        trusted = str(self.trusted)  # the second one is for `requests`, which ignores the first
        return {"SSL_CERT_FILE": trusted, "REQUESTS_CA_BUNDLE": trusted}


@contextmanager
def certificates_of(host: str) -> Iterator[Certificates]:
    """Have certificates for a host's name or address for a ``with`` block."""
    root = trustme.CA()
    issued = root.create_child_ca().issue_cert(host)
    known = ssl.get_default_verify_paths().cafile or certifi.where()
    with tempfile.TemporaryDirectory() as name:
        made = Certificates(server=Path(name, "server.pem"), trusted=Path(name, "trusted.pem"))
        issued.private_key_and_cert_chain_pem.write_to_path(made.server)
        made.trusted.write_bytes(Path(known).read_bytes() + b"\n" + root.cert_pem.bytes())
        yield made
