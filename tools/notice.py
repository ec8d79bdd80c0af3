"""Write NOTICE: the licences of what is bundled with our code. Edge (runs uv, reads metadata).

``python -m tools.notice``

A Lambda bundle carries the locked packages of its dependency group, the wheel carries uPlot.
Licences are SPDX expressions, from each package's own metadata.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from importlib.metadata import metadata

import uv

from ops_dashboard.checkout import ROOT
from ops_dashboard.packaging.bundles import BUNDLES
from stream_ingest.cli.terminal import run
from stream_ingest.contracts.errors import UserError

NOTICE = ROOT / "NOTICE"
_HEAD = """\
Coverstream
Copyright 2026 Coverstream contributors

Licensed under the Apache License, Version 2.0 (see LICENSE).


Packages in the Lambda bundles
==============================

A bundle holds these packages, unchanged but for the files that no function reads, with their
licence files in <package>.dist-info. `make notice` writes the list from uv.lock and the packages'
metadata.

"""
_TAIL = """\

pi-heif's wheel contains libheif and libde265, which are licensed under the LGPL-3.0 and linked
dynamically. Their sources: https://github.com/strukturag/libheif and
https://github.com/strukturag/libde265.

pyvips-binary's wheel contains libvips and the libraries that it decodes with, of which libvips and
GLib are licensed under the LGPL-2.1 or later, in a shared library of their own. Their sources:
https://github.com/kleisauke/libvips-packaging. rawpy's wheel contains LibRaw, licensed under the
LGPL-2.1 or the CDDL-1.0 and linked dynamically: https://github.com/LibRaw/LibRaw.

pic-scale's wheel has no licence file:

Copyright (c) Radzivon Bartoshyk. All rights reserved.

Redistribution and use in source and binary forms, with or without modification, are permitted
provided that the following conditions are met:

1. Redistributions of source code must retain the above copyright notice, this list of conditions
and the following disclaimer.

2. Redistributions in binary form must reproduce the above copyright notice, this list of
conditions and the following disclaimer in the documentation and/or other materials provided with
the distribution.

3. Neither the name of the copyright holder nor the names of its contributors may be used to
endorse or promote products derived from this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR
IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND
FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR
CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE,
DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER
IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT
OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.


uPlot in the wheel
==================

The wheel holds uPlot (https://github.com/leeoniya/uPlot), which draws the console's charts:

The MIT License (MIT)

Copyright (c) 2021 Leon Sorokin

Permission is hereby granted, free of charge, to any person obtaining a copy of this software
and associated documentation files (the "Software"), to deal in the Software without
restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING
BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""
_SPDX = {"Apache 2.0": "Apache-2.0", "Apache License 2.0": "Apache-2.0"}
"""Texts of the metadata field License that mean a licence and are not its SPDX name."""
_FROM_ITS_LICENCE_FILE = {
    "aws-lambda-powertools": "MIT-0",
    "pi-heif": "BSD-3-Clause AND LGPL-3.0-only",
    "pic-scale": "BSD-3-Clause",
    "python-dateutil": "Apache-2.0 AND BSD-3-Clause",
}
"""Packages whose metadata say less than their licence file, and one that not every platform has."""


def notice_text() -> str:
    """Return the content of NOTICE; raises `UserError` if a package does not name its licence."""
    used: dict[str, list[str]] = {}
    for bundle, contents in BUNDLES.items():
        for package in locked_packages(contents.group):
            used.setdefault(package, []).append(bundle)
    width = max(map(len, used)) + 2
    lines = [
        f"{package:{width}}{licence_of(package):32}{', '.join(used[package])}"
        for package in sorted(used)
    ]
    return _HEAD + "\n".join(lines) + "\n" + _TAIL


def locked_packages(group: str) -> Iterator[str]:
    """Yield the names of the packages that uv.lock has for a dependency group."""
    done = subprocess.run(  # noqa: S603 - our own arguments
        [
            uv.find_uv_bin(), "export", "--frozen", "--no-hashes", "--no-header", "--no-annotate",
            "--no-emit-project", "--only-group", group,
        ],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for line in done.stdout.splitlines():
        yield line.partition("==")[0]


def licence_of(package: str) -> str:
    """Return an installed package's licence; raises `UserError` if it names none."""
    if package in _FROM_ITS_LICENCE_FILE:
        return _FROM_ITS_LICENCE_FILE[package]
    about = metadata(package)
    named = about.get_all("License-Expression") or about.get_all("License")
    if not named or not named[0]:
        msg = f"{package} does not name its licence: add it to {__name__}"
        raise UserError(msg)
    licence: str = named[0]
    return _SPDX.get(licence, licence)


def main() -> None:
    """Write NOTICE into this source tree."""
    NOTICE.write_text(notice_text(), encoding="utf-8")


if __name__ == "__main__":
    run(main, "notice")
