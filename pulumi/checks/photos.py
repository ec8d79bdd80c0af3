"""Settings of photos that contradict each other. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from settings import Settings

CERTIFICATE_REGION = "us-east-1"
"""Region of the certificates that CloudFront takes."""
MAX_PUBLIC_KEYS = 5
"""Public keys of a key group (Amazon CloudFront Developer Guide, "Quotas")."""


def photo_problems(settings: Settings) -> list[str]:
    """Return what is wrong with settings of photos; empty if nothing is."""
    if not settings.photos_cdn:
        return _without_cdn(settings)
    problems = []
    if not settings.photos:
        problems.append("photosCdn is set without photos: there is nothing to serve")
    domain, certificate = settings.photos_domain, settings.photos_certificate_arn
    if domain and not certificate:
        problems.append(
            f"photosDomain is {domain!r} and photosCdn is on, but photosCertificateArn is not set:"
            f" CloudFront takes a name only with its certificate (in {CERTIFICATE_REGION}); leave"
            " photosDomain out for the name that CloudFront gives"
        )
    if certificate and not domain:
        problems.append("photosCertificateArn is set without photosDomain, the name that it is for")
    region = certificate.split(":")[3] if certificate else CERTIFICATE_REGION
    if region != CERTIFICATE_REGION:
        problems.append(
            f"photosCertificateArn is in {region}, and CloudFront takes certificates of"
            f" {CERTIFICATE_REGION} only: request one there, whatever the stack's region is"
        )
    if len(settings.photos_public_keys) > MAX_PUBLIC_KEYS:
        problems.append(
            f"photosPublicKeys has {len(settings.photos_public_keys)} keys, and CloudFront takes"
            f" {MAX_PUBLIC_KEYS}"
        )
    return problems


def _without_cdn(settings: Settings) -> list[str]:
    given = {
        "photosCertificateArn": settings.photos_certificate_arn,
        "photosPublicKeys": settings.photos_public_keys,
        "photosUploadLinks": settings.photos_upload_links,
    }
    return [
        f"{name} is set without photosCdn: it is about the stack's own distribution"
        for name, value in given.items()
        if value
    ]
