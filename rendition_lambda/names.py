"""Names of a photo's gallery, stem and outputs, from its object key. Pure.

Outputs are named after the file: ``g/IMG_1.CR2`` becomes ``renditions/g/IMG_1_large.jpg``. Two
photos of one gallery may want one stem (a RAW beside its JPEG, ``a.jpg`` beside ``a.png``), so a
stem is claimed, and a photo that finds it taken uses the next of `stems`. Names are used as they
are, except for what no address may contain (`_safe`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from posixpath import splitext
from urllib.parse import quote

from rendition_lambda.invalidations import SERVED
from rendition_lambda.places import place_of
from rendition_lambda.recipe import AUGMENTATION, AUGMENTATION_PREFIX, Output, Recipe, recipe_of

MAX_GALLERY_BYTES = 400
MAX_STEM_BYTES = 500
"""Longest gallery and stem in UTF-8 bytes: with the folder and the ending of an output they stay
below the 1,024 bytes of an S3 key. Longer ones are cut."""
AUGMENTATION_GALLERY = AUGMENTATION_PREFIX.rstrip("/")
_NO_GALLERY = "_"
"""Gallery of keys that begin with a slash."""
_SHORT, _LONG = 8, 64
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff]")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
_DOTS = re.compile(r"\.{1,2}")


def gallery_of(key: str, recipe: Recipe | None) -> str:
    """Return the gallery of an object key: its first folder.

    Images to augment are one gallery, whether they are in the folder or in the bucket's root.
    """
    if recipe is AUGMENTATION or "/" not in key:
        return AUGMENTATION_GALLERY
    return key.partition("/")[0] or _NO_GALLERY


def item_key_of(photo: str) -> tuple[str, str]:
    """Return gallery and name of a photo, the key of its item, given its name (`places`)."""
    key = place_of(photo, "").key
    return gallery_of(key, recipe_of(key)), photo


def folder_of(gallery: str) -> str:
    """Return a gallery's folder in the bucket of renditions; two galleries may share it."""
    return _cut(_safe(gallery), gallery, MAX_GALLERY_BYTES)


def stems(key: str) -> Iterator[str]:
    """Yield the stems that a photo may claim, in order of preference."""
    name, suffix = splitext(key.rpartition("/")[2])
    stem, ending = _safe(name), _safe(suffix.lower().removeprefix("."))
    digest = hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()
    yield _cut(stem, key, MAX_STEM_BYTES)
    if ending:
        yield _cut(f"{stem}-{ending}", key, MAX_STEM_BYTES)
    for length in (_SHORT, _LONG):
        yield _cut(stem, key, MAX_STEM_BYTES - length - 1) + f"-{digest[:length]}"


def file_suffix(key: str) -> str:
    """Return the suffix of a key's file if it is an ordinary one, such as ``.jpg``, else ""."""
    suffix = splitext(key.rpartition("/")[2])[1].lower()
    return suffix if _SUFFIX.fullmatch(suffix) else ""


def output_key(output: Output, gallery: str, stem: str) -> str:
    """Return the key of an output in the bucket of renditions."""
    return _filled(output.key, gallery, stem)


def output_keys(recipe: Recipe, gallery: str, stem: str) -> tuple[str, ...]:
    """Return the keys of all outputs of a photo."""
    return tuple(output_key(output, gallery, stem) for output in recipe.outputs)


def stored_keys(recipe: Recipe, gallery: str, stem: str) -> tuple[str, ...]:
    """Return the keys of all objects of a photo: its outputs, and its manifest if it has one."""
    manifest = (_filled(recipe.manifest, gallery, stem),) if recipe.manifest else ()
    return (*output_keys(recipe, gallery, stem), *manifest)


def claim_partition(recipe: Recipe, gallery: str, stem: str) -> str:
    """Return the partition key of the item that says which photo has a stem.

    It names the folder, not the gallery: whoever has the item owns the keys of the outputs. Recipes
    whose keys do not contain the gallery have one claim for all galleries.
    """
    folder = folder_of(gallery) if "{gallery}" in recipe.outputs[0].key else ""
    return f"name#{recipe.name}/{folder}/{stem}"


def edition(version: str, recipe_version: str) -> str:
    """Return the 8 hexadecimal digits that change with a photo's version and with its recipe."""
    return hashlib.sha256(f"{version}\n{recipe_version}".encode()).hexdigest()[:_SHORT]


def address(bucket: str, domain: str, key: str, edition_: str) -> str:
    """Return the address of an output: on `domain`, or in S3 if it is not served there.

    A CDN serves galleries alone (`SERVED`). An ``s3://`` address has no edition: it is a
    bucket and a key, to which programs add nothing.
    """
    if not domain or not key.startswith(SERVED):
        return f"s3://{bucket}/{key}"
    return f"https://{domain}/{quote(key, safe='/~')}?v={edition_}"


def _filled(template: str, gallery: str, stem: str) -> str:
    """Return an object key with its fields filled in."""
    fields = {"{gallery}": folder_of(gallery), "{stem}": stem}
    return re.sub(r"\{gallery\}|\{stem\}", lambda match: fields[match[0]], template)


def _safe(name: str) -> str:
    """Return a name without characters that break addresses, and without ``.`` and ``..``.

    They are written as ``=XX`` for each byte, as in creators' keys.
    """
    if _DOTS.fullmatch(name):
        return "".join(map(_escape, name))
    return _UNSAFE.sub(lambda match: _escape(match[0]), name)


def _escape(character: str) -> str:
    return "".join(f"={byte:02X}" for byte in character.encode(errors="surrogatepass"))


def _cut(text: str, whole: str, limit: int) -> str:
    """Return a text of at most `limit` bytes; one that is cut ends in a digest of `whole`."""
    raw = text.encode()
    if len(raw) <= limit:
        return text
    digest = hashlib.sha256(whole.encode(errors="surrogatepass")).hexdigest()[:_SHORT]
    return raw[: limit - _SHORT - 1].decode(errors="ignore") + f"-{digest}"
