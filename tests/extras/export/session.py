"""Graphs in onnxruntime."""

from typing import Any

import numpy as np
import onnxruntime


class Session:
    """A graph of named arrays, which may keep its state from call to call."""

    def __init__(self, data: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = 1, 3
        self.session = onnxruntime.InferenceSession(data, options)
        self.inputs = {value.name: value.shape for value in self.session.get_inputs()}
        self.outputs = [value.name for value in self.session.get_outputs()]
        self.state: dict[str, Any] = {}

    def reset(self, batch: int) -> None:
        """Zeros for each of a batch."""
        states = [name for name in self.inputs if name.startswith("state.")]
        self.state = {n: np.zeros((batch, self.inputs[n][1]), np.float32) for n in states}

    def __call__(self, **arrays: Any) -> dict[str, Any]:
        """The outputs, for inputs of which those that it does not have are left out."""
        given = arrays | self.state
        run = self.session.run(None, {name: given[name] for name in self.inputs})
        found = dict(zip(self.outputs, run, strict=True))
        self.state |= {n.replace("next.", "state."): found[n] for n in found if n[:5] == "next."}
        return found
