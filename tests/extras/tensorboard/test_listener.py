"""What --tensorboard writes, read back by TensorBoard's own reader."""

import html
import re
import shutil
import sys

import markdown
import pytest
from hypothesis import given, strategies as st
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import charrnn as interface
from charrnn import files
from charrnn.errors import MissingError
from charrnn.events import Evaluated, Noticed, Sampled, Started, Stepped
from charrnn.extras.tensorboard.listener import TensorBoard, preformatted, tensorboard_listener
from charrnn.settings import TextSettings
from charrnn.storage import housekeeping
from charrnn.training.record import train_and_record
from charrnn.training.saving import save_training
from tests.conftest import call_charrnn, tale
from tests.training.conftest import make_run, resume

SCORES = {"bits_per_character": 2.0, "bits_per_byte": 1.0}


def train_with_tensorboard(run, stop=lambda: False):
    """Train it; what was reported, and what TensorBoard reads."""
    events = []
    train_and_record(run, events.append, stop, tensorboard_listener())
    return events, read(run)


def read(run):
    folder = run.plan.folder / "tensorboard"
    return EventAccumulator(str(folder), {"tensors": 0, "scalars": 0, "histograms": 0}).Reload()


def of(events, kind):
    return [event for event in events if isinstance(event, kind)]


def drawn(reader, tag):
    return [(point.step, pytest.approx(point.value, rel=1e-6)) for point in reader.Scalars(tag)]


def texts(reader, tag):
    return [
        (event.step, event.tensor_proto.string_val[0].decode()) for event in reader.Tensors(tag)
    ]


@pytest.mark.parametrize("tokenizer", ["char", "byte"])
def test_what_tensorboard_reads_is_what_was_reported(home, capfd, tokenizer):
    """A curve of another quantity, or at another step; a sample that lost its line ends."""
    words = TextSettings(tokenizer=tokenizer)
    run = make_run(home, tale(3000), words=words, steps=12, save_every=4)
    events, reader = train_with_tensorboard(run)
    assert capfd.readouterr() == ("", "")
    bits = "bits_per_character" if tokenizer == "char" else "bits_per_byte"
    for group, kind, names in (
        ("train", Stepped, ["loss", bits, "learning_rate", "tokens_per_second", "epoch"]),
        ("valid", Evaluated, ["loss", bits]),
    ):
        for name in names:
            expected = [(event.step, event.record()[name]) for event in of(events, kind)]
            assert expected
            assert drawn(reader, f"{group}/{name}") == expected
    scores = [event.scores[bits] for event in of(events, Evaluated)]
    best = [score for _, score in drawn(reader, f"valid/best_{bits}")]
    assert best == [min(scores[: n + 1]) for n in range(len(scores))]
    samples = [(event.step, preformatted(event.text)) for event in of(events, Sampled)]
    assert texts(reader, "sample") == samples
    ((step, settings),) = texts(reader, "settings")
    assert step == 0
    assert "    batch_size: 8\n" in settings
    for name, array in run.ema.model.export().items():
        histograms = reader.Histograms(f"weights/{name}")
        assert [event.step for event in histograms] == [e.step for e in of(events, Evaluated)]
        last = histograms[-1].histogram_value
        assert last.num == array.size == sum(last.bucket)
        assert (last.min, last.max) == (array.min(), array.max())


@given(st.text() | st.text("\n\t \r`~#*_<&>|-1.[]()"))
def test_a_sample_is_shown_as_it_is(text):
    """Markup in a sample that the viewer obeys; lines that it joins; a control that it drops."""
    text = text.strip().replace("\t", " ")  # it adds spaces there
    text = re.sub("&#+", "&", text)  # and a semicolon here
    shown = markdown.markdown(preformatted(text), extensions=["tables", "fenced_code"])
    (code,) = re.fullmatch(r"<pre><code>(.*)\n</code></pre>|", shown, re.DOTALL).groups()
    escaped = re.sub(r"[\x00-\x09\x0b-\x1f\x7f]", lambda m: f"\\x{ord(m[0]):02x}", text)
    assert without_line_ends(html.unescape(code or "")) == without_line_ends(escaped)


def without_line_ends(text):
    """It drops spaces there now and then, which nobody sees."""
    return [line.rstrip() for line in text.split("\n")]


def test_a_resumed_run_continues_its_curves(home):
    """Steps that are drawn twice after a kill; a curve that begins again; settings of another."""
    (home / "checkpoints").mkdir()
    run = make_run(home, tale(3000), name="checkpoints/run", steps=12, save_every=4)
    board = TensorBoard(run)
    names = Started.__dataclass_fields__
    board(Started(**(dict.fromkeys(names, "character") | {"step": 0})))
    save_training(run)
    for step in (2, 5, 8):  # 5 and 8 are lost: the process is killed before it saves them
        run.step = step
        board(Stepped(step, 12, float(step), SCORES, *[1.0] * 5))
        if step == 2:
            save_training(run)
    board.close()
    again = resume("run")
    assert again.step == 2
    events, reader = train_with_tensorboard(again)
    expected = [(2, 2.0)] + [(event.step, event.loss) for event in of(events, Stepped)]
    assert drawn(reader, "train/loss") == expected
    assert [step for step, _ in texts(reader, "settings")] == [0, 2]


def test_a_run_that_goes_back_drops_what_had_diverged(home):
    """A curve that runs away, and beside it the one that was continued."""
    run = make_run(home, tale(3000), steps=12)
    board = TensorBoard(run)
    for step in (2, 5, 8, 4):
        run.step = step
        if step == 4:
            run.step = 3
            board(Noticed("The run diverged: it continues from step 3."))
            run.step = 4
        board(Stepped(step, 12, float(step), SCORES, *[1.0] * 5))
    board.close()
    assert [step for step, _ in drawn(read(run), "train/loss")] == [2, 4]


@pytest.mark.parametrize("size", [0, 400, 4000])
def test_a_disk_that_refuses_stops_nothing_and_hides_nothing(home, capfd, size):
    """A traceback of a writing thread; half a record, after which TensorBoard reads no more."""
    resource = pytest.importorskip("resource")
    run = make_run(home, tale(3000), steps=12, save_every=4)
    board, events = TensorBoard(run), []
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for step in range(1, 7):
        run.step = step
        resource.setrlimit(resource.RLIMIT_FSIZE, (size if step < 4 else limits[0], limits[1]))
        stepped = Stepped(step, 12, 1.0, SCORES, *[1.0] * 5)
        for event in (stepped, Evaluated(step, "valid", "stream", 1.0, SCORES, True, 1.0, 1.0)):
            try:
                board(event)
            except OSError as error:
                events.append(error)
            finally:
                full = resource.getrlimit(resource.RLIMIT_FSIZE)
                resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            resource.setrlimit(resource.RLIMIT_FSIZE, full)
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    board.close()
    assert events
    steps = [step for step, _ in drawn(read(run), "train/loss")]
    assert steps[-3:] == [4, 5, 6]
    assert (size == 0) == (len(steps) == 3)
    assert capfd.readouterr() == ("", "")


def test_training_continues_where_nothing_can_be_written_for_tensorboard(home):
    """Hours of training that end for a picture; a notice with every step."""
    run = make_run(home, tale(3000), steps=12, save_every=4)
    (run.plan.folder / "tensorboard").write_text("somebody's notes")
    events = []
    train_and_record(run, events.append, lambda: False, tensorboard_listener())
    notices = [e.message for e in of(events, Noticed) if "gap" in e.message]
    assert len(notices) == 1
    assert "TensorBoard will have a gap" in notices[0]


def test_a_deleted_folder_is_written_again(home):
    """Curves that end where somebody tidied up, without a word."""
    run = make_run(home, tale(3000), steps=30, save_every=10)

    def tidy_up():
        if run.step == 15:
            shutil.rmtree(run.plan.folder)
        return False

    events, reader = train_with_tensorboard(run, tidy_up)
    assert drawn(reader, "valid/loss")[-1][0] == 30
    assert not [e for e in of(events, Noticed) if "gap" in e.message]


def test_a_run_with_such_a_folder_is_kept_like_any_other(home):
    """A folder that cannot be removed or renamed; a size that leaves it out."""
    (home / "tale.txt").write_text(tale(2000), "utf-8")
    interface.train("tale.txt", run="run", steps=2, hidden_size=8, tensorboard=True)
    folder = home / "checkpoints" / "run"
    written = sum(path.stat().st_size for path in (folder / "tensorboard").iterdir())
    assert written > 1000
    size = written + sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    assert housekeeping.overview(folder).bytes_on_disk == size == files.size_on_disk(folder)
    housekeeping.rename("run", "other")
    assert (home / "checkpoints" / "other" / "tensorboard").is_dir()
    assert housekeeping.remove(["other"]) == size
    assert list((home / "checkpoints").iterdir()) == []


def test_without_the_package_nothing_is_begun(home, monkeypatch):
    """A corpus that is prepared, and a folder that is made, for a run that cannot be."""
    (home / "tale.txt").write_text(tale(2000), "utf-8")
    for name in [name for name in sys.modules if name.split(".")[0] == "tensorboard"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    for flags in ([], ["--seeds", "2"], ["--processes", "2"]):
        shown = call_charrnn(home, "train", "tale.txt", "--steps", "2", "--tensorboard", *flags)
        assert (shown.code, "-m pip install 'tensorboard>=" in shown.err) == (6, True)
    with pytest.raises(MissingError, match="not installed"):
        interface.train("tale.txt", steps=2, tensorboard=True)
    assert [path.name for path in home.iterdir()] == ["tale.txt"]
