"""What each of two ranks runs for `test_ranks`: a small run in the folder that is named."""

import atexit
import hashlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from charrnn.engine.ranks import Ranks
from charrnn.events import Noticed, Saved
from charrnn.training.loop import training_step
from charrnn.training.record import train
from charrnn.training.saving import save_training
from tests.training.test_ranks import SETTINGS, STEPS, run_in, scores


def with_a_disk_that_refuses(folder: Path, ranks: Ranks) -> dict[str, Any]:
    """What a run reports that cannot write its model for its first 15 steps."""
    settings = replace(SETTINGS, steps=30, save_every=5, accumulate=1)
    run, events = run_in(folder, "refused", ranks, settings), []
    ranks.wait_for_all()
    model = run.plan.folder / "model.safetensors"
    if ranks.is_first:
        model.mkdir()  # which no file can replace

    def allowed() -> bool:
        if run.step == 15 and ranks.is_first:
            model.rmdir()
        return False

    train(run, events.append, allowed)
    return {
        "finished": run.step,
        "noticed": [event.message for event in events if isinstance(event, Noticed)],
        "saved": [event.step for event in events if isinstance(event, Saved)],
    }


def note_the_end(folder: Path) -> None:
    """Whether the ranks could still exchange tensors when Python ended."""
    (folder / f"end-{os.environ['RANK']}").write_text(str(distributed.is_initialized()))


def main() -> None:
    folder = Path(sys.argv[1])
    torch.set_num_threads(1)
    atexit.register(lambda: note_the_end(folder))  # what is registered last runs first
    ranks = Ranks.join()
    run = run_in(folder, f"rank-{ranks.rank}", ranks)
    losses = [training_step(run).item() for _ in range(STEPS)]
    scored = scores(run)
    save_training(run)
    weights = b"".join(p.detach().numpy().tobytes() for p in run.model.parameters())
    following = [training_step(run).item() for _ in range(20)]
    stopped = [run.must_stop(False), run.must_stop(ranks.rank == 1)]
    report = {
        "losses": losses,
        "following": following,
        "scores": scored,
        "weights": hashlib.sha256(weights).hexdigest(),
        "clock": run.clock.seconds,
        "stopped": stopped,
        "told": ranks.broadcast(lambda: f"by rank {ranks.rank}"),
        "said": ranks.first_to_say("the disk is full"),
        "part": [run.part.start, run.part.stop],
    }
    report |= with_a_disk_that_refuses(folder, ranks)
    (folder / f"rank-{ranks.rank}.json").write_text(json.dumps(report))
    ranks.wait_for_all()
    ranks.wait_for_all(leaving=True)


if __name__ == "__main__":
    main()
