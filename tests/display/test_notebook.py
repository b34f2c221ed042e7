"""Progress below the cell of a notebook."""

from charrnn.display.notebook import live_html
from charrnn.events import Noticed, Progress
from tests.display.conftest import events


def published(reported, interval=0.0):
    """Everything that is shown for these events, one after the other."""
    pages = []
    with live_html(pages.append, interval) as emit:
        for event in reported:
            emit(event)
    return pages


def test_training_shows_how_far_it_is_and_then_how_it_ended():
    """A cell without a sign of life; a bar at 100 % and a chart that stay; a command to copy."""
    pages = published(events())
    during, after = pages[-2], pages[-1]
    for word in ("step 100", '<progress value="100" max="100">', "left", "<svg", "validation 2.200",
                 "the old king\nsat by the sea"):  # fmt: skip
        assert word in during
    assert "Trained tale for 100 steps" in after
    assert not [word for word in ("<progress", "<svg", "charrnn sample") if word in after]


def test_messages_stay():
    """A setting that was adapted, told for a quarter of a second."""
    pages = published([Noticed("<b>The disk is full.</b>"), *events()])
    assert all("&lt;b&gt;The disk is full." in page for page in pages)


def test_a_short_work_shows_nothing():
    """A bar that flashes up for each probe; one that stays when the work is done."""
    assert published([Progress("reading", 1, 2), Progress("reading", 2, 2)], 60.0) == []
    pages = published([Progress("reading", 1, 2), Progress("reading", 2, 2)])
    assert "50%" in pages[0]
    assert pages[-1] == ""


def test_not_every_event_is_sent_to_the_browser():
    """A notebook that a fast run fills with a hundred charts a second."""
    assert len(published(events(steps=1000), 60.0)) == 1
