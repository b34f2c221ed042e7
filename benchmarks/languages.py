"""The language of short texts: what programs show, translated by people, in 20 languages.

The texts are those that packages carry for gettext. Some packages are trained on and others are for
the test, so a test text is of a program that was not seen. langid and lingua were trained on other
texts, of any subject, and choose among the same languages; logistic regression on character
n-grams has the same training texts.
"""

import gettext
import pickle
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

from benchmarks.measure import Options
from benchmarks.packages import wheel
from benchmarks.trials import Compared, Peer, Trained, installed_megabytes, medians, rate, train

LANGUAGES = [
    "bg", "ca", "cs", "da", "de", "el", "en", "es", "fi", "fr",
    "hu", "it", "nb", "nl", "pl", "pt", "ru", "sv", "tr", "uk",
]  # fmt: skip
TRAINING = [("gramps", "6.0.8"), ("wagtail", "8.0.1"), ("django-oscar", "4.2.1")]
TEST = [("django", "5.2.19"), ("deluge", "2.2.0")]
MOST_CHARACTERS, LEAST_LETTERS = 50, 5
MOST_TESTED = 10_000
UNITS = {"rate": "texts/s", "size": "MB"}

Example = tuple[str, str]
"""A label and a text."""
Predict = Callable[[Sequence[str]], Sequence[str]]


def rows(options: Options) -> Iterator[Compared]:
    """Accuracy, rate and size of a model and of its peers, on the same texts."""
    training = unambiguous(shown(*(wheel(*package, options.data) for package in TRAINING)))
    seen = {text for _, text in training}
    test = [
        (label, text)
        for label, text in unambiguous(shown(*(wheel(*package, options.data) for package in TEST)))
        if text not in seen
    ]
    random.Random(0).shuffle(training)
    random.Random(0).shuffle(test)
    labels, texts = zip(*test[:MOST_TESTED], strict=True)
    file = options.home / "languages.tsv"
    file.write_text("".join(f"{label}\t{text}\n" for label, text in training), "utf-8")

    def scores(predict: Predict, megabytes: float) -> dict[str, float]:
        return {
            "accuracy": accuracy(predict(texts), labels),
            "rate": rate(predict, texts[:1000]),
            "size": megabytes,
        }

    def trial(time: str, seed: int) -> tuple[Trained, Mapping[str, float]]:
        flags = ("--task", "label", "--bidirectional", "--split", "95/5/0")
        run = train(options, file, time, seed, *flags)
        return run, scores(run.predictor(), run.megabytes)

    peers = [
        Peer(figure, value, f"{name}, here")
        for name, make in PEERS.items()
        for figure, value in scores(*make(training)).items()
    ]
    yield from medians(options, "languages", ("5m", "20m"), peers, UNITS, trial)


def langid(_: Sequence[Example]) -> tuple[Predict, float]:
    """Naive Bayes on chosen byte n-grams (Lui and Baldwin 2012)."""
    import langid

    langid.set_languages(LANGUAGES)
    megabytes = installed_megabytes("langid")
    return lambda texts: [langid.classify(text)[0] for text in texts], megabytes


def lingua(_: Sequence[Example]) -> tuple[Predict, float]:
    """Naive Bayes on 1- to 5-grams, and rules about alphabets."""
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    codes = [getattr(IsoCode639_1, label.upper()) for label in LANGUAGES]
    detector = LanguageDetectorBuilder.from_iso_codes_639_1(*codes).build()

    def predict(texts: Sequence[str]) -> list[str]:
        found = map(detector.detect_language_of, texts)
        return [one.iso_code_639_1.name.lower() if one else "" for one in found]

    return predict, installed_megabytes("lingua-language-detector")


def n_grams(training: Sequence[Example]) -> tuple[Predict, float]:
    """Logistic regression on tf-idf of character 1- to 4-grams. Its size is that of its pickle."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import SGDClassifier
    from sklearn.pipeline import make_pipeline

    grams = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), min_df=2, sublinear_tf=True)
    model = make_pipeline(grams, SGDClassifier(loss="log_loss", alpha=1e-6, random_state=0))
    labels, texts = zip(*training, strict=True)
    model.fit(texts, labels)
    return model.predict, len(pickle.dumps(model)) / 1e6


PEERS: Mapping[str, Callable[[Sequence[Example]], tuple[Predict, float]]] = {
    "langid 1.1.6": langid,
    "lingua 2.1.1": lingua,
    "logistic regression on 1- to 4-grams": n_grams,
}


def shown(*packages: ZipFile) -> Iterator[Example]:
    """(language, short text) of every translation that packages have, and of the English texts.

    What is the same in both languages is given for both.
    """
    for package in packages:
        for name in package.namelist():
            language = Path(name).parent.parent.name.partition("_")[0]
            if not name.endswith(".mo") or language not in LANGUAGES or language == "en":
                continue
            for source, translation in translations(package.read(name)):
                yield from ((language, text) for text in short(translation))
                yield from (("en", text) for text in short(source))


def translations(catalog: bytes) -> Iterator[tuple[str, str]]:
    """(English, translated) texts of a catalog of gettext; a plural is its other form."""
    texts = gettext.GNUTranslations(BytesIO(catalog))._catalog  # type: ignore[attr-defined]
    for key, translated in texts.items():
        if isinstance(key, str) and key:
            yield key.rpartition("\4")[2], translated  # after its context


def short(text: str) -> Iterator[str]:
    """A text without markup and what is filled in, or as many of its words as fit; if it has any.

    >>> [*short("Is <b>%(name)s</b> a file, and is it in the same folder as the others?")]
    ['Is a file, and is it in the same folder as the']
    """
    plain = re.sub(r"<[^>]*>|%\(\w+\)\w|%\w|\{[^}]*\}|&\w+;|[_&](?=\w)", "", text)
    words = " ".join(plain.split())
    if len(words) > MOST_CHARACTERS:
        words = words[: MOST_CHARACTERS + 1].rpartition(" ")[0]
    if sum(map(str.isalpha, words)) >= LEAST_LETTERS:
        yield words


def unambiguous(examples: Iterable[Example]) -> list[Example]:
    """Each text once, in order, and none that two languages have."""
    labels = defaultdict(set)
    for label, text in examples:
        labels[text].add(label)
    return [(found.pop(), text) for text, found in labels.items() if len(found) == 1]


def accuracy(predicted: Sequence[str], labels: Sequence[str]) -> float:
    """The fraction that is right."""
    return sum(map(str.__eq__, predicted, labels)) / len(labels)
