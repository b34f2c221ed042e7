"""The benchmark runs. Its figures are for people, on a machine that does nothing else."""

import json
import struct
import subprocess
import sys
from itertools import accumulate
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from benchmarks import languages, molecules, ours, plain, pronunciation
from benchmarks.__main__ import main, tables
from benchmarks.measure import Options
from benchmarks.packages import wheel
from benchmarks.trials import Peer, Trained, medians

ROOT = Path(__file__).parent.parent
SMALL = ("--hidden-size", "16", "--batch-size", "4", "--seq-length", "8", "--seconds", "0.01")


@pytest.mark.parametrize(
    ("side", "work"),
    [(ours, "train"), (ours, "sample"), (ours, "sample --count 3"), (plain, "train")],
)
def test_both_sides_of_a_comparison_run(side, work, home, monkeypatch, capsys):
    """A benchmark that has not followed a change of the code it measures."""
    monkeypatch.setenv("CHARRNN_HOME", str(home))
    monkeypatch.setattr(sys, "argv", ["benchmark", *work.split(), *SMALL])
    side.main()
    assert json.loads(capsys.readouterr().out)["rate"] > 0


def test_a_part_gives_a_table_and_json(tmp_path):
    """Figures that are printed and not kept, or kept without what they are compared with."""
    out = tmp_path / "out.json"
    given = ("prepare", "--runs", "1", "--megabytes", "1", "--json", str(out))
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *given], cwd=ROOT, capture_output=True, text=True,
        check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = json.loads(out.read_text("utf-8"))["rows"]
    assert {row["unit"] for row in rows} == {"MB/s", "MiB"}
    assert rows[0]["ratio"] > 0
    assert "read and decode" in done.stdout


def test_molecules_are_counted_as_moses_counts_them():
    """Invalid texts that count as unique; a molecule that is new twice; one that is known."""
    known = {"C", "CC"}
    counted = molecules.scores(["C", None, "O", "O", "N", ""], known)
    assert counted["valid"] == 4 / 6
    assert counted["unique of 1,000"] == counted["unique of 10,000"] == 3 / 4
    assert counted["novel"] == 2 / 3
    many = molecules.scores([*"CO" * 500, *map(str, range(3000))], known)
    assert (many["unique of 1,000"], many["unique of 10,000"]) == (2 / 1000, 3002 / 4000)


@pytest.mark.parametrize("block", [1, 4, 100])
def test_diversity_is_one_minus_the_mean_similarity_of_all_pairs(block):
    """Blocks that are counted twice or not at all; the bits of one molecule as the union."""
    bits = np.random.default_rng(0).integers(0, 2, (9, 40), np.uint8)
    sets = [{*np.flatnonzero(row)} for row in bits]
    mean = np.mean([len(a & b) / len(a | b) for a in sets for b in sets])
    assert molecules.internal_diversity(bits, block) == pytest.approx(1 - mean)


def test_both_dictionaries_have_the_same_phones():
    """g2p_en that is wrong since its phones have other names."""
    festival = pronunciation.read_festival(
        'MNCL\n("abstract" n (((ae b) 1) ((s t r ae k t) 0)))\n'
        '("abstract" v (((ax b) 0) ((s t r ae k t) 1)))\n("b-52" nil (((b iy) 1)))\n'
    )
    cmu = pronunciation.read_cmu(
        "abstract AH0 B S T R AE1 K T # verb\nabstract(2) AE1 B S T R AE2 K T\n"
    )
    assert [*festival] == ["abstract"]
    assert cmu["abstract"][0] == festival["abstract"][1]
    assert " ".join(cmu["abstract"][1]) == "ae1 b s t r ae1 k t"
    assert " ".join(pronunciation.without_stress(cmu["abstract"][1])) == "ae b s t r ae k t"


def test_a_word_counts_as_its_best_reference():
    """A second pronunciation that is an error; phones counted of another reference."""
    read, cat = ("r", "iy1", "d"), ("k", "ae1", "t", "s")
    references = {"read": [("r", "eh1", "d"), read], "cats": [cat]}
    counted = pronunciation.figures([read, ("k", "ae0", "t")], references)
    assert counted["words wrong"] == 1
    assert counted["phones wrong"] == (1 + 1) / (3 + 4)
    assert counted["words wrong, best of several"] == 1 / 2
    assert counted["phones wrong, best of several, with stress"] == (0 + 2) / (3 + 4)


def catalog(texts):
    """The bytes of a .mo file of gettext: a header, two tables of (length, offset), the texts."""
    pairs = [*sorted({"": "Content-Type: text/plain; charset=UTF-8\n", **texts}.items())]
    encoded = [text.encode() for column in zip(*pairs, strict=True) for text in column]
    count, begin = len(pairs), 28 + 16 * len(pairs)
    offsets = accumulate((len(text) + 1 for text in encoded), initial=begin)
    entries = [number for text, offset in zip(encoded, offsets, strict=False)
               for number in (len(text), offset)]  # fmt: skip
    head = struct.pack("<7I", 0x950412DE, 0, count, 28, 28 + 8 * count, 0, 0)
    return head + struct.pack(f"<{len(entries)}I", *entries) + b"\0".join(encoded) + b"\0"


def test_texts_of_packages_are_short_plain_and_of_one_language(tmp_path):
    """Markup that tells the language; a name that is the same in many; a context that is a text."""
    texts = {
        "de": {"menu\4Save %(name)s": "<b>%(name)s</b> speichern", "Paraguay": "Paraguay",
               "one file\0%d files": "eine Datei\0%d Dateien", "No": "Nein"},
        "da_DK": {"Saved": "x" * 40 + " yyyyyy zzzz"},
        "xx": {"Other": "Anders"},
    }  # fmt: skip
    with ZipFile(tmp_path / "some-1.0-py3-none-any.whl", "w") as file:
        for language, translated in texts.items():
            file.writestr(f"some/locale/{language}/LC_MESSAGES/a.mo", catalog(translated))
    examples = languages.unambiguous(languages.shown(wheel("some", "1.0", tmp_path)))
    assert sorted(examples) == [("da", "x" * 40 + " yyyyyy"), ("de", "speichern"), ("en", "Saved")]


def test_rows_are_medians_beside_every_peer(tmp_path):
    """A mean that one run spoils; hours that are repeated; a figure of which no peer is shown."""
    options = Options(tmp_path, None, ["1m", "2h"], 3, 1, 1, tmp_path, [], 1)
    peers = [Peer("loss", 2.0, "them"), Peer("loss", 4.0, "others")]

    def trial(time, seed):
        run = Trained(tmp_path, 60.0 * seed, "lstm 2x8")
        return run, {"loss": {1: 1.0, 2: 3.0, 3: 90.0}[seed], "rate": 7.0}

    rows = [*medians(options, "text", ["9m"], peers, {"rate": "texts/s"}, trial)]
    found = [(row.name, row.value, row.ratio, row.than, len(row.values)) for row in rows]
    assert found == [
        ("text, 1m: loss", 3.0, 1.5, "them", 3), ("text, 1m: loss", 3.0, 0.75, "others", 3),
        ("text, 1m: rate", 7.0, None, "", 3),
        ("text, 2h: loss", 1.0, 0.5, "them", 1), ("text, 2h: loss", 1.0, 0.25, "others", 1),
        ("text, 2h: rate", 7.0, None, "", 1),
    ]  # fmt: skip
    assert rows[0].wall_seconds == 120
    assert rows[-1].wall_seconds == 60
    first, second = tables(rows)
    assert first.title == "text, 1m: lstm 2x8; 120 s"
    assert [*second.columns[0].cells] == ["loss", "loss", "rate, texts/s"]
    assert [*second.columns[2].cells] == ["2", "4", ""]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [("published", "give --data"), ("published --data .", "there is no"),
     ("published --data . --rows molecule", "no row 'molecule'"),
     ("published --data . --rows molecules", "there is no rdkit")],
)  # fmt: skip
def test_what_is_missing_is_said_at_once(arguments, error, home, monkeypatch, capsys):
    """A row of an hour, and then a file that is not there."""
    monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments.split()])
    monkeypatch.setitem(sys.modules, "rdkit", None)  # as if it were not installed
    with pytest.raises(SystemExit):
        main()
    assert error in capsys.readouterr().err
