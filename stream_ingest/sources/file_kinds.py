"""Recognises files that are no CSV by their first bytes, and says what to do with them. Pure."""

from __future__ import annotations

MAX_BYTES = 120
"""How many bytes `other_kind` needs."""
_SAVE_AS = "save the sheet as CSV (File > Save as > CSV UTF-8) and use that file"
_ZIP = b"PK\x03\x04"
_IN_ZIP = (
    (b"[Content_Types].xml", "an Excel workbook (.xlsx)", _SAVE_AS),
    (b"_rels/", "an Excel workbook (.xlsx)", _SAVE_AS),
    (b"xl/", "an Excel workbook (.xlsx)", _SAVE_AS),
    (b"docProps/", "an Excel workbook (.xlsx)", _SAVE_AS),
    (b"mimetypeapplication/vnd.oasis", "a LibreOffice document (.ods)", _SAVE_AS),
    (b"Index/", "a Numbers document", _SAVE_AS),
)
"""Names of the first file within a zip file."""
_UNPACK = "unpack it, or compress the CSV file with gzip instead"
_EXPORT = "export its rows as CSV"
_MAGIC = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", _SAVE_AS),
    (b"PAR1", "a Parquet file", _EXPORT),
    (b"Obj\x01", "an Avro file", _EXPORT),
    (b"ORC", "an ORC file", _EXPORT),
    (b"SQLite format", "a SQLite database", _EXPORT),
    (b"%PDF", "a PDF file", _EXPORT),
    (b"{\\rtf", "an RTF document", _EXPORT),
    (b"BZh", "a bzip2 file", _UNPACK),
    (b"\xfd7zXZ", "an xz file", _UNPACK),
    (b"7z\xbc\xaf", "a 7-Zip file", _UNPACK),
    (b"Rar!", "a RAR file", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file", _UNPACK),
    (b"\x04\x22\x4d\x18", "an LZ4 file", _UNPACK),
    (b"\x1f\x9d", "a file of compress (.Z)", _UNPACK),
    (b"\xff\xd8\xff", "a JPEG image", _EXPORT),
    (b"\x89PNG", "a PNG image", _EXPORT),
    (b"GIF8", "a GIF image", _EXPORT),
    (b"RIFF", "an image or a recording (RIFF)", _EXPORT),
)
_TEXT = (
    ((b"{", b"["), "JSON", "a CSV file has a header and one row a line"),
    ((b"<",), "HTML or XML", "a CSV file has a header and one row a line"),
)


def other_kind(beginning: bytes) -> str | None:
    """Return what a file is that is no CSV, and what to do; None if it may be CSV."""
    if beginning.startswith(_ZIP):
        name = beginning[30:]
        for start, kind, advice in _IN_ZIP:
            if name.startswith(start):
                return _sentence(kind, advice)
        return _sentence("a zip file", _UNPACK)
    for magic, kind, advice in _MAGIC:
        if beginning.startswith(magic):
            return _sentence(kind, advice)
    return None


def other_text(beginning: bytes) -> str | None:
    """Return what a text is, if it begins like another kind of text than CSV; else None."""
    for starts, kind, advice in _TEXT:
        if beginning.lstrip().startswith(starts):
            return _sentence(kind, advice)
    return None


def _sentence(kind: str, advice: str) -> str:
    return f"this is {kind}, not CSV: {advice}"
