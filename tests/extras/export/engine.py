"""The scripts of the page in V8, without a browser, and models to run in them."""

import json
from typing import Any

from py_mini_racer import MiniRacer

from charrnn.extras.export.html_page import ENGINE, page_data, source
from charrnn.storage.checkpoint import Checkpoint


class Engine:
    """One context of V8 in which the engine is loaded."""

    def __init__(self) -> None:
        self._v8 = MiniRacer()
        self._v8.eval("".join(map(source, ENGINE)))

    def close(self) -> None:
        self._v8.close()

    def run(self, code: str, **values: Any) -> Any:
        """What a function body returns, through JSON; `values` are its variables."""
        named = "".join(f"const {name} = {json.dumps(value)};" for name, value in values.items())
        return json.loads(self._v8.eval(f"JSON.stringify((() => {{{named}{code}}})())"))

    def load(self, checkpoint: Checkpoint, dtype: Any = "fp32") -> None:
        """Make the globals `program` and `tokenizer` of a model, or `predictor`."""
        model, packed = page_data(checkpoint, dtype)
        made = (
            "program = new Program(model.graphs[''], weights['']);"
            "globalThis.tokenizer = new Tokenizer(model.tokenizer)"
            if checkpoint.is_language_model
            else "predictor = new Predictor(model, weights)"
        )
        self.run(
            f"""const weights = readWeights(model.weights, Uint8Array.from(packed));
            globalThis.{made}; return 0;""",
            model=model, packed=[*packed],
        )  # fmt: skip

    def write(self, prompt: str = "", seed: int = 1, length: int = 50, **settings: Any) -> Any:
        """The tokens of a text that is written with the loaded model."""
        plain = {"temperature": 1, "topK": 0, "topP": 1, "minP": 0, "penalty": 1}
        given = {**plain, "prompt": prompt, "seed": seed, "length": length, **settings}
        given.setdefault("lastTemperature", given["temperature"])
        return self.run(
            """const writer = new Writer(program, tokenizer, settings), found = [];
            while (!writer.read(100));
            while (!writer.ended) found.push(writer.next());
            return found;""",
            settings=given,
        )
