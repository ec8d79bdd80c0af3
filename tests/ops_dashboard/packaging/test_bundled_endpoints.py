"""Functions reach their services in every region with the data of botocore that is packed."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import botocore
import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointProviderError
from botocore.loaders import Loader
from botocore.session import Session

from ops_dashboard.packaging.bundle_files import INCLUDED_SERVICES, is_needed, own_files
from ops_dashboard.packaging.bundles import BUNDLES
from tests.paths import ROOT

FULL = Path(botocore.__file__).parent / "data"
GLOBAL = frozenset({"cloudfront"})
"""Services that have one endpoint for all regions of a partition."""
_CLIENT = re.compile(r'boto3\.client\(\s*"(\w+)"')
PARTITIONS = ("aws", "aws-cn", "aws-us-gov")


def session_of(data: Path) -> Session:
    """Return a session that finds botocore's data in one folder alone."""
    session = Session()
    session.set_credentials("test", "test")
    loader = Loader(extra_search_paths=[str(data)], include_default_search_paths=False)
    session.register_component("data_loader", loader)
    return session


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A session with the files of botocore that a bundle has."""
    folder = tmp_path_factory.mktemp("packed")
    for path in FULL.rglob("*"):
        name = path.relative_to(FULL)
        if path.is_file() and is_needed(PurePosixPath("botocore", "data", name.as_posix())):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / name)
    assert {path.name for path in folder.iterdir() if path.is_dir()} == INCLUDED_SERVICES
    return session_of(folder)


@pytest.fixture(scope="module")
def full() -> Session:
    return session_of(FULL)


def resolver(session: Session, service: str) -> EndpointProvider:
    loader = session.get_component("data_loader")
    rules = loader.load_service_model(service, "endpoint-rule-set-1")
    return EndpointProvider(rules, loader.load_data("partitions"))


def endpoints(session: Session, service: str) -> Iterator[tuple[Any, ...]]:
    """Yield the URL and the signing of a service in every region that botocore knows."""
    provider = resolver(session, service)
    partitions = session.get_component("data_loader").load_data("partitions")["partitions"]
    regions = [name for each in partitions for name in each["regions"]]
    bucket: dict[str, Any] = {"Bucket": "a-bucket"} if service == "s3" else {}
    for region, fips, dual in itertools.product(regions, (False, True), (False, True)):
        try:
            found = provider.resolve_endpoint(
                Region=region, UseFIPS=fips, UseDualStack=dual, **bucket
            )
        except EndpointProviderError as error:
            yield region, fips, dual, str(error)
        else:
            yield region, fips, dual, found.url, found.properties.get("authSchemes")


@pytest.mark.parametrize("service", sorted(INCLUDED_SERVICES))
def test_every_region_has_the_endpoint_of_the_complete_data(
    packed: Session, full: Session, service: str
) -> None:
    found = list(endpoints(packed, service))
    assert found == list(endpoints(full, service))
    plain = {region: rest[0] for region, fips, dual, *rest in found if not fips and not dual}
    assert len(plain) > 40
    for region, url in plain.items():
        assert url.startswith("https://"), url
        assert service in GLOBAL or region in url or region.startswith("aws-"), url


@pytest.mark.parametrize("service", sorted(INCLUDED_SERVICES))
@pytest.mark.parametrize("region", ["us-east-1", "cn-north-1", "us-gov-west-1", "xx-new-9"])
def test_a_client_is_made_with_the_packed_data(
    packed: Session, full: Session, service: str, region: str
) -> None:
    """A client also reads the models, the retries and the defaults; new regions are guessed."""
    one, other = (each.create_client(service, region_name=region) for each in (packed, full))
    try:
        assert one.meta.endpoint_url == other.meta.endpoint_url
        assert one.meta.config.signature_version == other.meta.config.signature_version
        assert one.meta.partition == other.meta.partition
        assert one.meta.service_model.api_version == other.meta.service_model.api_version
    finally:
        one.close()
        other.close()


@pytest.mark.parametrize("partition", PARTITIONS)
def test_the_regions_of_each_partition_are_packed(
    packed: Session, full: Session, partition: str
) -> None:
    for service in INCLUDED_SERVICES - GLOBAL:
        regions = packed.get_available_regions(service, partition)
        assert regions == full.get_available_regions(service, partition)
        assert regions


@pytest.mark.parametrize("name", BUNDLES)
def test_the_services_of_a_functions_clients_are_packed(name: str) -> None:
    sources = own_files(ROOT, BUNDLES[name].handlers).values()
    used = {service for path in sources for service in _CLIENT.findall(path.read_text())}
    assert used, "no client found: the functions make them otherwise"
    assert used <= INCLUDED_SERVICES
