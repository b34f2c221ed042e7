"""Everything that a training run is made of, and how it comes back from disk as it was."""

import copy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import torch
from annotated_types import Ge, Gt, Le, Lt
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from charrnn import runs, store
from charrnn.engine import device as devices
from charrnn.engine.batches import Lanes, fitting, resident
from charrnn.engine.crew import Crew
from charrnn.engine.model import CharRNN, State
from charrnn.engine.optim import optimizers
from charrnn.errors import CheckpointError
from charrnn.files import whole
from charrnn.sealed import metadata, proof, seal, unseal
from charrnn.settings import ModelSettings, TextSettings, TrainSettings, read
from charrnn.text.corpus import Corpus


@dataclass
class Position:
    """How far a run has come. `hold` and `steps`: see `optim.schedule`.

    `best` is the lowest validation loss, `best_bits` the same in bits per character. `scale` is
    the share of the learning rates that a run goes on with after it has run off, `skipped` how
    many of the last steps were left out.
    """

    step: Annotated[int, Ge(0), Le(10**12)] = 0
    hold: Annotated[float, Gt(-1e12), Lt(1e12)] = 0
    steps: Annotated[int, Ge(1), Le(10**12)] | None = None
    best: Annotated[float, Ge(0)] | None = None
    best_bits: Annotated[float, Ge(0)] | None = None
    seconds: Annotated[float, Ge(0), Lt(1e12)] = 0.0
    scale: Annotated[float, Gt(0), Le(1)] = 1.0
    skipped: Annotated[int, Ge(0), Lt(10**6)] = 0


@dataclass
class Session:
    """A run in memory. Of equal settings, corpus and seed, on one machine, all runs are equal."""

    corpus: Corpus
    folder: Path
    model_settings: ModelSettings
    settings: TrainSettings
    text: TextSettings
    position: Position = field(default_factory=Position)
    lock: object = None  # what keeps others from the folder, for as long as the session lives

    def __post_init__(self) -> None:
        torch.manual_seed(self.settings.seed)
        self.device = devices.choose(self.settings.device)
        self.bf16 = devices.bf16(self.device, self.settings.precision)
        vocabulary = self.corpus.tokenizer.size
        self.model = CharRNN(self.model_settings, vocabulary).to(self.device)
        self.average = copy.deepcopy(self.model).requires_grad_(False)  # evaluated and kept
        products = torch.bfloat16 if self.bf16 else torch.float32
        self.optimizers = optimizers(self.model, self.settings, products)
        tokens = self.corpus.part("train")
        lanes, window = fitting(len(tokens), self.settings.lanes, self.settings.window)
        text = resident(tokens, vocabulary, self.device)
        self.lanes = Lanes(text, vocabulary, lanes, window, self.settings.seed)
        self.crew = Crew(self.device, lanes, self.model_settings.width)
        self.state: State = self.model.zero_state(lanes)

    @property
    def finished(self) -> bool:
        """Whether the planned end is reached."""
        return self.position.step == self.position.steps

    @property
    def epoch(self) -> float:
        """How often the text has been read."""
        return self.lanes.epoch + self.lanes.step / self.lanes.steps_an_epoch

    def set_rates(self, share: float) -> None:
        """Every learning rate at this share of its peak."""
        for group in (g for optimizer in self.optimizers for g in optimizer.param_groups):
            group["lr"] = group["peak"] * share

    @torch.no_grad()
    def update_average(self) -> None:
        """Follow the weights exponentially, faster in the first steps, which start far off."""
        step = self.position.step
        decay = min(self.settings.average, (1 + step) / (10 + step))
        for mean, p in zip(self.average.parameters(), self.model.parameters(), strict=True):
            mean.lerp_(p, 1 - decay)

    def save_model(self, loss: float | None) -> None:
        """The averaged weights, as the file that sampling and evaluation take, and their score."""
        store.save_checkpoint(
            self.folder / runs.MODEL,
            store.Checkpoint(
                run=self.folder.name,
                model=self.model_settings,
                train=self.settings,
                text=self.text,
                tokenizer=self.corpus.tokenizer,
                corpus=self.corpus.name,
                corpus_key=self.corpus.key,
                step=self.position.step,
                loss=loss,
                weights=self.average.export(),
            ),
            self.settings.keep,
        )

    def save(self) -> None:
        """All that it takes to go on as if nothing had happened.

        Without a validation score to choose by, the model that is kept is the last one.
        """
        if self.position.best is None and self.position.step:
            self.save_model(None)
        data = {
            "corpus": {"folder": self.corpus.folder.name, "key": self.corpus.key},
            "model": asdict(self.model_settings),
            "train": asdict(self.settings),
            "text": asdict(self.text),
            "position": asdict(self.position),
            "lanes": [self.lanes.epoch, self.lanes.step],
        }
        # a copy of each: tensors that share memory (tied weights, equal states) are refused
        tensors = {name: t.detach().cpu().clone() for name, t in self._tensors().items()}
        tensors["rng"] = torch.get_rng_state()
        if self.device.type != "cpu":
            chance = torch.get_device_module(self.device)
            tensors[f"rng.{self.device.type}"] = chance.get_rng_state()
        with whole(self.folder / runs.TRAINING, self.settings.keep, proof) as file:
            file.write(seal(save(tensors, metadata(data))))

    @torch.no_grad()
    def restore(self, data: dict[str, Any], tensors: dict[str, Tensor]) -> None:
        """Become the session that `read_saved` found. ValueError if it is of another kind."""
        if data["position"].keys() != asdict(self.position).keys():
            raise ValueError("its position does not add up")
        self.position = read(Position, data["position"])
        if self.position.steps is not None and self.position.step > self.position.steps:
            raise ValueError("it is past its end")
        epoch, step = map(int, data["lanes"])
        if epoch < 0 or not 0 <= step <= self.lanes.steps_an_epoch:
            raise ValueError("its lanes are somewhere else")
        self.lanes.epoch, self.lanes.step = epoch, step
        self.set_rates(0.0)
        for p in self.model.parameters():
            p.grad = torch.zeros_like(p)
        for optimizer in self.optimizers:
            optimizer.state.clear()
            if any(name.startswith("optimizer.") for name in tensors):  # none before a first step
                optimizer.step()  # makes its buffers, and moves nothing at a rate of 0
            optimizer.zero_grad()
        self.state = self.model.zero_state(self.lanes.lanes)
        for name, tensor in self._tensors().items():
            saved = tensors[name]
            if tensor.shape != saved.shape:
                raise ValueError(f"{name} does not have the shape that its settings give it")
            if not saved.isfinite().all():
                raise ValueError(f"{name} has no finite numbers")
            tensor.copy_(saved)
        torch.set_rng_state(tensors["rng"])
        chance = tensors.get(f"rng.{self.device.type}")
        if chance is not None:  # None on a device that the run has not been on before
            torch.get_device_module(self.device).set_rng_state(chance)

    def is_finite(self) -> bool:
        """Whether every number that would be saved is one."""
        return all(bool(tensor.isfinite().all()) for tensor in self._tensors().values())

    def _tensors(self) -> dict[str, Tensor]:
        """Every tensor that training changes, by a name."""
        found: dict[str, Tensor] = {f"model.{name}": p for name, p in self.model.named_parameters()}
        found |= {f"average.{name}": p for name, p in self.average.named_parameters()}
        for number, optimizer in enumerate(self.optimizers):
            params = [p for group in optimizer.param_groups for p in group["params"]]
            for index, p in enumerate(params):
                for key, value in optimizer.state[p].items():
                    found[f"optimizer.{number}.{index}.{key}"] = value
        for number, layer in enumerate(self.state):
            for index, part in enumerate(layer):
                found[f"state.{number}.{index}"] = part
        return found


def read_saved(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """What `Session.save` wrote. CheckpointError if it is not there or not whole."""
    try:
        data = unseal(path)
        with safe_open(path, framework="pt") as file:
            return data, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (a file is no dict)
    except (FileNotFoundError, SafetensorError, ValueError, TypeError, RuntimeError) as error:
        raise unusable(path, error) from None


def check_sizes(
    model: ModelSettings, vocabulary: int, lanes: int, tensors: dict[str, Tensor]
) -> None:
    """ValueError if a training state is of another size than its settings claim.

    To be asked before memory is taken for a session of these settings.
    """
    weights = sum(tensor.numel() for name, tensor in tensors.items() if name.startswith("model."))
    if weights != store.parameters(model, vocabulary):
        raise ValueError("its weights are not those of its settings")
    if tensors["state.0.0"].shape != (lanes, model.width):
        raise ValueError("its lanes are not those of its settings")


def unusable(path: Path, error: Exception) -> CheckpointError:
    """What is said of a training state that cannot be gone on with."""
    reason = f"it says nothing of {error}" if isinstance(error, KeyError) else str(error)
    return CheckpointError(
        f"{path} cannot be gone on with: {reason}", "Train anew, under another name (--run)."
    )
