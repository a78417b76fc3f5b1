"""Does a process that is killed leave anything half-written? ``make bench-kills``.

Trainings of full length, latent maps, the saving of an uploaded set, trainings in the app and the
build of shipped checkpoints are killed (SIGKILL), each once: at a random moment of their processor
time, or before a random one of their changes to files. What a reader takes as complete then has to
be what an undisturbed run leaves, and so has everything once the same work was started again. Of
the app's trainings the server is killed in turn with all processes of the training.

Writes build/bench-kills/kills.json.
"""

from __future__ import annotations

import argparse
import random
import resource
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.kills.processes import die, dying, killed_by_time, quietly
from benchmarks.kills.work import Whole, Work, save, serve, works
from dmil_core.io.atomic import check_writable, write_json

KILLS: Final = 40


@dataclass(frozen=True)
class Reference:
    """An undisturbed run: its folder, what it wrote, its processor time and changes to files."""

    folder: Path
    whole: Whole
    files: frozenset[str]
    seconds: float
    changes: int


@dataclass
class Kill:
    """One kill, what was complete after it, and what is wrong with that or with the end."""

    work: str
    moment: str
    complete: list[str] = field(default_factory=list)
    said: str = ""
    faults: list[str] = field(default_factory=list)


def reference(work: Work, folder: Path) -> Reference:
    """Do the work undisturbed."""
    work.prepare(folder)
    arguments, count = work.start(folder), folder.with_suffix(".changes")
    if work.alone:
        arguments = dying(arguments, 0, count)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code, said = quietly(arguments, folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if code:
        raise RuntimeError(f"{' '.join(arguments)} ended with {code}:\n{said}")
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    changes = int(count.read_text()) if work.alone else 0
    return Reference(folder, work.whole(folder), files_in(folder), seconds, changes)


def files_in(folder: Path) -> frozenset[str]:
    """Files there but locks; those of a job lie below a name that is drawn."""
    files = (f.relative_to(folder) for f in folder.rglob("*") if f.is_file())
    return frozenset(str(f) for f in files if f.name != ".lock" and "jobs" not in f.parts)


def strike(
    name: str, work: Work, sound: Reference, folder: Path, rng: random.Random, turn: int
) -> Kill:
    """Kill the work once, start it again, and compare."""
    work.prepare(folder)
    arguments = work.start(folder)
    if work.alone and turn % 2:
        change = rng.randint(1, sound.changes)
        kill = Kill(name, f"before change {change} of {sound.changes}")
        code, said = quietly(dying(arguments, change), folder)
        if code != -signal.SIGKILL:
            kill.faults.append(f"it was not killed but ended with {code}: {said[-500:]}")
    else:
        seconds, victims = rng.uniform(0.0, sound.seconds), work.victims[turn % len(work.victims)]
        kill = Kill(name, f"{victims} after {seconds:.1f} of {sound.seconds:.1f} s")
        kill.faults += killed_by_time(arguments, folder, seconds, victims)
    try:
        there = work.whole(folder)
        kill.complete = sorted(there)
        kill.faults += [f"{n} is not whole" for n, d in there.items() if sound.whole.get(n) != d]
    except Exception as error:
        kill.faults.append(f"a reader fails: {error!r}"[:500])
    code, kill.said = quietly(arguments, folder)
    kill.said = kill.said.strip()[-300:]
    if code not in (0, *(work.ends if kill.complete else ())):
        kill.faults.append(f"started again it ends with {code}")
    if "Traceback" in kill.said:
        kill.faults.append("started again it ends in a traceback")
    if (end := work.whole(folder)) != sound.whole:
        other = sorted(n for n in end.keys() | sound.whole if end.get(n) != sound.whole.get(n))
        kill.faults.append(f"in the end these differ: {', '.join(other)}")
    kill.faults += [f"{f} is left behind" for f in sorted(files_in(folder) - sound.files)]
    return kill


def shares(kinds: dict[str, Work], kills: int) -> dict[str, int]:
    """So many kills spread over the kinds of work by weight; each has at least one."""
    total = sum(work.weight for work in kinds.values())
    return {name: max(1, round(kills * work.weight / total)) for name, work in kinds.items()}


def experiment(a: argparse.Namespace) -> list[Kill]:
    """All kills, each in a folder of its own that is removed where nothing is wrong."""
    kinds = works(a.epochs_scale, a.method)
    chosen = {name: kinds[name] for name in a.only}
    kills = []
    for name, count in shares(chosen, a.kills).items():
        work, root, rng = chosen[name], a.out / name, random.Random(f"{a.seed} {name}")
        shutil.rmtree(root, ignore_errors=True)
        sound = reference(work, root / "reference")
        print(f"{name}: {sound.seconds:.1f} s, {sound.changes} changes to files", flush=True)
        for turn in range(count):
            kill = strike(name, work, sound, root / str(turn), rng, turn)
            print(f"{name} {turn} {kill.moment}: {kill.faults or 'sound'}", flush=True)
            kills.append(kill)
            if not kill.faults:
                shutil.rmtree(root / str(turn))
    return kills


def main() -> int:
    """Kill, print, record."""
    commands: dict[str, Callable[[], int]] = {"save": save, "serve": serve}
    if sys.argv[1:] and sys.argv[1] in commands:
        return commands[sys.argv[1]]()
    if sys.argv[1:] and sys.argv[1] == "die":
        die(int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5:])
        return 0
    kinds = list(works(1.0, "umap"))
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--only", nargs="+", choices=kinds, default=kinds)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--epochs-scale", type=float, default=1.0, help="for a quick look")
    parser.add_argument("--method", default="umap", help="of latent maps")
    parser.add_argument("--out", type=Path, default=Path("build/bench-kills"))
    a = parser.parse_args()
    a.out = a.out.resolve()
    path = a.out / "kills.json"
    check_writable(path)
    kills = experiment(a)
    write_json(path, [asdict(kill) for kill in kills])
    for name in a.only:
        mine = [kill for kill in kills if kill.work == name]
        complete = sum(bool(kill.complete) for kill in mine)
        faulty = sum(bool(kill.faults) for kill in mine)
        print(f"{name}: {len(mine)} kills, {complete} with something complete, {faulty} faulty")
    return int(any(kill.faults for kill in kills))


if __name__ == "__main__":
    raise SystemExit(main())
