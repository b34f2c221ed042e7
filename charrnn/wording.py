"""What events are called in English, on a terminal and in a log."""

from charrnn.events import Finished, Prepared, Started, Stepped


def clock(seconds: float) -> str:
    """75.0 -> '1:15'."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def time_left(event: Stepped, planned: int | None) -> float | None:
    """Seconds to the end, at the pace so far."""
    return (planned - event.step) * event.elapsed / event.step if planned else None


def title(event: Started) -> str:
    """What is trained, on what, how and where, in two lines."""
    return (
        f"Training {event.run} on {event.corpus}: {event.tokens:,} tokens of {event.vocabulary} "
        f"kinds, {event.lanes} lanes x {event.window} steps\n"
        f"{event.model}, {event.parameters:,} parameters, on {event.device} in {event.precision}"
    )


def ending(event: Finished) -> str:
    """How it went, and what to do next."""
    score = ""
    if event.bits_per_character is not None:
        score = f", best {event.bits_per_character:.3f} bits per character on validation"
    if event.interrupted:
        how = f"Stopped and saved at step {event.step:,}{score}."
        return f"{how} Go on with:\n  charrnn train --resume --run {event.run}"
    steps = "1 step" if event.step == 1 else f"{event.step:,} steps"
    how = f"Trained {steps} in {clock(event.seconds)}{score}."
    return f"{how} Now let it write:\n  charrnn sample {event.run} --temp 0.8"


def prepared(event: Prepared) -> str:
    """Where a corpus is and what is in it."""
    verb = "Found" if event.reused else "Prepared"
    return f"{verb} {event.path}: {event.tokens:,} tokens of {event.vocabulary} kinds"
