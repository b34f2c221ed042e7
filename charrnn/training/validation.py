"""Validation: the averaged weights are evaluated, kept if they are the best, and sampled from."""

import math

from charrnn.errors import DivergedError
from charrnn.evaluation.loss import evaluate
from charrnn.events import Emit, Evaluated, Sampled
from charrnn.inference.network import Network
from charrnn.inference.sampling import sample
from charrnn.inference.score import Score
from charrnn.settings import SampleSettings
from charrnn.text.corpus import Tokens
from charrnn.text.tokenizers import valid_unicode
from charrnn.training.disk import DiskErrors
from charrnn.training.divergence import NotFiniteError
from charrnn.training.run import Best, Run
from charrnn.training.saving import is_finite, save_model

_SAMPLE = SampleSettings(length=400, temp=0.8, seed=1)
_FEWEST_TOKENS, _MOST_TOKENS = 1 << 14, 1 << 18


def validation_tokens(run: Run) -> Tokens:
    """The beginning of the validation part: 1/200 of what the run reads, within bounds."""
    read = run.length.total_steps * run.tokens_per_step
    return run.corpus.part("valid")[: min(max(read // 200, _FEWEST_TOKENS), _MOST_TOKENS)]


def validation_interval(run: Run) -> int:
    """Steps between validations: about a dozen a run, unless that costs over a few percent of it.

    A power of two, so that it stays the same when the end of the run moves a little.
    """
    affordable = 8 * len(validation_tokens(run)) // run.tokens_per_step
    return int(2 ** math.ceil(math.log2(max(1, run.length.total_steps / 16, affordable))))


class Validation:
    """Validates a run, and keeps its best model."""

    def __init__(self, run: Run, emit: Emit, disk: DiskErrors) -> None:
        self._run = run
        self._emit = emit
        self._disk = disk

    @property
    def is_due(self) -> bool:
        """At the end; before it in intervals, but not shortly before the end."""
        run = self._run
        if run.finished:
            return True
        interval = validation_interval(run)
        end_is_near = run.length.total_steps - run.step < interval / 2
        return run.step % interval == 0 and not end_is_near

    def validate(self) -> None:
        """Emit the score and a sample. NotFiniteError if the model is not finite."""
        run = self._run
        if not is_finite(run):
            raise NotFiniteError
        score, text = self._score(), self._sample()
        if score and not math.isfinite(score.loss):
            raise NotFiniteError
        is_best = not score or run.best is None or score.loss < run.best.loss
        if score:
            bits = score.bits_per_character, score.bits_per_byte
            elapsed, epochs = run.clock.seconds, run.batches.epochs
            self._emit(Evaluated(run.step, score.loss, *bits, is_best, elapsed, epochs))
        if is_best and run.ranks.is_first:
            with self._disk.tolerated(not run.finished):
                save_model(run, score.loss if score else None)
                run.best = Best.of(score) if score else None
        run.ranks.wait_for_first()
        run.agree()
        self._emit(Sampled(run.step, valid_unicode(text)))

    def _score(self) -> Score | None:
        """None without a validation part."""
        run, tokens = self._run, validation_tokens(self._run)
        if len(tokens) < 2:
            return None
        tokenizer = run.corpus.tokenizer
        return evaluate(run.ema.model, tokens, tokenizer, bf16=run.bf16, ranks=run.ranks)

    def _sample(self) -> str:
        network = Network(self._run.model.settings, self._run.ema.model.export())
        try:
            return "".join(sample(network, self._run.corpus.tokenizer, _SAMPLE))
        except DivergedError:
            raise NotFiniteError from None
