"""A file as the bits that a model needs for it, and back: the same bytes, or an error."""

import zlib

from charrnn.errors import CheckpointError, DivergedError
from charrnn.events import Emit
from charrnn.extras.compress.coder import decode, encode
from charrnn.extras.compress.header import Header, damaged
from charrnn.extras.compress.prediction import fingerprint, identity, predictor_of
from charrnn.extras.compress.symbols import Alphabet
from charrnn.files import versions
from charrnn.storage.checkpoint import Checkpoint, load_checkpoint
from charrnn.storage.runs import MODEL, run_folders


def compress(
    data: bytes, checkpoint: Checkpoint, emit: Emit = lambda _: None, *, dynamic: bool = False
) -> bytes:
    """Any bytes, compressed. `dynamic`: the model learns from them as it goes.

    DivergedError if the model's outputs are not finite; TextError if the corpus that a dynamic
    model is measured on is not here.
    """
    alphabet, key = Alphabet(checkpoint.tokenizer), identity(checkpoint)
    otherwise = "compress without --dynamic"
    with predictor_of(checkpoint, dynamic, emit, otherwise) as predictor:
        arithmetic = fingerprint(predictor, key, alphabet.size)
        header = Header(dynamic, key, len(data), zlib.crc32(data), arithmetic)
        return header.pack() + encode(alphabet.symbols(data), alphabet, predictor, emit)


def decompress(data: bytes, checkpoint: Checkpoint, emit: Emit = lambda _: None) -> bytes:
    """What `compress` was given. TextError as there.

    CheckpointError if the file is damaged, was made with another model, or on a machine whose
    arithmetic differs.
    """
    header, body = Header.unpack(data)
    alphabet, key = Alphabet(checkpoint.tokenizer), identity(checkpoint)
    if not header.is_of(key):
        raise CheckpointError(
            f"the file was compressed with another model than that of run {checkpoint.run}",
            "Leave --run out to look for its model among the runs here.",
        )
    otherwise = "decompress the file where the corpus is"
    with predictor_of(checkpoint, header.dynamic, emit, otherwise) as predictor:
        if not header.fits(fingerprint(predictor, key, alphabet.size)):
            raise _other_arithmetic(header.dynamic)
        try:
            found = decode(body, header.length, alphabet, predictor, emit)
        except DivergedError as error:  # it has learned what nobody wrote
            raise damaged("the model diverges on it") from error
    if zlib.crc32(found) != header.checksum:
        raise damaged("its checksum fails")
    return found


def find_model(data: bytes) -> Checkpoint:
    """The model among the runs here, and their older versions, that has made a compressed file.

    CheckpointError if there is none, or if the file has no header.
    """
    header, _ = Header.unpack(data)
    for folder in reversed(run_folders()):
        for path in versions(folder / MODEL):
            try:
                found = load_checkpoint(path)
            except CheckpointError:
                continue  # a damaged one may be another's
            if header.is_of(identity(found)):
                return found
    raise CheckpointError(
        "none of the runs here has the model that compressed this file",
        "Name it with --run. A run that was trained further has another model than before.",
    )


def _other_arithmetic(dynamic: bool) -> CheckpointError:
    advice = "Decompress it where it was compressed, or on a machine of that kind"
    return CheckpointError(
        "the file was compressed by arithmetic that rounds otherwise than here",
        f"{advice}, with the same versions of numpy{' and torch' if dynamic else ''}, as many "
        f"threads of its BLAS{' and the same corpus' if dynamic else ''}.",
    )
