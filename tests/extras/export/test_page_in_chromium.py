"""The page in a real browser, where one is installed."""

import dataclasses
import json
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from charrnn.extras.export import html_page as pages
from charrnn.extras.export.html_page import html_page, source
from charrnn.models.predictor import Predictor
from charrnn.network.language_model import LanguageModel
from charrnn.settings import ModelSettings, TextSettings
from charrnn.text.tokenizers import Characters, Unigram
from charrnn.text.tokenizers.subword_model import SPACE, write_model
from tests.conftest import tale
from tests.extras.export.task_models import RATE, SOUND, checkpoint_of, checkpoint_on
from tests.network.test_networks import Subject
from tests.random_models import random_checkpoint

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
pytestmark = pytest.mark.skipif(not BROWSER, reason="no Chromium is installed")

HOSTILE = ["<script>", "alert(1)", "</script>", "</textarea>", "<!--", "<b>bold</b>", "&amp;", "\n"]


class Seen(HTMLParser):
    """The elements of a document, and the text in them by their id or name."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.texts: dict[str, str] = {}
        self._open: list[tuple[str, str]] = []
        self.feed(document)

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        if tag not in {"meta", "input", "br"}:
            self._open.append((tag, dict(attrs).get("id") or tag))

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        for _, name in self._open:
            self.texts[name] = self.texts.get(name, "") + data


def shown(folder: Path, page: str, link: str) -> Seen:
    """What is in the page when the text is written. Nothing may be on the console."""
    (folder / "page.html").write_text(page, "utf-8")
    done = subprocess.run(
        [
            BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
            f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=20000", "--dump-dom",
            f"{(folder / 'page.html').as_uri()}#{link}",
        ],
        capture_output=True, timeout=100, check=True,
    )  # fmt: skip
    assert b"CONSOLE" not in done.stderr
    return Seen(done.stdout.decode())


def writer_of(pieces):
    """A model that writes these pieces one after the other, again and again."""
    scores = {SPACE: -1.0} | {piece: -1.0 for piece in pieces if piece != "\n"}
    tokenizer = Unigram(write_model("unigram", scores), documents=False)
    model = ModelSettings(cell="elman", layers=1, hidden_size=tokenizer.size, one_hot=True)
    weights = {
        name: np.zeros(parameter.shape, np.float32)
        for name, parameter in LanguageModel.parameters(model, tokenizer.size).items()
    }
    weights["layers.0.weight_ih"][:] = 5 * np.eye(tokenizer.size)
    for now, after in zip(["\n", *pieces], pieces, strict=False):
        weights["head.weight"][tokenizer.tokens.index(after), tokenizer.tokens.index(now)] = 50
    plain = random_checkpoint(tokenizer)
    return dataclasses.replace(plain, model=model, weights=weights, run="</title><b>run")


def test_what_looks_like_html_is_shown_as_text(tmp_path):
    """A model of web pages that adds a script to its own."""
    checkpoint = writer_of(HOSTILE)
    length = len("".join(HOSTILE))
    link = f"write&seed=1&length={2 * length}"
    page = shown(tmp_path, html_page(checkpoint, "fp32"), link)
    assert page.texts["text"] == 2 * "".join(HOSTILE)
    assert page.texts["status"].startswith(f"{2 * length} characters")
    assert page.names.count("script") == 2  # the weights have been read, and are gone
    assert page.names.count("b") == 0
    assert page.texts["title"] == page.texts["h1"] == checkpoint.run


def test_a_seed_writes_in_the_browser_what_it_writes_elsewhere(engine, tmp_path):
    """Numbers that another engine rounds otherwise; a setting that the page does not pass on."""
    tokenizer = Characters.learn([tale(3000) + "🙂é"], TextSettings(min_count=3))
    checkpoint = random_checkpoint(tokenizer, cell="mingru", scale=0.5, layers=2)
    given = {"prompt": "The dog & <i>", "seed": 4, "length": 400, "temperature": 0.9, "topK": 70}
    engine.load(checkpoint, "fp16")
    expected = engine.write(**given, topP=0.95, minP=0.001, penalty=1.1, lastTemperature=1.2)
    link = (
        "prompt=The+dog+%26+%3Ci%3E&seed=4&length=400&temperature=0.9&last-temperature=1.2"
        "&top-k=70&top-p=0.95&min-p=0.001&penalty=1.1&write"
    )
    page = shown(tmp_path, html_page(checkpoint, "fp16", 1.234), link)
    assert page.texts["text"] == given["prompt"] + "".join(token["text"] for token in expected)
    assert "1.234" in page.texts["about"]


@pytest.mark.parametrize("name", ["label", "tag of characters", "rewrite, dot"])
def test_a_page_of_another_task_predicts_what_predict_does(tmp_path, name):
    """A script that only works where no page is; a name of a target that becomes an element."""
    names = ("<u>x</u>", "</script>", "&amp;")
    checkpoint = dataclasses.replace(checkpoint_of(name, "gru"), target_vocabulary=names)
    (expected,) = Predictor(checkpoint).predict(["ab <i> dc"])
    page = shown(tmp_path, html_page(checkpoint, "fp32"), "text=ab%20%3Ci%3E%20dc")
    assert page.names.count("script") == 2
    assert {"u", "i"}.isdisjoint(page.names)
    if name == "label":
        assert page.texts["status"] == f"Predicted: {expected.line}"
    elif name == "rewrite, dot":
        assert page.texts["result"] == expected.line
    else:
        assert page.texts["status"].startswith("9 characters")


@pytest.mark.parametrize(("name", "event"), [("picture", "paste"), ("sound", "drop")])
def test_a_file_is_read(tmp_path, monkeypatch, name, event):
    """A policy that forbids to read a file; an event that nothing hears."""
    if name == "sound":
        subject, file = SOUND, tmp_path / "clip.wav"
        time = np.arange(RATE // 2) / RATE
        soundfile.write(file, 0.4 * np.sin(3000 * time * time), RATE)
    else:
        subject = Subject(TextSettings(input="picture", picture_size="16x32"), (1, 16, 32))
        file = tmp_path / "picture.png"
        pixels = np.random.default_rng(1).integers(0, 256, (16, 32), np.uint8)
        Image.fromarray(pixels).save(file)
    checkpoint = checkpoint_on(subject, "label", "gru")
    hand = HAND % (event, json.dumps([*file.read_bytes()]))
    monkeypatch.setattr(pages, "source", lambda n: source(n) + hand * n.startswith("read_"))
    page = shown(tmp_path, html_page(checkpoint, "fp32"), "")
    (expected,) = Predictor(checkpoint).predict([str(file)])
    assert page.texts["status"] == f"Predicted: {expected.line}"


HAND = """
{
  const [kind, bytes] = ["%s", %s];
  const files = new DataTransfer(), options = { dataTransfer: files, clipboardData: files };
  files.items.add(new File([Uint8Array.from(bytes)], "file"));
  window.dispatchEvent(new (kind === "drop" ? DragEvent : ClipboardEvent)(kind, options));
  const wait = () => {
    for (let i = 0, x = 0; i < 5e6; i++) x = Math.sqrt(x + i);
    if (!document.body.dataset.done) setTimeout(wait, 20);
  };
  wait();
}
"""
"""What drops or pastes a file, and works until it is read: the clock runs ahead of who rests."""


def test_a_page_of_pictures_opens(tmp_path):
    """A canvas of no size."""
    page = shown(tmp_path, html_page(checkpoint_of("pictures", "gru"), "fp32"), "")
    assert page.texts["status"] == "Draw or drop a picture."
