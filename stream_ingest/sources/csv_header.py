"""Finds the three columns in the first row of a CSV file, and the file's dialect. Pure.

Names are compared without regard to case, spaces, punctuation and invisible characters, so
``Creator Name``, ``creatorName`` and ``CREATOR_NAME`` are the same. A column that the caller has
not named is also recognised by other usual names (`_ALIASES`). If two columns could be meant, the
file is refused, because a wrong guess would go unnoticed. A file without a header is read only if
the caller gives the numbers of its three columns.
"""

from __future__ import annotations

import re
import unicodedata

import msgspec

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.csv_rows import Dialect, RowReader
from stream_ingest.sources.file_kinds import other_text
from stream_ingest.sources.line_decoder import LineDecoder
from stream_ingest.sources.rejection import Rejection
from stream_ingest.sources.source import CSV_COLUMNS, Columns
from stream_ingest.sources.text_stream import UnreadableError

_DELIMITERS = ",;\t|"
_MAX_EXCERPT = 300
_SEPARATOR_LINE = re.compile(
    rb'(?:\xef\xbb\xbf)*"?sep=([^\r\n])"?[ ,;\t|]*(?:\r\n|\r|\n|\Z)', re.IGNORECASE
)
"""The line by which Excel declares a delimiter."""
_URL = re.compile(r"https?:|//", re.IGNORECASE)
_ALIASES: dict[str, tuple[frozenset[str], ...]] = {
    "creator": (
        frozenset({"creatorname", "creator"}),
        frozenset({"username", "author", "authorname", "uniqueid", "handle", "creatorusername"}),
    ),
    "cover": (
        frozenset({"coverurl", "cover"}),
        frozenset({"coverimage", "coverimageurl", "coverlink", "thumbnail", "thumbnailurl"}),
    ),
    "created_at": (
        frozenset({"createdat", "created"}),
        frozenset({"createtime", "createdtime", "createdate", "createddate", "date", "timestamp"}),
    ),
}
"""Usual names of each column, the most likely ones first."""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """The header: indexes of the three columns, the dialect, and the start of the rows."""

    where: tuple[int, int, int]
    dialect: Dialect
    position: int
    line: int
    """Number of lines of the header, including empty lines before it."""


def read_layout(head: bytes, columns: Columns, decoder: LineDecoder) -> Layout:
    """Return the layout of a file that begins with `head`.

    Takes the first delimiter that gives all three columns. Raises `UnreadableError` if none does.
    """
    declared = _SEPARATOR_LINE.match(head)
    start = declared.end() if declared else 0
    delimiters = declared[1].decode("latin-1") if declared else _DELIMITERS
    first_problem = None
    for delimiter in delimiters:
        dialect = Dialect(delimiter=delimiter, escapes=_escapes(head, delimiter))
        names, position, line = _first_row(head, start, dialect, decoder)
        try:
            where = _positions(names, columns)
            if is_numbered(columns):
                position, line = start, 1 if start else 0
        except UserError as error:
            first_problem = first_problem or _no_columns(line, error)
            if len([name for name in names if name]) > 2:  # noqa: PLR2004 - this delimiter splits the row
                first_problem = _no_columns(line, error)
            continue
        return Layout(where=where, dialect=dialect, position=position, line=line)
    assert first_problem is not None  # noqa: S101 - there is at least one delimiter
    if kind := other_text(head[start:]):
        raise UnreadableError(0, kind, Rejection.OTHER_KIND) from first_problem
    raise first_problem


def _no_columns(line: int, error: UserError) -> UnreadableError:
    return UnreadableError(max(line, 1), str(error), Rejection.NO_COLUMNS)


def _first_row(
    head: bytes, start: int, dialect: Dialect, decoder: LineDecoder
) -> tuple[list[str], int, int]:
    """Return the fields of the first row that is not empty, and the position and line after it."""
    blocks = iter([head[start:]] if head[start:] else [])
    reader = RowReader(blocks, dialect, decoder, start, 1 if start else 0)
    for fields in reader:
        if any(_canonical(name) for name in fields):
            return fields, reader.position, reader.line
    return [], reader.position, reader.line


def is_numbered(columns: Columns) -> bool:
    """Return whether columns are chosen by their numbers: the file has no header."""
    return all(name.isdecimal() for name in columns.names())


def _positions(names: list[str], columns: Columns) -> tuple[int, int, int]:
    """Return the index of each column; raises `UserError` that lists what is missing."""
    if is_numbered(columns):
        return _numbered(names, columns)
    canonical = [_canonical(name) for name in names]
    found = {role: _find(role, names, canonical, columns) for role in Columns.__struct_fields__}
    missing = [getattr(columns, role) for role, index in found.items() if index is None]
    if missing:
        shown = ", ".join(names)[:_MAX_EXCERPT].encode("utf-8", "replace").decode() or "empty"
        msg = f"the file has no column {', '.join(missing)}; its header is {shown}"
        if any(_URL.search(name) for name in names):
            msg = (
                f"the file has no header; its first row is {shown}. Add one, or set columns to"
                " their numbers (creator=1,cover=2,created_at=3)"
            )
        raise UserError(msg)
    creator, cover, created_at = (found[role] or 0 for role in ("creator", "cover", "created_at"))
    return creator, cover, created_at


def _numbered(names: list[str], columns: Columns) -> tuple[int, int, int]:
    """Return the indexes of columns that are chosen by number, if the row has so many."""
    first, second, third = (int(number) - 1 for number in columns.names())
    if min(first, second, third) < 0 or max(first, second, third) >= len(names):
        msg = f"the first row has {len(names)} columns; columns are set to {columns.names()}"
        raise UserError(msg)
    return first, second, third


def _find(role: str, names: list[str], canonical: list[str], columns: Columns) -> int | None:
    """Return the index of a column, or None; raises `UserError` if two could be meant."""
    wanted = getattr(columns, role)
    if _canonical(wanted) in canonical:
        return canonical.index(_canonical(wanted))
    if wanted != getattr(CSV_COLUMNS, role):
        return None  # the caller has named it
    for aliases in _ALIASES[role]:
        candidates = [index for index, name in enumerate(canonical) if name in aliases]
        if len(candidates) > 1:
            several = " and ".join(names[index].strip() for index in candidates)
            msg = f"the columns {several} could both be {wanted}; set columns to say which one"
            raise UserError(msg)
        if candidates:
            return candidates[0]
    return None


def _canonical(name: str) -> str:
    """Return a name's letters and digits in lower case; invisible characters are neither."""
    text = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in text if character.isalnum())


def _escapes(head: bytes, delimiter: str) -> bool:
    r"""Return whether quotes are escaped as ``\"``, as MySQL's exports do, and not doubled.

    That is so if such a pair is inside a quoted field and what follows it cannot follow a closing
    quote.
    """
    mark = re.escape(delimiter.encode("latin-1"))
    inside = rb'(?:\A|[\r\n%s])"(?:[^"\\]|""|\\[^"])*\\"(?![\r\n"%s]|\Z)' % (mark, mark)
    return re.search(inside, head) is not None
