"""A command that writes a file in two halves, with another change to the disk between them."""

from __future__ import annotations

import os
from pathlib import Path

if __name__ == "__main__":
    folder = Path(os.environ["DMIL_UPLOADS"]).parent
    with (folder / "file").open("w") as file:
        file.write("one half, ")
        file.flush()
        (folder / "other").mkdir(exist_ok=True)
        file.write("and the other\n")
