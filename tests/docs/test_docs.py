"""The README and the guide tell the truth: commands and examples run."""

import doctest
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
import zipfile

import pytest

from charrnn.cli.hints import ADVICE, RENAMED
from charrnn.evaluation import dynamic
from charrnn.extras.course.lessons import Lesson
from tests.conftest import SMALL, call_charrnn, tale
from tests.docs import shell
from tests.docs.pages import PAGES, README, ROOT, page_text
from tests.tasks.examples import captioned, labelled, labelled_sound, rewritten, tagged

TRAINING = r"charrnn (train|sweep)\b(?!.*--resume)"
RUN: set[str] = set()  # what several pages have runs once in a folder


def commands_of(page):
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines()]


def smaller(command):
    """The command as it is written, but for the length and the size of what it trains.

    Processes train in the tests of `extras/processes`.
    """
    command = re.sub(r" --(time|epochs|steps|layers|processes) \S+", "", command)
    command = re.sub(r" --count \d{3,}", " --count 20", command)
    small = " ".join(SMALL if "--recipe" not in command else SMALL[:2])
    if "--task" in command:  # which reads texts to their ends
        small = re.sub(r"--seq-length \d+", "", small)
    if "--task label --input picture" in command:  # which has no recurrent layers
        small = re.sub(r"--(layers|embedding-size) \d+", "", small)
    if "--task label --input" in command:  # which has no tokens
        small = re.sub(r"--embedding-size \d+", "", small)
    command = command.replace("--cells lstm,gru,elman", "--cells elman")
    command = re.sub(TRAINING, rf"charrnn \1 --steps 2 {small}", command)
    return re.sub(r"(charrnn gradients .*--cell .*)", r"\1 --hidden-size 16", command)


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """A reader's folder: the texts and the runs that the pages speak of."""
    home = tmp_path_factory.mktemp("reader")
    RUN.clear()  # a process that comes back from another file's tests has a new folder
    text = tale(3000) + "ROMEO: To be def "  # stands in for the download, with the prompts' letters
    (home / "corpora").mkdir()
    for name in ("corpora/shakespeare.txt", "shakespeare.txt", "tale.txt"):
        (home / name).write_text(text, "utf-8")
    (home / "words.tsv").write_text(labelled(100), "utf-8")
    (home / "names.txt").write_text("\n".join(tale(900).replace("\n", " ").split(" ")), "utf-8")
    for name in ("words.txt", "sentences.txt"):
        (home / name).write_text("through\ndurch\n", "utf-8")
    passengers = "".join(f"{n},{100 + n + n % 12}\n" for n in range(144))
    (home / "passengers.csv").write_text(f"month,passengers\n{passengers}", "utf-8")
    (home / "slots.conll").write_text(tagged(100), "utf-8")
    (home / "pronunciations.tsv").write_text(rewritten(100), "utf-8")
    (home / "pictures.tsv").write_text(captioned(home / "pictures", 100), "utf-8")
    labels = "".join(f"{'ab'[n % 2]}\tpictures/{n}.npy\n" for n in range(40))
    (home / "labelled.tsv").write_text(labels, "utf-8")
    packages_in(home)
    made = call_charrnn(home, "train", "shakespeare.txt", "--run", "plays", "--steps", "6", *SMALL)
    assert made.code == 0, made.err
    shutil.copytree(home / "checkpoints" / "plays", home / "checkpoints" / "snake")
    return home


def packages_in(folder):
    """What the pages of frames and sound take from packages: a wheel with series, some prompts."""
    with zipfile.ZipFile(folder / "aeon-1.6.0-py3-none-any.whl", "w") as wheel:
        for part in ("TRAIN", "TEST"):
            rows = "".join(f"{n},1.5,{n}:2,{n},3:{n % 3}\n" for n in range(12))
            name = f"aeon/datasets/data/JapaneseVowels/JapaneseVowels_{part}.ts"
            wheel.writestr(name, f"@problemName x\n@data\n{rows}")
    labelled_sound(folder / "sounds", 40)
    clips = sorted((folder / "sounds").glob("*.wav"))
    for number, language in enumerate(("en_US_f_Allison", "fr_CA_f_June")):
        prompts = folder / "packages" / "usr" / "share" / "asterisk" / "sounds" / language
        prompts.mkdir(parents=True)
        for name, clip in enumerate(clips[10 * number : 10 * number + 10]):
            shutil.copy(clip, prompts / f"{name}.wav")
    lines = (f"sounds/{clip.name}\tone two\n" for clip in clips)
    (folder / "prompts.tsv").write_text("".join(lines), "utf-8")


def make_examples(page, folder):
    """Run the programs with which a page makes its examples, with fewer of them."""
    for block in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        fewer = block.replace(", 4000)", ", 30)").replace(", 400)", ", 10)")
        done = subprocess.run([sys.executable, "-c", fewer], cwd=folder, capture_output=True,
                              text=True, check=False)  # fmt: skip
        assert done.returncode == 0, done.stderr


@pytest.mark.timeout(240)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_runs(reader, page, monkeypatch):
    """A flag that was renamed; an example that never worked."""
    monkeypatch.setattr(dynamic, "_SEGMENTS", 50)  # gradients are measured on less of the text
    monkeypatch.setattr(dynamic, "_SAMPLES", 5)
    for name, text in Lesson(page).programs.items():
        (reader / name).write_text(text, "utf-8")
    if page.stem in ("frames", "sound"):
        make_examples(page, reader)
    for command in commands_of(page):
        run = smaller(re.sub(r" --run (plays|snake)", r" --run \1-again", command))
        run = run.replace("--resume --run plays-again", "--resume --run plays --steps 8")
        run = run.replace("--resume --run snake-again", "--resume --run snake")
        if run in RUN:
            continue
        RUN.add(run)
        done = shell.run(run, reader)
        assert done.code == 0, f"{command}\n{done.err}"


def test_the_python_examples_run(home):
    """An interface that is documented under another name."""
    (home / "tale.txt").write_text(tale(20_000), "utf-8")
    page = ROOT / "docs" / "python.md"
    text = page.read_text("utf-8").replace("```", "")
    examples = doctest.DocTestParser().get_doctest(text, {}, "python.md", str(page), 0)
    assert len(examples.examples) > 15
    runner = doctest.DocTestRunner()
    runner.run(examples)
    assert runner.summarize(verbose=False).failed == 0
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", block], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout) > 100


def test_pictures_are_written_and_read_back():
    """Rows and columns that change places on the way; a broken line that passes for a picture."""
    program = {"__name__": "digits"}
    exec(Lesson(ROOT / "docs" / "written-pictures.md").programs["digits.py"], program)
    picture = [[(row * column) % 17 for column in range(8)] for row in range(8)]
    line = program["line_of"](7, picture)
    broken = [line[:-2], line[1:], line.replace("/", ""), line.replace("a", "r"), line[:-1] + "a"]
    assert program["read"]("\n".join([line, *broken])) == ([7], [picture], 6)


def test_flags_of_other_programs_are_answered_as_the_guide_shows(home):
    """An answer that reads otherwise than on the page; a flag of theirs that is not answered."""
    text = page_text("coming-from.md")
    blocks = re.findall(r"(?:^ {4}.*\n)+", text, re.MULTILINE)
    assert blocks
    for block in blocks:
        command, *answer = textwrap.dedent(block).splitlines()
        shown = call_charrnn(home, *shlex.split(command)[2:])
        assert shown.err.splitlines() == answer
    names = RENAMED | ADVICE | {flag.lstrip("-"): flag for flag in re.findall(r"--[\w-]+", text)}
    for line in text.splitlines():
        for theirs in re.findall(r"`--?([a-z]\w+)", " ".join(line.split("|")[2:])):
            assert theirs.replace("_", "-") in names, theirs
