"""Molecules that a model writes, as MOSES scores them (https://arxiv.org/abs/1811.12823).

A molecule is a line of SMILES. Two lines are the same molecule if RDKit writes both in one way, its
canonical SMILES. The training set of MOSES is canonical, by an older RDKit: of 10,000 of its
molecules the one of 2026 writes 2 in another way, so it is read as it is.
"""

import gzip
import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import Options, charrnn
from benchmarks.packages import wheel
from benchmarks.trials import Compared, Peer, Trained, medians, train

MOSES = ("molsets", "0.3.1")
PUBLISHED = {
    "valid": 0.9748,
    "unique of 1,000": 1.0,
    "unique of 10,000": 0.9994,
    "novel": 0.8419,
    "internal diversity": 0.8562,
    "FCD": 0.0732,
}
WHOSE = "CharRNN of 3x768, 80 epochs on a GPU, arXiv:1811.12823"


def rows(options: Options) -> Iterator[Compared]:
    """30,000 texts at temperature 1 (or `samples`), after training on lines of SMILES."""
    package = wheel(*MOSES, options.data)
    table = gzip.decompress(package.read("moses/dataset/data/train.csv.gz")).decode("ascii")
    training = table.split()[1:]
    random.Random(0).shuffle(training)
    file = options.home / "molecules.txt"
    file.write_text("".join(f"{line}\n" for line in training), "ascii")
    known = {*training}

    def trial(time: str, seed: int) -> tuple[Trained, Mapping[str, float]]:
        run = train(options, file, time, seed, "--document-per", "line", "--split", "99/1/0")
        count = ("--count", str(options.samples), "--seed", str(seed))
        ran = charrnn(options.home, "sample", str(run.folder), *count, "--newline", "--quiet")
        texts = ran.out.removesuffix("\n").split("\n")
        assert len(texts) == options.samples
        return run, {**figures(texts, known, package), "rate": len(texts) / ran.seconds}

    peers = [Peer(figure, value, WHOSE) for figure, value in PUBLISHED.items()]
    yield from medians(options, "molecules", ("20m", "60m"), peers, {"rate": "texts/s"}, trial)


def figures(texts: Sequence[str], known: Collection[str], package: ZipFile) -> dict[str, float]:
    """All figures of texts, of which `known` were trained on. ImportError without RDKit and fcd."""
    from rdkit import Chem, rdBase
    from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

    rdBase.DisableLog("rdApp.*")  # which says what is wrong with each text
    molecules = [Chem.MolFromSmiles(text) for text in texts]
    canonical = [molecule and Chem.MolToSmiles(molecule) for molecule in molecules]
    morgan = GetMorganGenerator(radius=2, fpSize=1024)
    valid = [molecule for molecule, smiles in zip(molecules, canonical, strict=True) if smiles]
    prints = np.array([morgan.GetFingerprintAsNumPy(molecule) for molecule in valid])
    return {
        **scores(canonical, known),
        "internal diversity": internal_diversity(prints),
        "FCD": chemnet_distance([smiles for smiles in canonical if smiles], package),
    }


def scores(canonical: Sequence[str | None], known: Collection[str]) -> dict[str, float]:
    """Fractions: valid of all; distinct of the first valid; of the distinct, those not known.

    `canonical` has nothing for a text that is no molecule.
    """
    valid = [smiles for smiles in canonical if smiles]
    distinct = {*valid}
    return {
        "valid": len(valid) / len(canonical),
        "unique of 1,000": len({*valid[:1000]}) / len(valid[:1000]),
        "unique of 10,000": len({*valid[:10_000]}) / len(valid[:10_000]),
        "novel": len(distinct.difference(known)) / len(distinct),
    }


def internal_diversity(fingerprints: NDArray[np.integer[Any]], block: int = 1000) -> float:
    """1 - the mean Tanimoto similarity of all pairs of rows (N, bits), a row and itself included.

    That is p = 1 of MOSES. `block`: rows that are compared at once.
    """
    bits = fingerprints.astype(np.float32)
    sizes, total = bits.sum(1), 0.0
    for start in range(0, len(bits), block):
        common = bits[start : start + block] @ bits.T
        either = sizes[start : start + block, None] + sizes - common
        total += float((common / either).sum(dtype=np.float64))
    return 1 - total / len(bits) ** 2


def chemnet_distance(smiles: list[str], package: ZipFile) -> float:
    """The Frechet distance of ChemNet's activations from those of MOSES's test set.

    The wheel has their mean and covariance.
    """
    import fcd
    from fcd.utils import calculate_frechet_distance

    stored = BytesIO(package.read("moses/dataset/data/test_stats.npz"))
    # a pickle, but of a pinned package, which could run code by being installed
    test = np.load(stored, allow_pickle=True)["stats"].item()["FCD"]
    found = fcd.get_predictions(fcd.load_ref_model(), smiles)
    moments = (found.mean(0), np.cov(found.T), test["mu"], test["sigma"])
    return float(calculate_frechet_distance(*moments))
