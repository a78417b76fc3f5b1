"""What a wheel carries beside the modules: the app, and a demonstration to look at.

The folders are copied into the package, so that no top-level name but ``dmil_core`` is installed:

    dashboard/                               -> dmil_core/_app/dashboard/
    checkpoints/<set>/ of two generated sets -> dmil_core/_demonstration/checkpoints/<set>/
    records of benchmarks                    -> dmil_core/_demonstration/results/

An editable installation finds all of them in the repository.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
#: Generated sets, whose data need no file.
DEMONSTRATION_SETS = ("shapes-qa", "switch")
#: What the app's pages on fidelity and on the paper read.
RESULTS = ("fidelity.json", "targets.json", "theorem.json")


def carried() -> dict[str, Path]:
    """Path in the package -> file of the repository."""
    files: dict[str, Path] = {}
    folders = {"_app/dashboard": HERE / "dashboard"}
    for name in DEMONSTRATION_SETS:
        folders[f"_demonstration/checkpoints/{name}"] = HERE / "checkpoints" / name
    for target, folder in folders.items():
        for file in sorted(folder.rglob("*")):
            inside = file.relative_to(folder)
            hidden = any(p.startswith(".") and p != ".streamlit" for p in inside.parts)
            if file.is_file() and not hidden and "__pycache__" not in inside.parts:
                files[f"{target}/{inside.as_posix()}"] = file
    for name in RESULTS:
        files[f"_demonstration/results/{name}"] = HERE / "benchmarks" / "results" / name
    return files


class BuildWithApp(build_py):
    """Build the package without the top-level ``dashboard``, and with what it carries."""

    def finalize_options(self) -> None:
        """In a wheel the app is not a package of its own."""
        super().finalize_options()
        if not self.editable_mode:
            self.packages = [p for p in self.packages if p.partition(".")[0] != "dashboard"]

    def run(self) -> None:
        """Build, then copy."""
        super().run()
        if not self.editable_mode:
            for target, file in carried().items():
                path = Path(self.build_lib) / "dmil_core" / target
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, path)


setup(cmdclass={"build_py": BuildWithApp})
