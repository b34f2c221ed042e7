"""The state that a step starts from."""

from types import SimpleNamespace

import torch

from charrnn.settings import TrainSettings
from charrnn.training.loop import starting_state


def test_some_states_are_reset_and_all_where_an_epoch_begins():
    """A reset of every sequence, of some units only, or of one layer; a state of another place."""
    ones = torch.ones(1000, 3)
    run = SimpleNamespace(
        state=((ones, ones), (ones,)), part=slice(None),
        plan=SimpleNamespace(train=TrainSettings(state_reset=0.25), device=torch.device("cpu")),
        batches=SimpleNamespace(batch_size=1000, step=2),
    )  # fmt: skip
    torch.manual_seed(0)
    state = starting_state(run)
    kept = state[0][0][:, 0]
    assert 650 < kept.sum() < 850
    assert all(torch.equal(p, kept[:, None].expand(-1, 3)) for layer in state for p in layer)
    run.batches.step = 1
    assert not any(array.any() for layer in starting_state(run) for array in layer)
