"""Events in English sentences, as the dashboard and the log show them."""

import math
import shlex
from collections.abc import Mapping
from typing import Any

from charrnn.display.stdout import on_one_line
from charrnn.errors import plural
from charrnn.events import (
    Evaluated,
    Event,
    Finished,
    Noticed,
    Prepared,
    Scores,
    Started,
    Stepped,
    Unit,
)

PREDICTED: dict[Unit, str] = {
    "label": "the label of",
    "tag": "the tags of",
    "symbol": "a text for",
}
"""Of each unit of examples what is predicted; other units are those of a text."""

_LONG = 1e9  # from here on a number is written with an exponent


def clock(seconds: float) -> str:
    """75.0 -> '1:15'."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def grouped(value: float, digits: int = 2) -> str:
    """4821.5 -> '4,821.50'; 2.1e12 -> '2.1e+12'."""
    return f"{value:,.{digits}f}" if value < _LONG else f"{value:.{digits + 1}g}"


def decimal(value: float) -> str:
    """4.21 -> '4.21', 60.0 -> '60'."""
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def sentence(
    event: Event,
    unit: Unit = "character",
    total_steps: int | None = None,
    counted: str = "token",
) -> str:
    """The event as a sentence; '' if it is not shown.

    For a run that reports bits per this unit, and whose speed is that at which these are read.
    """
    match event:
        case Prepared():
            text = _prepared(event)
        case Started():
            text = _started(event)
        case Stepped():
            text = _stepped(event, unit, total_steps, counted)
        case Evaluated():
            best = "  best so far" if event.best else ""
            how = where({"protocol": event.protocol})
            text = f"step {event.step:,}  validation {scored(event.scores, unit)}{how}{best}"
        case Noticed():
            text = event.message
        case Finished():
            text = _finished(event, unit, counted)
        case _:
            text = ""
    return text


def run_on_corpus(run: str, corpus: str) -> str:
    """'first on tale', or 'tale' for a run that is named after its corpus."""
    return on_one_line(run if run == corpus else f"{run} on {corpus}")


def figure(scores: Scores, unit: Unit, about: Mapping[str, Any]) -> str:
    """'2.051 bits per character on valid (stream), best at step 704 of 748; guessing 6.02'.

    `about` is what JSON has beside the scores: `part` or `source`, `protocol`, the `step` of the
    model, the `steps` that its run has taken, and `baselines`. What it lacks is not said.
    """
    step, steps = about.get("step"), about.get("steps")
    at = "" if step is None else f", step {step:,}"
    if step is not None and steps:
        at = f", best at step {step:,} of {steps:,}"
    return f"{scored(scores, unit)}{where(about)}{at}{beside(about.get('baselines', {}), unit)}"


def scored(scores: Scores, unit: Unit) -> str:
    """'2.031 bits per character', or 'accuracy 91.24%, 0.412 bits per label'.

    Bits are left out where they are not a number: of targets that a model lacks.
    """
    bits = f"bits_per_{unit}"
    known = [] if math.isnan(scores[bits]) else [score_words(bits, scores[bits])]
    return ", ".join([*other_scores(scores), *known])


def where(about: Mapping[str, Any]) -> str:
    """' on valid (stream)': what was scored, and how."""
    subject, protocol = about.get("part") or about.get("source"), about.get("protocol")
    return (f" on {subject}" if subject else "") + (f" ({protocol})" if protocol else "")


def beside(baselines: Mapping[str, Scores], unit: Unit) -> str:
    """'; guessing 6.02, letter frequencies 4.78, xz 2.52': the same bits without a network.

    Of numbers it says what is guessed: a bin, which says little of how far off a forecast is.
    """
    names = {"guessing": "guessing one of all bins"} if unit == "number" else {}
    shown = [
        f"{names.get(name, score_name(name))} {bits[f'bits_per_{unit}']:.2f}"
        for name, bits in baselines.items()
        if name not in ("bz2", "zlib")  # between the frequencies and xz
    ]
    return f"; {', '.join(shown)}" if shown else ""


def bits_of(event: Stepped | Evaluated, unit: Unit) -> float:
    """The bits per unit that an event reports."""
    return event.scores[f"bits_per_{unit}"]


def other_scores(scores: Scores) -> list[str]:
    """The scores beside bits: 'accuracy 91.24%'."""
    return [
        score_words(name, value)
        for name, value in scores.items()
        if not name.startswith("bits_per_")
    ]


def score_words(name: str, value: float) -> str:
    """'accuracy 91.24%', 'macro F1 0.871' or '0.412 bits per label'."""
    shown = score_value(name, value)
    bits = name.startswith("bits_per_")
    return f"{shown} {score_name(name)}" if bits else f"{score_name(name)} {shown}"


def score_value(name: str, value: float) -> str:
    """A rate in percent; bits and F1 as they are."""
    is_rate = not name.startswith("bits_per_") and not name.endswith("f1")
    return f"{value:.2%}" if is_rate else f"{value:.3f}"


def score_name(name: str) -> str:
    """macro_f1 -> 'macro F1', of a score or of a baseline."""
    return name.replace("_", " ").replace("f1", "F1").replace("ppmd", "PPMd")


def speed(event: Stepped, unit: Unit, counted: str) -> str:
    """'152,000 characters/s', or bytes/s, or what is counted instead of tokens."""
    if unit in ("byte", "number"):
        return f"{event.tokens_per_second:,.0f} {unit}s/s"
    noun = "character" if counted == "token" else counted
    return f"{event.characters_per_second:,.0f} {noun}s/s"


def time_left(event: Stepped, total_steps: int | None) -> float | None:
    """Seconds to the last step at the average speed so far; None before that step is known."""
    if not total_steps:
        return None
    return max(0, total_steps - event.step) * event.seconds / max(1, event.step)


def _stepped(event: Stepped, unit: Unit, total_steps: int | None, counted: str) -> str:
    left = time_left(event, total_steps)
    parts = [
        f"step {event.step:,}" + (f"/{total_steps:,}" if total_steps else ""),
        f"epoch {decimal(event.epoch)}",
        f"training {scored(event.scores, unit)}",
        f"learning rate {event.learning_rate:.2g}",
        speed(event, unit, counted),
        *([f"{clock(left)} left"] if left is not None else []),
    ]
    return "  ".join(parts)


def _started(event: Started) -> str:
    """Two lines: the run and its text; the network, optimizer and device."""
    member = "byte" if event.unit == "byte" else "character"
    member = {"bpe": "subword", "unigram": "subword", "number": "bin"}.get(event.tokenizer, member)
    named = run_on_corpus(event.run, event.corpus)
    title = f"Training {named}"
    if event.step:
        title = f"Resuming {named} after {plural(event.step, 'step')}"
    where = f", in {event.processes} processes" if event.processes > 1 else ""
    read = plural(event.tokens, event.counted)
    if event.counted == "token":
        read += f", vocabulary of {plural(event.vocabulary_size, member)}"
    return (
        f"{title}: {read}, "
        f"batch of {plural(event.batch_size, 'sequence')} x {plural(event.seq_length, 'step')}\n"
        f"{event.network}, {plural(event.parameters, 'parameter')}, "
        f"{event.optimizer} with a {event.schedule} schedule, "
        f"on {event.device} in {event.precision}{where}"
    )


def _finished(event: Finished, unit: Unit, counted: str) -> str:
    """How training ended, and the next commands."""
    run = shlex.quote(on_one_line(event.run))
    scores = {name: score for name, score in event.scores.items() if score is not None}
    length = f"{plural(event.steps, 'step')} in {clock(event.seconds)}"
    kept = f"\n{figure(scores, unit, event.record())}" if scores else ""
    use = (f"charrnn sample {run} --temp 0.8", "to generate text")
    if unit in PREDICTED:
        each = "each line" if counted == "token" else "a file, or each file of a list"
        use = (f"charrnn predict {run} FILE", f"to predict {PREDICTED[unit]} {each}")
    if unit == "number":
        use = (f"charrnn forecast {run}", "to continue the series")
    file = "" if scores else " FILE"  # nothing may have been kept for it
    trained = [use, (f"charrnn eval {run}{file}", "to score it")]
    if event.interrupted:
        text = f"Stopped {run} after {length}, with everything saved.{kept}"
        resume = (f"charrnn train --resume --run {run}", "to resume")
        commands = [resume, trained[0]] if scores else [resume]
    else:
        text, commands = f"Trained {run} for {length}.{kept}", trained
    wide = max(len(command) for command, _ in commands)
    return "\n".join([text, *(f"  {command:<{wide}}  {why}" for command, why in commands)])


def _prepared(event: Prepared) -> str:
    """The path and the size of a corpus."""
    verb = "Found" if event.reused else "Prepared"
    size = plural(event.tokens, event.counted)
    if event.counted == "token":
        size += f", vocabulary of {event.vocabulary_size:,}"
    return f"{verb} {on_one_line(event.path)}: {size}"
