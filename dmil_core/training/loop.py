"""The one training loop: a tuple of stages over one model.

A stage trains the parameters that its prefixes name, watches the validation loss, and passes its
best state to the next stage. After every epoch the whole state is given to ``on_epoch``, which may
store it; a fit that continues from a stored state ends at the same weights as one that never
stopped.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import torch
from torch import Tensor, nn

from dmil_core.config import Stage
from dmil_core.errors import CheckpointError, ConfigError
from dmil_core.io.atomic import replacing
from dmil_core.io.reading import parsing, read_checked
from dmil_core.migration import todays_term
from dmil_core.models.batch import Rows
from dmil_core.seeding import reproducible
from dmil_core.training import processes
from dmil_core.training.cost import stage_cost
from dmil_core.training.losses import ModelOutputs, evaluate, terms, weight_each, weighted
from dmil_core.training.rules import build_rule
from dmil_core.training.rules.base import Rule

CLIP_NORM = 5.0
EVALUATION_ROWS = 2048

State = dict[str, Tensor]
#: Largest file of a state of training that is read, in bytes.
MAX_STATE_BYTES: Final = 16 * 1024**3
#: Tensors of a fit's state, each a :data:`State`.
_GROUPS = ("best", "average", "model", "optimizer", "rule", "random")
#: Numbers of a fit's state.
_NUMBERS = (
    "stage", "epoch", "stale", "best_loss", "best_accuracy", "steps", "history",
    "step", "summed", "rows",
)  # fmt: skip
#: Seconds after which the state of an epoch under way is stored again.
PAUSE_SECONDS: Final = 60.0
T = TypeVar("T")


@dataclass(frozen=True)
class Report:
    """One finished epoch, for progress bars and the history file.

    Attributes
    ----------
    stage, title
        Of the stage.
    epoch, epochs
        The epoch, from 1, and the most that the stage may have.
    loss, val_loss
        On training and validation rows, nats.
    val_accuracy
        0 to 1.
    val_terms
        Each loss term of the stage on validation rows, without its weight, by name.
    kept
        Whether the stage keeps this epoch, of those so far; the last one for which this holds is
        what the next stage begins with.
    fraction
        Expected share of the whole run that is done, 0 to 1. It never falls, leaps where a stage
        ends early, and is 1 after the last epoch.
    """

    stage: str
    title: str
    epoch: int
    epochs: int
    loss: float
    val_loss: float
    val_accuracy: float
    val_terms: dict[str, float] = field(default_factory=dict)
    kept: bool = False
    fraction: float = 0.0

    def record(self) -> dict[str, Any]:
        """The epoch as the history file keeps it."""
        return {name: value for name, value in vars(self).items() if name != "fraction"}


@dataclass
class FitState:
    """The state of a fit between two epochs, or between two steps of one.

    Of an epoch under way `step` batches are done, with `rows` rows and the loss `summed` over
    them; `random` is the state of the generators that the next step draws from.
    """

    stage: int = 0
    epoch: int = 0
    stale: int = 0
    best_loss: float = math.inf
    best_accuracy: float = -math.inf
    steps: int = 0
    best: State = field(default_factory=dict)
    average: State = field(default_factory=dict)
    model: State = field(default_factory=dict)
    optimizer: State = field(default_factory=dict)
    rule: State = field(default_factory=dict)
    random: State = field(default_factory=dict)
    step: int = 0
    summed: float = 0.0
    rows: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)

    def save(self, path: Path, note: dict[str, Any]) -> None:
        """Store the state as one file, at once or not at all; ``load`` returns ``note`` as well."""
        from safetensors.torch import save_file

        groups = {name: getattr(self, name) for name in _GROUPS}
        tensors = {
            # On a GPU a momentum may have another memory layout, which the file does not store.
            f"{g}/{k}": v.clone(memory_format=torch.contiguous_format)
            for g, state in groups.items()
            for k, v in state.items()
        }
        numbers = {k: getattr(self, k) for k in _NUMBERS}
        with replacing(path) as temporary:
            metadata = {"fit": json.dumps(numbers), "note": json.dumps(note)}
            save_file(tensors, temporary, metadata=metadata)

    @staticmethod
    def load(path: Path) -> tuple[FitState, dict[str, Any]]:
        """Read a stored state and its note.

        Raises
        ------
        CheckpointError
            If the file is damaged.
        """
        from safetensors.torch import load

        checks: dict[str, Any] = {"error": CheckpointError, "advice": "Start over with --overwrite"}
        try:
            content = read_checked(path, MAX_STATE_BYTES, **checks)
        except FileNotFoundError:
            raise CheckpointError(f"{path} is missing; start over with --overwrite") from None
        with parsing(path, "a state of a training", **checks):
            flat = load(content)
            # Eight bytes say how long the header is, which has the metadata.
            header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
            metadata = header["__metadata__"]
            state = FitState(**json.loads(metadata["fit"]))
            note: dict[str, Any] = json.loads(metadata["note"])
            for epoch in state.history:
                kept = epoch.get("val_terms", {})
                epoch["val_terms"] = {todays_term(name): value for name, value in kept.items()}
            for key, tensor in flat.items():
                group, name = key.split("/", 1)
                if group not in _GROUPS:
                    raise ValueError(f"{key} is not a part of a state")
                getattr(state, group)[name] = tensor
        return state, note


@dataclass
class Pauses:
    """Stores the state of a fit within its epochs, once a while.

    Attributes
    ----------
    store
        Is given the state, up to date.
    seconds
        Between two of these times at least.
    """

    store: Callable[[FitState], None]
    seconds: float
    last: float = field(default_factory=time.monotonic)

    @property
    def due(self) -> bool:
        """Whether it is time to."""
        return time.monotonic() - self.last >= self.seconds

    def pause(self, state: FitState) -> None:
        """Store the state."""
        self.store(state)
        self.last = time.monotonic()


def fit(
    model: nn.Module,
    stages: tuple[Stage, ...],
    train: Rows,
    val: Rows,
    seed: int,
    *,
    state: FitState | None = None,
    on_epoch: Callable[[FitState, Report], None] | None = None,
) -> FitState:
    """Train ``model`` through ``stages`` and leave it in the best state of the last one.

    Parameters
    ----------
    train, val
        Rows to train on and rows that decide when a stage ends; never test rows.
    seed
        Determines the order of rows and every draw. Initial weights are those of ``model``.
    state
        The state in which an earlier fit of the same model, stages, rows and seed stopped.
    on_epoch
        Called after every epoch, before the next one starts.

    Raises
    ------
    ConfigError
        If a prefix of a stage matches no parameter, or a loss does not suit the model.
    """
    state = state or FitState()
    for report in epochs(model, stages, train, val, seed, state):
        if on_epoch:
            on_epoch(state, report)
    return state


def epochs(
    model: nn.Module, stages: tuple[Stage, ...], train: Rows, val: Rows, seed: int,
    state: FitState, pauses: Pauses | None = None,
) -> Iterator[Report]:  # fmt: skip
    """:func:`fit` as a generator: yields after every epoch, when ``state`` is up to date.

    If it is not exhausted, the model stays as the last epoch left it. ``pauses`` may store the
    state within an epoch.

    Raises
    ------
    ConfigError
        As :func:`fit`, or if there are ``pauses`` and the rule of a stage has none within an epoch.
    """
    if state.model:
        model.load_state_dict(state.model)
    costs = [stage_cost(model, stage, len(train)) for stage in stages]
    train = train.numbered()
    for number in range(state.stage, len(stages)):
        stage = stages[number]
        select_parameters(model, stage.trainable)
        optimizer = _optimizer(model, stage)
        _restore_optimizer(optimizer, state.optimizer)
        rule = build_rule(model, stage, train)
        if processes.count() > 1 and stage.rule != "plain":
            raise ConfigError(
                f"the rule {stage.rule!r} looks at whole batches; train in one process, or choose "
                "a paradigm of the plain rule"
            )
        if pauses and not rule.divisible:
            raise ConfigError(
                f"the rule {stage.rule!r} needs all training rows in memory; train without "
                "--stream, or choose a paradigm of another rule"
            )
        rule.load_state(state.rule)
        while not _over(stage, state):
            report = _epoch(model, stage, number, train, val, seed, state, optimizer, rule, pauses)
            over = _over(stage, state)
            done = sum(costs[:number]) + costs[number] * (
                1.0 if over else report.epoch / stage.epochs
            )
            yield replace(report, fraction=min(1.0, done / sum(costs)))
        model.load_state_dict(state.best)
        state.stage, state.epoch, state.stale, state.steps = number + 1, 0, 0, 0
        state.best_loss, state.best_accuracy = math.inf, -math.inf
        state.optimizer, state.rule, state.average = {}, {}, {}
        state.model = _snapshot(model)
    model.requires_grad_(True).eval()


def _over(stage: Stage, state: FitState) -> bool:
    """Whether a stage has had all its epochs, or has run out of patience."""
    return state.epoch >= stage.epochs or 0 < stage.patience <= state.stale


def run_to_completion(
    work: Generator[Report, None, T], on_epoch: Callable[[Report], None] | None
) -> T:
    """Exhaust a generator that yields after every epoch, and return its result."""
    while True:
        try:
            report = next(work)
        except StopIteration as end:
            return end.value
        if on_epoch:
            on_epoch(report)


def _epoch(
    model: nn.Module, stage: Stage, number: int, train: Rows, val: Rows, seed: int,
    state: FitState, optimizer: torch.optim.Optimizer, rule: Rule,
    pauses: Pauses | None,
) -> Report:  # fmt: skip
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(stage, state.epoch) * group["factor"]
    with reproducible(seed, number, state.epoch):
        loss = _train_epoch(model, stage, train, state, optimizer, rule, pauses)
    state.model = _snapshot(model)
    if state.average:
        model.load_state_dict(state.average, strict=False)
    val_loss, val_accuracy, val_terms = validate(model, stage, val)
    if not math.isfinite(val_loss):
        raise ConfigError(
            f"stage {stage.title!r}: the loss became {val_loss} in epoch {state.epoch + 1}; "
            "lower its learning rate, or look for extreme values in the data"
        )
    state.epoch += 1
    state.stale += 1
    if val_loss < state.best_loss:
        state.best_loss, state.stale = val_loss, 0
    state.best_accuracy = max(state.best_accuracy, val_accuracy)
    kept = _kept(stage, state, val_loss, val_accuracy, len(val))
    if kept:
        state.best = _snapshot(model)
    if state.average:
        model.load_state_dict(state.model)
    state.optimizer, state.rule = _flatten(optimizer), rule.state()
    report = Report(
        stage.name, stage.title, state.epoch, stage.epochs, loss, val_loss, val_accuracy, val_terms,
        kept,
    )  # fmt: skip
    state.history.append(report.record())
    return report


def _kept(stage: Stage, state: FitState, loss: float, accuracy: float, rows: int) -> bool:
    """Whether the epoch just validated is, so far, the one that its stage keeps.

    For ``one-se`` the standard error is that of the best accuracy p of n rows,
    sqrt(p (1 - p) / n). An epoch that raises the best is itself the latest near it, so that the
    latest so far is all that has to be remembered.
    """
    if stage.keep == "last":
        return True
    if stage.keep == "loss":
        return loss <= state.best_loss
    best = state.best_accuracy
    return accuracy >= best - math.sqrt(best * (1.0 - best) / max(rows, 1))


def _train_epoch(
    model: nn.Module, stage: Stage, train: Rows, state: FitState,
    optimizer: torch.optim.Optimizer, rule: Rule, pauses: Pauses | None,
) -> float:  # fmt: skip
    model.train()
    rule.start_epoch(train, state.epoch)
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
    step, summed, rows = state.step, state.summed, state.rows
    epoch_seed, least = torch.initial_seed(), 2 * processes.count()
    batches = train.shuffled(stage.batch_size)
    for _ in range(step):  # done before this epoch was left
        next(batches)
    if step:
        _set_random_state(state.random)
    for batch in batches:
        step += 1
        if len(batch) < least <= len(train):
            continue
        processes.seed_step(epoch_seed, step)
        mine = processes.share(batch)
        optimizer.zero_grad(set_to_none=True)
        loss = rule.gradients(mine)
        loss = processes.of_whole(loss, parameters, len(mine) / len(batch))
        nn.utils.clip_grad_norm_(parameters, CLIP_NORM)
        optimizer.step()
        if stage.averaging:
            _average(trained, stage, state, len(train))
        summed, rows = summed + float(loss) * len(batch), rows + len(batch)
        if pauses and pauses.due:
            state.step, state.summed, state.rows = step, summed, rows
            state.model, state.optimizer = _snapshot(model), _flatten(optimizer)
            state.rule, state.random = rule.state(), _random_state()
            pauses.pause(state)
    state.step, state.summed, state.rows, state.random = 0, 0.0, 0, {}
    return summed / max(rows, 1)


@torch.no_grad()
def _average(trained: dict[str, nn.Parameter], stage: Stage, state: FitState, rows: int) -> None:
    """theta' <- theta' + (1 - d) (theta - theta'), d = min(1 - 1 / (a T), t / (t + 10)), over the
    trained parameters; a is the stage's ``averaging``, T its steps on so many rows, t the steps so
    far. The first factor is the reach at the end, the second shortens it at the start."""
    if not state.average:
        state.average = {n: p.detach().clone() for n, p in trained.items()}
    state.steps += 1
    total = stage.epochs * math.ceil(rows / stage.batch_size)
    reach = 1.0 - 1.0 / max(stage.averaging * total, 1.0)
    weight = 1.0 - min(reach, state.steps / (state.steps + 10.0))
    torch._foreach_lerp_([state.average[n] for n in trained], [*trained.values()], weight)


@torch.no_grad()
def validate(model: nn.Module, stage: Stage, val: Rows) -> tuple[float, float, dict[str, float]]:
    """Evaluate on validation rows, without sampling or dropout.

    Returns the mean of the watched loss (nats), the accuracy, and the mean of each of the stage's
    terms that is finite. The accuracy of a stage that trains unimodal heads alone is the mean
    accuracy of these heads.
    """
    model.eval()
    modalities = val.modalities
    watched = weight_each(stage.watch or stage.losses, modalities, stage.modality)
    names = dict.fromkeys((*weight_each(stage.losses, modalities, stage.modality), *watched))
    loss = hits = 0.0
    parts = dict.fromkeys(names, 0.0)
    for batch in val.chunks(EVALUATION_ROWS):
        outputs = evaluate(model, batch)
        result = terms(outputs, names)
        loss += float(weighted(result, watched).sum())
        hits += float(_hits(outputs, stage))
        for name, values in result.items():
            parts[name] += float(values.sum())
    means = {name: value / len(val) for name, value in parts.items() if math.isfinite(value)}
    return loss / len(val), hits / len(val), means


#: Terms that train unimodal heads, and nothing behind them.
_UNIMODAL = frozenset({"ce_unimodal", "ce_known", "kl_intra", "recon_input"})


def _hits(outputs: ModelOutputs, stage: Stage) -> Tensor:
    """Number of rows that what the stage trains predicts correctly."""
    out, y = outputs.out, outputs.batch.y
    if out.unimodal is None or not _UNIMODAL.issuperset(stage.losses):
        return (out.logits.argmax(dim=1) == y).sum()
    heads = out.unimodal if stage.modality is None else out.unimodal[:, [stage.modality - 1]]
    return (heads.argmax(dim=-1) == y[:, None]).float().mean(dim=1).sum()


def select_parameters(model: nn.Module, prefixes: tuple[str, ...]) -> list[nn.Parameter]:
    """Freeze everything but the parameters whose names start with one of ``prefixes``.

    Raises
    ------
    ConfigError
        If a prefix matches neither a parameter nor a part of the model.
    """
    names = [name for name, _ in model.named_parameters()]
    # A custom encoder may have nothing to train; naming it is no mistake.
    parts = [f"{name}." for name, _ in model.named_modules() if name]
    for prefix in prefixes:
        if not any(name.startswith(prefix) for name in names + parts):
            tops = sorted({name.split(".")[0] for name in names})
            raise ConfigError(
                f"trainable prefix {prefix!r} matches no parameter; the model has {', '.join(tops)}"
            )
    chosen = []
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name.startswith(prefixes))
        if parameter.requires_grad:
            chosen.append(parameter)
    return chosen


def learning_rate(stage: Stage, epoch: int) -> float:
    """Rate of an epoch (from 0): a linear warm-up, then constant or half a cosine towards zero."""
    rising = round(stage.warmup * stage.epochs)
    if epoch < rising:
        return stage.lr * (epoch + 1) / (rising + 1)
    if stage.schedule == "constant":
        return stage.lr
    done = (epoch - rising) / (stage.epochs - rising)
    return stage.lr * 0.5 * (1.0 + math.cos(math.pi * done))


def _optimizer(model: nn.Module, stage: Stage) -> torch.optim.Optimizer:
    """The stage's optimiser, with a parameter group for each factor on the learning rate."""
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            factors = [f for prefix, f in stage.lr_factors.items() if name.startswith(prefix)]
            groups.setdefault(math.prod(factors), []).append(parameter)
    chosen = [{"params": p, "factor": factor} for factor, p in groups.items()]
    decay = stage.weight_decay
    if stage.optimizer == "sgd":
        return torch.optim.SGD(chosen, lr=stage.lr, momentum=0.9, weight_decay=decay)
    return torch.optim.AdamW(chosen, lr=stage.lr, weight_decay=decay, fused=True)


def _random_state() -> State:
    """Of the generators that a step may draw from."""
    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state |= {f"cuda{i}": s for i, s in enumerate(torch.cuda.get_rng_state_all())}
    return state


def _set_random_state(state: State) -> None:
    torch.set_rng_state(state["cpu"])
    for name, each in state.items():
        if name.startswith("cuda") and torch.cuda.is_available():
            torch.cuda.set_rng_state(each, int(name.removeprefix("cuda")))


def _snapshot(model: nn.Module) -> State:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def _flatten(optimizer: torch.optim.Optimizer) -> State:
    states = optimizer.state_dict()["state"]
    return {
        f"{i}/{name}": torch.as_tensor(value).clone()
        for i, entry in states.items()
        for name, value in entry.items()
        if value is not None
    }


def _restore_optimizer(optimizer: torch.optim.Optimizer, flat: State) -> None:
    if not flat:
        return
    states: dict[int, dict[str, Tensor]] = {}
    for key, value in flat.items():
        index, name = key.split("/", 1)
        states.setdefault(int(index), {})[name] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": states, "param_groups": groups})
