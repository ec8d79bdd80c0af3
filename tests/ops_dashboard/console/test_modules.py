"""Scripts import what exists, and export only what another script imports.

Both pages of uploads share some of them. Browsers load the modules as they are, without a bundler
that would say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import ops_dashboard.console
from rendition_lambda import links, uploading

FOLDERS = [
    Path(ops_dashboard.console.__file__).parent / "static",
    Path(uploading.__file__).parent / "browser",
    Path(links.__file__).parent / "page",
]
SCRIPTS = {path.name: path.read_text() for folder in FOLDERS for path in folder.rglob("*.js")}
DECLARED = re.compile(r"^export (?:async )?(?:const|let|function\*?|class) (\w+|\$)", re.MULTILINE)
PASSED_ON = re.compile(r"^export \{([^}]*)\} from \"\./([^\"]+)\"", re.MULTILINE)
IMPORTED = re.compile(r"^import \{([^}]*)\} from \"\./([^\"]+)\"", re.MULTILINE)
OTHER_FORM = re.compile(r"^export (?:default|\*)|^import (?:\*|\w+ from)|\bimport\(", re.MULTILINE)


def named(match: re.Match[str]) -> Iterator[tuple[str, str]]:
    """Yield script and name of each name that an import or a re-export takes."""
    for name in match[1].split(","):
        yield match[2], name.split(" as ")[0].strip()


def exported() -> set[tuple[str, str]]:
    declared = {
        (script, name) for script, text in SCRIPTS.items() for name in DECLARED.findall(text)
    }
    passed_on = {
        (script, name)
        for script, text in SCRIPTS.items()
        for match in PASSED_ON.finditer(text)
        for _, name in named(match)
    }
    return declared | passed_on


def imported() -> set[tuple[str, str]]:
    return {
        each
        for text in SCRIPTS.values()
        for pattern in (IMPORTED, PASSED_ON)
        for match in pattern.finditer(text)
        for each in named(match)
    }


def test_every_export_is_imported_and_every_import_is_exported() -> None:
    assert exported() ^ imported() == set()


def test_every_imported_name_is_used() -> None:
    unused = []
    for script, text in SCRIPTS.items():
        rest = IMPORTED.sub("", text)
        for match in IMPORTED.finditer(text):
            names = [name.split(" as ")[-1].strip() for name in match[1].split(",")]
            unused += [(script, name) for name in names if not is_used(name, rest)]
    assert unused == []


def is_used(name: str, text: str) -> bool:
    """Return whether a name is in a script, and not as a property of something."""
    return re.search(rf"(?:(?<![\w$.])|(?<=\.\.\.)){re.escape(name)}(?![\w$])", text) is not None


def test_scripts_import_and_export_by_name_only() -> None:
    """The test above knows no other form."""
    assert [script for script, text in SCRIPTS.items() if OTHER_FORM.search(text)] == []
