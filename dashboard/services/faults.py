"""What a fault means for a visitor: of which kind it is, and words without the server's paths."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from dmil_core.errors import BusyError, ResourceError
from dmil_core.io.paths import (
    PACKAGE,
    checkpoints_roots,
    results_root,
    sample_data_root,
    uploads_root,
)
from dmil_core.io.resources import shortage

#: The folder of an absolute path; what stands before it shows that it is no address of a page.
_FOLDER: Final = re.compile(r"(?<![\w.:/\\-])/(?:[^\s/'\",;:]+/)+")
#: Where a visitor's sets lie below the uploads; the name holds a hash.
_OF_VISITOR: Final = re.compile(r"\bsets/[0-9a-f]{32}/(?:data|checkpoints)/")


def busy(error: BaseException) -> str:
    """Why nothing more is taken; empty where that is not the fault."""
    return without_paths(str(error)) if isinstance(error, BusyError) else ""


def lack(error: BaseException) -> str:
    """What disk, permissions or memory do not allow, such as "the disk is full"; empty where that
    is not the fault."""
    if isinstance(error, ResourceError):
        return error.reason
    found = shortage(error)
    return found.reason if found else ""


def without_paths(text: str) -> str:
    """A text in which the server's paths are relative to folders of the app, or names alone."""
    for root in _roots():
        text = text.replace(f"{root}/", "").replace(root, Path(root).name)
    return _OF_VISITOR.sub("", _FOLDER.sub(_without_folder, text))


def _without_folder(found: re.Match[str]) -> str:
    first = "/".join(found[0].split("/", 2)[:2])
    # A visitor's own files may name paths as well, of another machine.
    return "" if Path(first).exists() else found[0]


def _roots() -> Iterator[str]:
    """Folders of this server, those inside others first; all ways to write them."""
    roots = {*checkpoints_roots(), sample_data_root(), results_root(), uploads_root()}
    roots |= {Path.cwd(), PACKAGE.parent, Path(tempfile.gettempdir())}
    written = {str(form) for root in roots for form in (root, root.absolute(), root.resolve())}
    # A relative folder is a word that texts may hold, and of "/" nothing would be left.
    whole = (form for form in written if len(Path(form).parts) > 1 and Path(form).is_absolute())
    yield from sorted(whole, key=len, reverse=True)
