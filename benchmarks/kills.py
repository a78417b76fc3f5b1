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
import os
import random
import resource
import runpy
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil

from checkpoints.build import is_mapped
from dmil_core.checkpoint import PROJECTION_FILE, load_model, run_folder
from dmil_core.errors import BusyError, CheckpointError
from dmil_core.io.atomic import check_writable, file_digest, make_folder, write_json, writing
from dmil_core.io.tables import read_table

KILLS: Final = 40
SET: Final = "switch:train=300,val=100,test=200"
#: The set that is saved, trained in the app and built: its visitor, title and name.
VISITOR: Final = "f" * 32
TITLE: Final = "Kills"
OWN: Final = "my-kills"
BUILT: Final = ("joint", "ensemble")
#: Seconds in which processes that should end by themselves have done so.
PATIENCE: Final = 20.0
#: Seconds between two looks at the processor time of a process.
_LOOK: Final = 0.005
#: What Python says of a change to a file before it is made.
_CHANGES: Final = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree")

#: What is complete in a folder: its name, and the digest of its content.
Whole = dict[str, str]


@dataclass(frozen=True)
class Work:
    """Something that writes files.

    Attributes
    ----------
    weight : its share of all kills.
    start : arguments of Python that start it in a folder, or let it go on there.
    whole : what readers take as complete there.
    prepare : makes what has to be there before.
    alone : whether one process does all of it, which can be killed before a change to a file.
    ends : exit codes of a start that found nothing to be done, beside 0.
    """

    weight: int
    start: Callable[[Path], list[str]]
    whole: Callable[[Path], Whole]
    prepare: Callable[[Path], None] = make_folder
    alone: bool = True
    ends: tuple[int, ...] = ()


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


# --- the work ------------------------------------------------------------------------------------


def works(epochs_scale: float, method: str) -> dict[str, Work]:
    """All kinds of work by name."""
    scale = ["--epochs-scale", str(epochs_scale)]

    def training(folder: Path) -> list[str]:
        return dmil("train", "--data", SET, "--out", folder / "run", "--quiet", *scale)

    def trained(folder: Path) -> None:
        quietly(training(folder), folder)

    return {
        "train": Work(14, training, lambda f: checkpoint(f / "run")),
        "project": Work(
            8,
            lambda f: dmil("project", "--data", SET, "--checkpoint", f / "run", "--method", method),
            lambda f: mapped(f / "run"),
            trained,
        ),
        "save": Work(6, lambda _: SAVE, saved, ends=(2,)),
        "job": Work(8, lambda _: SERVE, own_models, with_own_set, alone=False),
        "build": Work(
            4,
            lambda _: ["-m", "checkpoints.build", OWN, "--paradigms", *BUILT],
            built,
            with_data,
            alone=False,
        ),
    }


ME: Final = ("-m", "benchmarks.kills")
SAVE, SERVE = [*ME, "save"], [*ME, "serve"]


def dmil(*arguments: object) -> list[str]:
    """Arguments of Python for the command line."""
    return ["-m", "dmil_core", *map(str, arguments)]


def checkpoint(folder: Path) -> Whole:
    """A checkpoint as its readers see it."""
    try:
        _, run = load_model(folder)
    except CheckpointError:
        return {}
    read_table(run.predictions)
    files = {"weights": run.folder / "model.safetensors", "predictions": run.predictions}
    digests = {name: file_digest(file) for name, file in (files | {"log": run.history}).items()}
    return digests | {"finished": str(run.finished)}


def mapped(folder: Path) -> Whole:
    """The latent map of a checkpoint, if it has one of these weights."""
    try:
        there = is_mapped(folder)
    except CheckpointError:
        return {}
    if there:
        read_table(folder / PROJECTION_FILE)
    return {"map": file_digest(folder / PROJECTION_FILE)} if there else {}


def saved(folder: Path) -> Whole:
    """The visitor's sets, with every file of them."""
    from dashboard.services.store import own_sets
    from dmil_core.data.npz import read_dataset

    result: Whole = {}
    with folders(folder):
        for own in own_sets.own_sets(VISITOR):
            result[own.name] = read_dataset(own.data).digest
            for file in sorted(own.data.parent.iterdir()):
                result[f"{own.name}/{file.name}"] = file_digest(file)
    return result


def own_models(folder: Path) -> Whole:
    """The models that the app trained on the visitor's set, and their maps."""
    from dashboard.services.store import own_sets

    result: Whole = {}
    with folders(folder):
        (own,) = own_sets.own_sets(VISITOR)
        for paradigm in own_sets.PARADIGMS:
            result |= models(own.models / paradigm / "seed0", paradigm)
    return result


def built(folder: Path) -> Whole:
    """What the build has made: models, maps and estimates."""
    from dmil_core.information import store

    result: Whole = {}
    with folders(folder):
        for paradigm in BUILT:
            root = folder / "checkpoints"
            result |= models(run_folder(root, OWN, paradigm, 0), paradigm)
        with suppress(FileNotFoundError):
            store.InformationEstimates.load(path := store.default_path(OWN))
            result["information"] = file_digest(path)
    return result


def models(folder: Path, name: str) -> Whole:
    """A checkpoint and its map, below a name."""
    return {f"{name} {what}": d for what, d in (checkpoint(folder) | mapped(folder)).items()}


def assembled() -> Any:
    """A set as the app makes it of an upload."""
    from dashboard.services.store import uploads

    source = uploads.read("example.csv", uploads.example_csv())
    assert isinstance(source, uploads.Source)
    return uploads.assemble(source, uploads.guess(source), OWN, TITLE, "", None)


def save() -> int:
    """Save the set, as a click does."""
    from dashboard.services.store import own_sets

    made = assembled()
    try:
        own_sets.save(VISITOR, made)
    except BusyError as error:
        print(f"dmil: {error}", file=sys.stderr)
        return 2
    return 0


def with_own_set(folder: Path) -> None:
    """A visitor's set that is not trained yet."""
    make_folder(folder)
    with folders(folder):
        assert save() == 0


def with_data(folder: Path) -> None:
    """A folder of bundled sets with this one alone."""
    from dmil_core.data.npz import DATA_FILE, write_npz

    made = assembled()
    write_npz(folder / "data" / OWN / DATA_FILE, made.arrays, made.dataset.card)


def serve() -> int:
    """A server on which the visitor starts the training of the set, or starts it again."""
    from dashboard.jobs.queue import jobs
    from dashboard.services.store import own_sets

    queue, (own,) = jobs(), own_sets.own_sets(VISITOR)
    job = own_sets.training(own)
    if job is None:
        job = own_sets.train(own, "full")
    elif job.active:
        print(f"dmil: an earlier server's job is {job.state}", file=sys.stderr)
        return 4
    elif job.state != "done":
        print(f"{job.state}: {job.message}", flush=True)
        job = queue.again(job.id, VISITOR)
    while job is not None and job.active:
        time.sleep(0.1)
        job = queue.get(job.id)
    return 0 if job is not None and job.state == "done" else 3


# --- processes -----------------------------------------------------------------------------------


@contextmanager
def folders(folder: Path) -> Iterator[None]:
    """All that is found by name lies in this folder."""
    before = dict(os.environ)
    os.environ.update(environment(folder))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def environment(folder: Path) -> dict[str, str]:
    """Variables of a process that works in this folder, on one thread, and changes nothing else."""
    names = {"UPLOADS": "uploads", "CHECKPOINTS": "checkpoints", "SAMPLE_DATA": "data"}
    places = {f"DMIL_{name}": str(folder / where) for name, where in names.items()}
    fixed = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return {**os.environ, **places, **fixed}


def begun(arguments: list[str], folder: Path) -> subprocess.Popen[str]:
    """A process in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", *arguments],
        env=environment(folder), text=True, start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def quietly(arguments: list[str], folder: Path) -> tuple[int, str]:
    """Exit code and output of a process that is left alone."""
    with begun(arguments, folder) as process:
        said, _ = process.communicate()
    return process.returncode, said


def family(pid: int) -> list[psutil.Process]:
    """A process and all that come from it."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def worked(pid: int) -> float:
    """Seconds of processor that a process and all that come from it have used."""
    seconds = 0.0
    for process in family(pid):
        with suppress(psutil.NoSuchProcess):
            seconds += sum(process.cpu_times()[:4])
    return seconds


def killed_by_time(arguments: list[str], folder: Path, seconds: float, turn: int) -> list[str]:
    """Start the work, and kill it once it has used so many seconds of a processor.

    A server is killed without what it has started, which has to notice, in turn with what it has
    started without the server.

    Returns
    -------
    list of str
        Faults: processes that did not end.
    """
    process = begun(arguments, folder)
    while process.poll() is None and worked(process.pid) < seconds:
        time.sleep(_LOOK)
    every = victims = family(process.pid)
    if arguments == SERVE:
        victims = every[:1] if turn % 2 else every[1:]
    for victim in victims:
        with suppress(psutil.NoSuchProcess):
            victim.kill()
    process.communicate()
    _, alive = psutil.wait_procs(every, PATIENCE)
    return [f"process {p.pid} did not end" for p in alive]


def dying(arguments: list[str], change: int, count: Path | None = None) -> list[str]:
    """Arguments of Python for the same work that kills itself before a change to a file."""
    return [*ME, "die", str(change), str(count or ""), *arguments[1:]]


def _writes(flags: object) -> bool:
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


def die(change: int, count: str, module: str, arguments: list[str]) -> None:
    """Run a module until it is about to make this change to a file; count them all into a file."""
    made = 0

    def notice(event: str, about: tuple[Any, ...]) -> None:
        nonlocal made
        if event in _CHANGES or (event == "open" and _writes(about[2])):
            made += 1
            if made == change:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.argv = [module, *arguments]
    sys.addaudithook(notice)
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        if count:
            total = str(made)
            with writing(Path(count)):
                Path(count).write_text(total)


# --- the experiment ------------------------------------------------------------------------------


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
        seconds = rng.uniform(0.0, sound.seconds)
        kill = Kill(name, f"after {seconds:.1f} of {sound.seconds:.1f} s")
        kill.faults += killed_by_time(arguments, folder, seconds, turn)
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
