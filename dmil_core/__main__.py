"""``python -m dmil_core`` is ``dmil``."""

from dmil_core.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
