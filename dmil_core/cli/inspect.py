"""``dmil inspect``: what files hold, and what each column would be used for."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from dmil_core.cli.files import add_files, request_of, rows_text
from dmil_core.cli.options import Parser, Subparsers, add_command, path_argument

if TYPE_CHECKING:
    from dmil_core.data.files.load import Inspection

_WIDTH = 60


def add(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    p = add_command(
        subparsers,
        "inspect",
        run,
        "Say what files hold: the role of every column, counts, and what has to be repaired.",
        "  dmil inspect penguins.csv\n"
        "  dmil inspect table.csv --files pictures.zip --json\n"
        "  dmil inspect genes.csv proteins.csv patients.csv --label outcome\n"
        "The roles are guessed where no option says them; `dmil convert` takes the same options.\n",
    )
    add_arguments(p)
    p.add_argument("--json", action="store_true", help="as JSON, with all rows of every issue")


def add_arguments(parser: Parser) -> None:
    """The files, and the options of `add_files`."""
    parser.add_argument(
        "file",
        nargs="+",
        type=path_argument,
        metavar="FILE",
        help="a table (.csv, .tsv, .parquet, .npz), several that are joined by id, an archive or a "
        "folder",
    )
    add_files(parser)


def run(a: argparse.Namespace) -> int:
    """Print what the files hold."""
    from dmil_core.data.files.load import inspect

    found = inspect(request_of(a, a.file))
    if a.json:
        print(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    else:
        print("\n".join(_lines(found)))
    return 0


def _lines(found: Inspection) -> list[str]:
    """The overview as text: roles, columns that are not used, issues."""
    roles, facts = found.roles, found.facts
    lines = [f"{found.table.rows:,} rows, {len(facts):,} columns", ""]
    for m, role in enumerate(roles.inputs, start=1):
        count = f"{len(role.columns):,} column{'s' if len(role.columns) > 1 else ''}"
        lines.append(f"input {m}  {role.name} ({role.kind}, {count}): {_listed(role.columns)}")
    if not roles.inputs:
        lines.append("inputs   none were found; choose them by --input NAME=COLUMNS")
    classes = f"{len(found.classes):,} classes: {_listed(found.classes)}" if found.classes else ""
    lines.append(f"label    {roles.label or 'none was found; choose it by --label'}")
    if classes:
        lines[-1] += f" ({classes})"
    for name in ("id", "split", "group"):
        if column := getattr(roles, name):
            lines.append(f"{name:<8} {column}")
    if roles.flags:
        lines.append(f"{'flags':<8} {_listed(roles.flags)}")
    if roles.unused:
        lines += ["", f"not used: {len(roles.unused):,} of {len(facts):,} columns"]
        reasons: dict[str, list[str]] = {}
        for column, why in roles.unused:
            reasons.setdefault(why, []).append(column)
        lines += [f"  {_listed(tuple(names))}: {why}" for why, names in reasons.items()]
    for issue in found.issues:
        title = issue.title[:1].upper() + issue.title[1:]
        lines += ["", f"{issue.severity}: {title}{rows_text(issue.rows)}."]
        lines.append(f"  {issue.repair or issue.what_to_do}")
    return lines


def _listed(names: tuple[str, ...]) -> str:
    shown: list[str] = []
    for name in names:
        if shown and len(", ".join([*shown, name])) > _WIDTH:
            return f"{', '.join(shown)} and {len(names) - len(shown):,} more"
        shown.append(name)
    return ", ".join(shown)
