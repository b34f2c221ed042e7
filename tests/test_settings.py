"""Settings: bounds, words and lengths of time."""

from dataclasses import asdict, fields, replace
from typing import Literal, get_args, get_origin

import pytest
from hypothesis import given, strategies as st

from charrnn import settings
from charrnn.cli.flags import described
from charrnn.errors import UsageError
from charrnn.settings import SettingError, is_automatic, read
from charrnn.values import seconds, split_fractions

KINDS = settings.Settings.__subclasses__()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90), ("90s", 90), ("2m", 120), ("1h30m", 5400), ("1.5h", 5400), ("1D", 86400)],
)
def test_lengths_of_time(text, expected):
    """2m taken for two seconds."""
    assert seconds(text) == expected


@given(st.text(max_size=8))
def test_anything_else_is_refused_or_is_a_time(text):
    """A crash, an infinite run, or one of no length."""
    try:
        assert 0 < seconds(text) < float("inf")
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize(
    "split",
    ["", "1", "90/5/5/5", "0/50/50", "a/b/c", "-1/2/3", "90/5/", "90 5", "90/20/0", "8/1/1"],
)
def test_odd_splits_are_refused(split):
    """A split that leaves no training part, or part of a part."""
    with pytest.raises(ValueError, match=r"split|train"):
        split_fractions(split)


def test_splits_are_fractions():
    assert split_fractions("80/10/10") == (0.8, 0.1, 0.1)
    assert split_fractions("90/10") == (0.9, 0.1, 0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_defaults_are_within_their_own_bounds_and_every_setting_has_help(kind):
    """A default that the command line itself would refuse; a flag without a word."""
    assert asdict(read(kind, asdict(kind()))) == asdict(kind())
    for field in fields(kind):
        text, default = described(field, field.type)
        assert text
        is_shown = is_automatic(field) or field.default not in (None, False, ())
        assert bool(default) == is_shown


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (settings.ModelSettings, {"hidden_size": 0}, "than or equal to 1, not 0"),
        (settings.ModelSettings, {"cell": "lsmt"}, "must be 'lstm'.* not 'lsmt'"),
        (settings.ModelSettings, {"dropout": float("nan")}, "nan"),
        (settings.ModelSettings, {"tie_weights": True}, "--embedding-size 256"),
        (settings.ModelSettings, {"size": 3}, "no such setting"),
        (settings.TrainSettings, {"steps": 3, "time": "2m"}, "one length"),
        (settings.TrainSettings, {"time": "soon"}, "not a length of time"),
        (settings.SampleSettings, {"temp": -1.0}, "-1.0 is not a temperature"),
        (settings.SampleSettings, {"stop": ("",)}, "empty"),
        (settings.TextSettings, {"encoding": "klingon"}, "klingon"),
    ],
)
def test_values_out_of_bounds_are_named(kind, values, message):
    """A bound that is written down and never checked."""
    with pytest.raises(SettingError, match=message):
        read(kind, values)


def test_settings_know_which_of_them_were_given_and_are_equal_to_others_all_the_same():
    """A default that a person asked for and that is chosen over; metadata that has two meanings."""
    made = read(settings.ModelSettings, {"layers": 2, "hidden_size": 8}, recipe=["layers"])
    assert (made.given, made.typed) == ({"layers", "hidden_size"}, {"hidden_size"})
    assert made == settings.ModelSettings(hidden_size=8)
    assert hash(made) == hash(settings.ModelSettings(hidden_size=8))
    assert repr(made) == repr(settings.ModelSettings(hidden_size=8))
    assert asdict(made) == asdict(settings.ModelSettings(hidden_size=8))
    assert made.with_chosen(dropout=0.5).given == made.given
    assert made.with_hidden_size(9).given == made.given
    assert made.with_given(dropout=0.5).given == {*made.given, "dropout"}
    assert replace(made).given == frozenset()


def test_where_a_setting_applies_is_said_of_settings_that_exist():
    """A task that is misspelt, so that no task has a use for a setting."""
    kinds = settings.ModelSettings, settings.TrainSettings, settings.TextSettings
    of = {field.name: field for kind in kinds for field in fields(kind)}
    for field in of.values():
        for other, values in settings.AppliesTo.of(field).items():
            kind, *_ = get_args(of[other].type)
            choices = get_args(kind if get_origin(kind) is Literal else get_args(kind)[0])
            assert {*values} < {*choices}, field.name


@pytest.mark.parametrize(
    ("values", "beside", "message", "hint"),
    [
        ({"crf": True}, {}, "--crf has no effect with --task text", "choose --task tag."),
        ({"task": "caption", "attention": "none", "one_hot": True}, {},
         "--one-hot has no effect with --input picture", "--input text."),
        ({"task": "label", "input": "picture", "tokenizer": "byte"}, {}, "--tokenizer", "text."),
        ({"task": "label", "picture_size": "16x16"}, {}, "--picture-size",
         "--input picture or frames."),
        ({"task": "label", "picture_size": "16x16"}, {"input": None}, "", ""),
        ({"task": "text", "input": "sound"}, {}, "--input",
         "--task label, tag, rewrite or caption."),
        ({"task": "label", "input": "frames", "embedding_size": 9}, {}, "--embedding-size",
         "rewrite."),
        ({"task": "tag", "input": "frames", "tag_unit": "character"}, {}, "--tag-unit",
         "--input text."),
        ({"task": "label", "input": "frames", "sample_rate": 9000}, {}, "--sample-rate", "sound."),
        ({"task": "label", "augment": True}, {}, "--augment", "--input picture, frames or sound."),
        ({"task": "label", "input": "picture", "cell": "gru"}, {}, "--cell", "--bidirectional."),
        ({"task": "label", "input": "picture", "dropout": 0.2}, {}, "--dropout",
         "--bidirectional."),
        ({"task": "caption", "dropout": 0.2}, {}, "--dropout .* --input picture",
         "--bidirectional."),
        ({"task": "caption", "min_count": 2}, {}, "--min-count .* --input picture", ""),
        ({"one_hot": True, "embedding_size": 8}, {}, "--embedding-size .* --one-hot", "--one-hot"),
        ({"task": "rewrite", "one_hot": True, "embedding_size": 8}, {}, "", ""),
        ({"hold_steps": 20, "steps": 20}, {}, "--hold-steps .* --steps 20", "more steps"),
        ({"schedule": "constant", "hold_steps": 2}, {}, "--schedule constant", "linear or cosine"),
        ({"optimizer": "sgd", "adamw_learning_rate": 0.1}, {}, "--optimizer sgd", "muon"),
        ({"vocab_size": 500}, {}, "--vocab-size .* --tokenizer char", "bpe or unigram"),
        ({"vocab_size": 500}, {"tokenizer": None}, "", ""),
        ({"include": "*.c"}, {"folder": False}, "--include", "name a folder"),
        ({"task": "label", "test": "x", "split": "90/10"}, {}, "--split .* --valid or --test", ""),
    ],
)  # fmt: skip
def test_a_setting_without_effect_is_an_error_with_a_next_step(values, beside, message, hint):
    """A flag that is ignored in silence; a hint that names what has no effect either."""
    kinds = settings.ModelSettings, settings.TrainSettings, settings.TextSettings
    names = {kind: {field.name for field in fields(kind)} for kind in kinds}
    made = [read(kind, {n: v for n, v in values.items() if n in names[kind]}) for kind in kinds]
    settings.check_effective(*(each.with_names(each.given, ()) for each in made), **beside)
    if not message:
        settings.check_effective(*made, **beside)
        return
    with pytest.raises(UsageError, match=message) as error:
        settings.check_effective(*made, **beside)
    assert hint in error.value.hint
