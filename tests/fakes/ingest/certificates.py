"""Certificates for a server on 127.0.0.1, signed by an authority of our own."""

from __future__ import annotations

from pathlib import Path

import trustme


def write_certificates(folder: Path, host: str = "127.0.0.1") -> tuple[Path, Path]:
    """Write the authority's certificate, and the server's with its key; return both files."""
    authority = trustme.CA()
    ca, both = folder / "ca.pem", folder / "server.pem"
    authority.cert_pem.write_to_path(ca)
    authority.issue_cert(host).private_key_and_cert_chain_pem.write_to_path(both)
    return ca, both
