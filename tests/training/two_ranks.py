"""What each of two ranks runs for `test_ranks`: a small run in the folder that is named."""

import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from charrnn.engine.ranks import Ranks
from charrnn.evaluation.loss import evaluate
from charrnn.events import Noticed, Saved
from charrnn.training.loop import train, training_step
from charrnn.training.saving import save_training
from tests.training.test_ranks import SETTINGS, STEPS, run_in


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


def main() -> None:
    folder = Path(sys.argv[1])
    torch.set_num_threads(1)
    ranks = Ranks.join()
    run = run_in(folder, f"rank-{ranks.rank}", ranks)
    losses = [training_step(run).item() for _ in range(STEPS)]
    score = evaluate(
        run.ema.model, run.plan.corpus.part("valid"), run.plan.corpus.tokenizer, ranks=ranks
    )
    save_training(run)
    weights = b"".join(p.detach().numpy().tobytes() for p in run.model.parameters())
    following = [training_step(run).item() for _ in range(20)]
    stopped = [run.must_stop(False), run.must_stop(ranks.rank == 1)]
    found = {
        "losses": losses,
        "following": following,
        "validation": score.loss,
        "weights": hashlib.sha256(weights).hexdigest(),
        "clock": run.clock.seconds,
        "stopped": stopped,
        "told": ranks.from_first(lambda: f"by rank {ranks.rank}"),
        "said": ranks.first_to_say("the disk is full"),
        "part": [run.part.start, run.part.stop],
    }
    found |= with_a_disk_that_refuses(folder, ranks)
    (folder / f"rank-{ranks.rank}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
