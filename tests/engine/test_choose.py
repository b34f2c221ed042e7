"""Settings that choose themselves."""

import pytest

from charrnn.engine.choose import choose, dropout
from charrnn.settings import ModelSettings, TrainSettings


def chosen(tokens, given=None, **train):
    model, settings, why = choose(
        ModelSettings(**{k: v for k, v in (given or {}).items() if k in ("width", "dropout")}),
        TrainSettings(**train),
        {**train, **(given or {})},
        tokens,
        65,
    )
    return model, settings, why


@pytest.mark.parametrize(
    ("tokens", "epochs", "widths", "lanes"),
    [
        (200, 50, {32}, 2),
        (30_000, 50, {96, 128}, 16),
        (10**6, 8, {256, 384}, 128),
        (5 * 10**8, 0.1, {768, 1024}, 128),
    ],
)
def test_a_text_gets_a_network_of_its_size(tokens, epochs, widths, lanes):
    """One size for all: a big network that learns a small text by heart, or the reverse."""
    model, settings, why = chosen(tokens, epochs=epochs)
    assert model.width in widths
    assert settings.lanes == lanes
    assert f"{model.layers}x{model.width}" in why


def test_what_is_given_is_kept_and_the_rest_follows():
    """A flag that is overruled, or that stops everything else from being chosen."""
    model, settings, _ = chosen(10**6, {"width": 100}, epochs=40.0)
    assert model.width == 100
    assert model.dropout == dropout(40) > 0.3
    given = {"window": 20, "adam_rate": 0.01, "epochs": 40.0, "lanes": 7}
    model, settings, why = chosen(10**6, {"width": 100, "dropout": 0.2}, **given)
    assert (model.width, model.dropout, settings.lanes, why) == (100, 0.2, 7, "")


def test_more_time_gives_a_larger_network_and_a_small_text_an_early_end():
    """Time that is not made use of; a text of a few lines that trains for five minutes."""
    short, _, _ = chosen(10**7, time="10s")
    long, _, _ = chosen(10**7, time="10h")
    assert short.width < long.width
    assert chosen(1000)[1].epochs == 60
    assert chosen(1000, time="1m")[1].epochs is None
    assert chosen(10**9)[1].epochs is None


def test_a_tied_network_keeps_its_width():
    """A width that is tried without the embedding that has to be as wide."""
    model = ModelSettings(tie=True, width=48, embedding=48)
    given = {"tie": True, "width": 48, "embedding": 48}
    assert choose(model, TrainSettings(epochs=3), given, 10**6, 65)[0].width == 48
    model, _, _ = choose(ModelSettings(tie=True, embedding=256), TrainSettings(epochs=3),
                         {"tie": True, "embedding": 256}, 10**6, 65)  # fmt: skip
    assert (model.width, model.embedding) == (256, 256)


def test_few_steps_are_bolder_and_shorter():
    """Few steps that are as careful as many; a number of steps that is asked for and changed."""
    few, many = chosen(10**6, epochs=2.0)[1], chosen(10**6, epochs=50.0)[1]
    assert (few.window, many.window) == (24, 32)
    assert few.adam_rate == 0.015
    assert many.adam_rate == 0.004
    assert chosen(10**6, steps=100)[1].window == 32
    assert chosen(10**6, epochs=2.0, adam_rate=0.001)[1].adam_rate == 0.001


def test_given_lanes_that_do_not_fit_are_reckoned_with_as_they_will_be():
    """Dropout for a text that is read 79 times, where it is read three times."""
    model, settings, why = chosen(11, steps=3, lanes=9)
    assert model.dropout == 0
    assert settings.lanes == 9
    assert "1 lanes x 10" in why


def test_dropout_follows_how_often_a_text_is_read():
    """Dropout of a text that is never read twice, or more than half."""
    assert [dropout(e) for e in (0, 0.5, 4, 8, 32, 1e6)] == [0, 0, 0, 0.1, 0.3, 0.5]
