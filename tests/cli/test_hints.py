"""Flags of other programs, answered with their names here."""

import re

import pytest
import typer

from charrnn.cli.command import takes_value
from charrnn.cli.hints import ADVICE, RENAMED, explain, unknown_flags
from charrnn.cli.main import app

GROUP = typer.main.get_command(app)
COMMANDS = {
    name: takes_value(command, typer.Context(command))
    for name, command in GROUP.load_all(typer.Context(GROUP)).items()
}
CHAR_RNN = {
    "train": "-data_dir -rnn_size -num_layers -model -learning_rate -learning_rate_decay "
    "-learning_rate_decay_after -decay_rate -dropout -seq_length -batch_size -max_epochs "
    "-grad_clip -train_frac -val_frac -init_from -seed -print_every -eval_val_every "
    "-checkpoint_dir -savefile -gpuid -opencl",
    "sample": "-seed -sample -primetext -length -temperature -gpuid -verbose",
}
TORCH_RNN = {
    "train": "-input_h5 -input_json -batch_size -seq_length -init_from -model_type -wordvec_size "
    "-rnn_size -num_layers -dropout -batchnorm -max_epochs -learning_rate -grad_clip "
    "-lr_decay_every -lr_decay_factor -print_every -checkpoint_every -checkpoint_name -gpu",
    "sample": "-checkpoint -length -start_text -sample -temperature -verbose -gpu",
}
NANOGPT = {
    "train": "--block_size --n_layer --n_head --n_embd --dropout --bias --max_iters "
    "--learning_rate --lr --min_lr --warmup_iters --lr_decay_iters --decay_lr --weight_decay "
    "--beta1 --beta2 --grad_clip --eval_interval --eval_iters --compile --dtype --out_dir "
    "--init_from --batch_size --gradient_accumulation_steps --dataset --device --wandb_log",
    "sample": "--num_samples --max_new_tokens --start --top_k --temperature --seed --init_from",
}
FORMER = {
    "train": "--lanes --window --width --embedding --rate --adam-rate --decay --clip --average "
    "--warmup --reset --tie --tokens",
    "eval": "--windows",
    "compare": "--cells --parameters --plot",
    "plot": "--out",
    "inspect": "--text --unit --gate --html --gradients --cell --gain",
}
COMMON = {
    "train": "--lr --hidden --hidden_size --n_layers --num-epochs --nepochs --bptt --bs --cuda "
    "--no-cuda --gpu --resume-from --verbose --emsize --nhid --nlayers"
}


def answer(command, *args):
    """The lines of the error for these arguments."""
    flags = {command: COMMANDS[command], **COMMANDS}
    wrong = list(unknown_flags(args, COMMANDS[command]))
    error = explain(wrong, args, command, flags)
    return [error.message, *error.hint.splitlines()]


@pytest.mark.parametrize(
    ("command", "word"),
    [
        (command, word)
        for program in (CHAR_RNN, TORCH_RNN, NANOGPT, FORMER, COMMON)
        for command, words in program.items()
        for word in words.split()
        if word not in COMMANDS[command]
    ],
)
def test_every_name_is_answered_with_a_flag_that_exists(command, word):
    """Somebody who knows another program, and is told only that there is no such flag."""
    message, *_ = answer(command, word, "1")
    assert message.startswith(word)
    assert "is not a flag" not in message
    told = message.removeprefix(word)
    for name in re.findall(r"--[a-z0-9-]+", told):
        other = re.search(r"charrnn (\w+)", told)
        assert name in COMMANDS[other.group(1) if other else command], message


def test_the_tables_hold_up():
    """A flag renamed here and not in the table; a name with two answers."""
    everywhere = set().union(*COMMANDS.values())
    assert set(RENAMED.values()) <= everywhere
    assert not RENAMED.keys() & ADVICE.keys()
    for advice in ADVICE.values():
        for text in [advice] if isinstance(advice, str) else advice.values():
            assert set(re.findall(r"--[a-z0-9-]+", text)) <= everywhere


def test_all_wrong_flags_are_answered_at_once(charrnn):
    """Six errors, one after the other, for one command."""
    corrected = "--hidden-size 128 --layers 2 --seq-length 50 --batch-size 50"
    corrected += " --learning-rate 2e-3 --epochs 3"
    result = charrnn(
        "train", "input.txt", "--rnn_size", "128", "--num_layers", "2", "--seq_length", "50",
        "--batch_size", "50", "--learning_rate", "2e-3", "--max_epochs", "3",
    )  # fmt: skip
    assert result.code == 2
    assert result.err.splitlines() == [
        "charrnn: error: charrnn train does not have 6 of the given flags",
        "  --rnn_size       is --hidden-size here",
        "  --num_layers     is --layers here",
        "  --seq_length     is --seq-length here",
        "  --batch_size     is --batch-size here",
        "  --learning_rate  is --learning-rate here",
        "  --max_epochs     is --epochs here",
        f"Try: charrnn train input.txt {corrected}",
    ]


@pytest.mark.parametrize(
    ("command", "args", "said"),
    [
        (
            "train",
            ["my text.txt", "--lr=3e-4"],
            "Try: charrnn train 'my text.txt' --learning-rate=3e-4",
        ),
        ("train", ["a", "--n_head", "4"], "a recurrent network has no attention heads"),
        ("train", ["a", "--temp", "1"], "--temp is a flag of charrnn sample"),
        ("train", ["a", "--widht", "1"], "did you mean --hidden-size?"),
        ("train", ["a", "--stpes", "1"], "did you mean --steps?"),
        ("train", ["a", "--xyzzy"], "--xyzzy is not a flag of charrnn train"),
        ("inspect", ["--text", "a"], "charrnn probe RUN TEXT"),
        ("compare", ["--cells", "gru", "a"], "--cells is a flag of charrnn sweep"),
    ],
)
def test_answers(command, args, said):
    """An answer that leads nowhere."""
    assert said in "\n".join(answer(command, *args))


@pytest.mark.parametrize(
    ("args", "wrong"),
    [
        (["run", "-n5", "-q", "--temp=1", "-t", "1"], []),
        (["--prompt", "--lanes", "--stop", "-x"], []),  # values
        (["--", "--lanes"], []),
        (["-", "-1"], []),
        (["-temperature", "1", "-length", "5", "-primetext", "a"],
         ["-temperature", "-length", "-primetext"]),
        (["-z", "--lanes=3"], ["-z", "--lanes"]),
    ],
)  # fmt: skip
def test_values_and_short_flags_are_not_wrong_flags(args, wrong):
    """A prompt that begins with a dash; -temperature, read as -t with the value emperature."""
    assert list(unknown_flags(args, COMMANDS["sample"])) == wrong
