"""Clients of the benchmarks verify a server's certificate: only those who trust its authority."""

from __future__ import annotations

import ssl
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.bench.certificates import certificates_of
from tests.bench.cover_server import HOST, serving


def test_a_cover_is_served_only_to_a_client_that_trusts_the_run() -> None:
    with certificates_of(HOST) as made, serving("codes", certificates=made) as (host, _):
        url = f"https://{host}/01-0002~tplv"
        trusting = ssl.create_default_context(cafile=str(made.trusted))
        with urlopen(url, context=trusting) as answer:
            assert answer.read(3) == b"\xff\xd8\xff"
        with pytest.raises(URLError, match="CERTIFICATE_VERIFY_FAILED"):
            urlopen(url, context=ssl.create_default_context())


def test_a_client_trusts_the_machine_s_authorities_too() -> None:
    with certificates_of(HOST) as made:
        context = ssl.create_default_context(cafile=made.environment()["SSL_CERT_FILE"])
    assert len(context.get_ca_certs()) > 1
