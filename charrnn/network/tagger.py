"""The network for tags: embedding -> recurrent layers -> logits of each token's tag.

With a linear-chain conditional random field (Lafferty, McCallum and Pereira 2001) sequences of tags
are scored as a whole: each pair of neighbours adds its transition.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from charrnn.network.recurrent import RecurrentNetwork
from charrnn.network.text_encoder import encode, ends, inside


class Tagger(RecurrentNetwork):
    """Texts in, logits of the tags of their tokens out."""

    def forward(
        self,
        ids: Tensor,
        lengths: Tensor,
        first: Tensor,
        last: Tensor,
        masks: Sequence[Tensor] = (),
    ) -> Tensor:
        """ids (T, B), lengths (B,), the first and last place (S, B) of each token -> (S, B, K)."""
        outputs = encode(self, ids, lengths, masks)
        outputs = ends(outputs, first, last, self.settings.hidden_size)
        return F.linear(outputs, self.get_parameter("head.weight"), self.get_parameter("head.bias"))

    def losses(self, logits: Tensor, tags: Tensor, counts: Tensor) -> Tensor:
        """The loss (B,) in nats of tags (S, B), of which each text has so many (B,)."""
        if self.settings.crf:
            return self._log_partition(logits, counts) - self._score(logits, tags, counts)
        found = F.cross_entropy(logits.flatten(0, 1).float(), tags.flatten(), reduction="none")
        return (found.view_as(tags) * inside(counts, len(tags))).sum(0)

    def _score(self, logits: Tensor, tags: Tensor, counts: Tensor) -> Tensor:
        """The score (B,) of tags (S, B): their logits and transitions."""
        there = inside(counts, len(tags))
        logit = logits.float().gather(2, tags[..., None])[..., 0]
        crf = self.get_submodule("crf")
        pairs = crf.get_parameter("transitions")[tags[:-1], tags[1:]]
        last = tags.gather(0, counts[None] - 1)[0]
        borders = crf.get_parameter("first")[tags[0]] + crf.get_parameter("last")[last]
        return (logit * there).sum(0) + (pairs * there[1:]).sum(0) + borders

    def _log_partition(self, logits: Tensor, counts: Tensor) -> Tensor:
        """The logarithm (B,) of the sum over all sequences of tags: the forward algorithm."""
        crf = self.get_submodule("crf")
        transitions = crf.get_parameter("transitions")
        there = inside(counts, len(logits))
        logits = logits.float()
        total = crf.get_parameter("first") + logits[0]  # (B, K): of all that end with this tag
        for step in range(1, len(logits)):
            after = torch.logsumexp(total[:, :, None] + transitions, 1) + logits[step]
            total = torch.where(there[step][:, None], after, total)
        return torch.logsumexp(total + crf.get_parameter("last"), 1)
