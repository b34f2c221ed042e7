"""The scripts of the page in V8, without a browser, and models to run in them."""

import json
from collections.abc import Sequence
from typing import Any

from py_mini_racer import MiniRacer

from charrnn.extras.export.html_page import (
    ENGINE,
    language_graph,
    page_graphs,
    page_tokenizer,
    page_weights,
    rounded_graphs,
    source,
)
from charrnn.extras.export.task_page import example_task, task_model
from charrnn.extras.export.traced import task_graphs
from charrnn.storage.checkpoint import Checkpoint


class Engine:
    """One context of V8 in which the engine is loaded."""

    def __init__(self, scripts: Sequence[str] = ENGINE) -> None:
        self._v8 = MiniRacer()
        self._v8.eval("".join(map(source, scripts)))

    def close(self) -> None:
        self._v8.close()

    def run(self, code: str, **values: Any) -> Any:
        """What a function body returns, through JSON; `values` are its variables."""
        named = "".join(f"const {name} = {json.dumps(value)};" for name, value in values.items())
        return json.loads(self._v8.eval(f"JSON.stringify((() => {{{named}{code}}})())"))

    def load(self, checkpoint: Checkpoint, dtype: Any = "fp32") -> None:
        """Make the globals `network` and `tokenizer` of a model."""
        graphs = language_graph(checkpoint, dtype)
        weights, packed = page_weights(graphs, dtype)
        self.run(
            """const { step } = readWeights(weights, Uint8Array.from(packed));
            globalThis.network = new Network(graphs.step, step);
            globalThis.tokenizer = new Tokenizer(data); return 0;""",
            graphs=page_graphs(graphs),
            data=page_tokenizer(checkpoint.tokenizer),
            weights=weights,
            packed=[*packed],
        )

    def load_task(self, checkpoint: Checkpoint, dtype: Any = "fp32") -> None:
        """Make the global `predictor` of a model on examples."""
        task = example_task(checkpoint)
        graphs = rounded_graphs(task_graphs(task, checkpoint.weights, batch=1), dtype)
        weights, packed = page_weights(graphs, dtype)
        self.run(
            """const arrays = readWeights(weights, Uint8Array.from(packed));
            globalThis.predictor = new Predictor(model, arrays); return 0;""",
            model={**task_model(task, checkpoint.tokenizer), "graphs": page_graphs(graphs)},
            weights=weights, packed=[*packed],
        )  # fmt: skip

    def write(self, prompt: str = "", seed: int = 1, length: int = 50, **settings: Any) -> Any:
        """The tokens of a text that is written with the loaded model."""
        plain = {"temperature": 1, "topK": 0, "topP": 1, "minP": 0, "penalty": 1}
        given = {**plain, "prompt": prompt, "seed": seed, "length": length, **settings}
        given.setdefault("lastTemperature", given["temperature"])
        return self.run(
            """const writer = new Writer(network, tokenizer, settings), found = [];
            while (!writer.read(100));
            while (!writer.ended) found.push(writer.next());
            return found;""",
            settings=given,
        )
