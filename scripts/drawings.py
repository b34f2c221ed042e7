"""Draw the two drawings of the guide: `python -m scripts.drawings`.

`house.svg` has the rooms of the package. Each stands on the rooms that it imports, so a room that
imports another one must move, or the drawing fails. `lstm.svg` is one step of the LSTM.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from charrnn.cells.lstm import LSTM
from tests.rooms import ARROWS, OWNERS

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
WIDTH = 480  # as narrow as a phone, so that the letters are legible on one
STYLE = """
  text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #566270 }
  .name { font-weight: 600; font-size: 15.5px; fill: #1c252e }
  .small { font-size: 13.5px } .middle { text-anchor: middle } .end { text-anchor: end }
  .symbol { font: italic 19px Georgia, 'Times New Roman', serif; fill: #1c252e }
  .page { fill: #fcfdfe; stroke: #d9dfe5 }
  .plain { fill: #e9f1f9; stroke: #a3bcd6 } .torch { fill: #fdeedd; stroke: #deae78 }
  .base { fill: #edeff2; stroke: #bdc5cd } .roof { fill: #f3eefb; stroke: #bba9dc }
  .wire { fill: none; stroke: #566270; stroke-width: 1.8 } .wire.bold { stroke-width: 3 }
  .tip { fill: #566270 } .dot { fill: #fcfdfe; stroke: #566270; stroke-width: 1.6 }
  @media (prefers-color-scheme: dark) {
    text { fill: #a3aeb9 } .name, .symbol { fill: #eef1f4 }
    .page { fill: #15181c; stroke: #2e343b }
    .plain { fill: #1b2a39; stroke: #41617f } .torch { fill: #37291a; stroke: #86633a }
    .base { fill: #22272d; stroke: #475059 } .roof { fill: #292239; stroke: #64528b }
    .wire { stroke: #a3aeb9 } .tip { fill: #a3aeb9 } .dot { fill: #15181c; stroke: #a3aeb9 }
  }
"""


def svg(title: str, height: int, parts: Iterator[str]) -> str:
    """A drawing of its parts, on a page of its own: nobody knows what it is shown on."""
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    page = f'<rect class="page" x=".5" y=".5" width="{WIDTH - 1}" height="{height - 1}" rx="10"/>'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{title}</title>",
    ]
    return "\n".join([*lines, f"<style>{STYLE}</style>", page, *parts, "</svg>\n"])


def text(x: float, y: float, words: str, kind: str = "") -> str:
    """Words from x, or around it if the kind is `middle`."""
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x:g}" y="{y:g}">{words}</text>'


def wire(path: str, kind: str = "wire") -> str:
    """A line."""
    return f'<path class="{kind}" d="{path}"/>'


def tip(x: float, y: float, way: str) -> str:
    """The tip of an arrow that ends there, on its way `down`, `up`, or to the `right` or `left`."""
    sides = {
        "down": "l-4.5 -8 h9", "up": "l-4.5 8 h9", "right": "l-8 -4.5 v9", "left": "l8 -4.5 v9",
    }  # fmt: skip
    return f'<path class="tip" d="M{x:g} {y:g} {sides[way]} z"/>'


class Room(NamedTuple):
    """A room of the house: its walls, its floors (the lowest and the highest), what is done there.

    One that is tall has its words in several lines.
    """

    left: int
    right: int
    low: int
    high: int
    words: str


LEFT, RIGHT = 24, WIDTH - 24
ROOMS = {
    "interface": Room(LEFT, RIGHT, 8, 8, "charrnn.load, charrnn.train"),
    "cli": Room(LEFT, RIGHT, 7, 7, "Typer: a file a command"),
    "display": Room(LEFT, 116, 0, 6, "Rich:/tables,/charts,/pages"),
    "models": Room(124, 226, 5, 6, "TextModel,/Predictor"),
    "training": Room(234, RIGHT, 6, 6, "the loop, runs, saving"),
    "evaluation": Room(234, RIGHT, 5, 5, "losses of large texts"),
    "storage": Room(124, 306, 4, 4, "checkpoints, metrics"),
    "engine": Room(314, RIGHT, 4, 4, "kernels, ranks"),
    "tasks": Room(124, RIGHT, 3, 3, "what is read, what is predicted"),
    "inference": Room(124, RIGHT, 2, 2, "NumPy: sampling, search, scores"),
    "network": Room(124, 296, 1, 1, "on arrays of any library"),
    "cells": Room(124, 296, 0, 0, "the recurrent equations"),
    "text": Room(304, RIGHT, 0, 1, "tokenizers,/prepared corpora"),
}
"""Below the roof, where the extras are, and above the base, which is below all of them."""
BASE = [room for room in ARROWS if room not in (*ROOMS, "extras", "__init__", "__main__")]
FLOOR, GAP, TOP = 50, 14, 106  # the height of a floor, what lies between two, and the roof's


def stands_on() -> set[tuple[str, str]]:
    """(A room, a room that it imports), but for what it imports by way of another room, too."""
    drawn = {"extras", *ROOMS}
    arrows = {room: {*ARROWS[room].split()} & drawn for room in drawn}
    below = {
        room: {far for near in others for far in _all_below(near, arrows)}
        for room, others in arrows.items()
    }
    return {(room, other) for room in drawn for other in arrows[room] - below[room]}


def _all_below(room: str, arrows: Mapping[str, set[str]]) -> set[str]:
    return arrows[room].union(*(_all_below(other, arrows) for other in arrows[room]))


def touching() -> set[tuple[str, str]]:
    """(A room, a room right below it in the drawing)."""
    pairs = {
        (a, b)
        for a, above in ROOMS.items()
        for b, below in ROOMS.items()
        if above.low == below.high + 1 and above.left < below.right and below.left < above.right
    }
    top = max(room.high for room in ROOMS.values())
    return pairs | {("extras", name) for name, room in ROOMS.items() if room.high == top}


def ceiling(floor: int) -> int:
    """The y of the upper edge of a floor, counted from the lowest."""
    return TOP + (max(room.high for room in ROOMS.values()) - floor) * (FLOOR + GAP)


def house() -> str:
    """The rooms and what each imports. AssertionError if one stands on what it does not import."""
    assert touching() == stands_on(), touching() ^ stands_on()
    height = ceiling(0) + FLOOR + GAP + 96
    return svg("The rooms of charrnn: each imports those on which it stands", height, _house())


def _house() -> Iterator[str]:
    yield f'<path class="roof" d="M{WIDTH / 2} 14 L{WIDTH - 10} {TOP - GAP} H10 Z"/>'
    yield text(WIDTH / 2, 58, "extras", "name middle")
    yield text(WIDTH / 2, 77, "compare, probe, export, ...", "middle")
    for name, room in ROOMS.items():
        yield from _room(name, room)
    for upper, lower in sorted(stands_on()):
        above = ROOMS.get(upper, Room(LEFT, RIGHT, 9, 9, ""))
        sides = max(above.left, ROOMS[lower].left), min(above.right, ROOMS[lower].right)
        yield _arrow(sum(sides) / 2, ceiling(ROOMS[lower].high) - GAP)
    bottom = ceiling(0) + FLOOR
    standing = [room for room in ROOMS.values() if room.low == 0]
    yield from (_arrow((room.left + room.right) / 2, bottom) for room in standing)
    base = f'x="10" y="{bottom + GAP}" width="{WIDTH - 20}" height="{FLOOR}" rx="4"'
    yield f'<rect class="base" {base}/>'
    yield text(WIDTH / 2, bottom + GAP + 21, ", ".join(BASE), "name small middle")
    yield text(WIDTH / 2, bottom + GAP + 39, "below all of them", "middle")
    key = bottom + GAP + FLOOR + 11
    yield f'<rect class="torch" x="24" y="{key}" width="15" height="15" rx="3"/>'
    yield text(46, key + 12, "imports torch; sampling needs none of these")


def _room(name: str, room: Room) -> Iterator[str]:
    top, bottom = ceiling(room.high), ceiling(room.low) + FLOOR
    kind = "torch" if name in OWNERS["torch"] else "plain"
    size = f'width="{room.right - room.left}" height="{bottom - top}"'
    yield f'<rect class="{kind}" x="{room.left}" y="{top}" {size} rx="4"/>'
    lines = room.words.split("/")
    x, y = (room.left + room.right) / 2, (top + bottom) / 2 - 4 - 8 * (len(lines) - 1)
    yield text(x, y, name, "name middle")
    for number, line in enumerate(lines):
        yield text(x, y + 18 + 16 * number, line, "middle")


def _arrow(x: float, y: float) -> str:
    """Down, from a room to the one below, over the gap that begins at y."""
    return f'<path class="tip" d="M{x - 1:g} {y + 1} h2 v4 h4 l-5 7 l-5 -7 h4 z"/>'


MEMORY, GATES, BUS = 76, 250, 340  # the y of the memory's line, of the gates, of what they read
GATE = {"forget": 98, "input": 184, "candidate": 272, "output": 360}  # their x
SUM, SHOWN = 228, 424  # the x of the sum, and of what is shown of the memory


def lstm() -> str:
    """One step, with the names of `cells/lstm.py`."""
    assert sorted(GATE) == sorted(LSTM.blocks)
    return svg("One step of the LSTM", 456, _lstm())


def _lstm() -> Iterator[str]:
    yield wire(f"M20 {MEMORY} H{WIDTH - 28}", "wire bold")
    yield tip(WIDTH - 18, MEMORY, "right")
    yield from (text(20, MEMORY - 32, "memory"), text(20, MEMORY - 11, "c", "symbol"))
    yield text(WIDTH - 20, MEMORY - 32, "to the next step", "end")
    yield text(WIDTH - 20, MEMORY - 11, "c = f c + i g", "symbol end")
    yield wire(f"M20 {BUS} H{GATE['output']}")
    yield from (text(20, BUS - 32, "state"), text(20, BUS - 11, "h", "symbol"))
    yield wire(f"M62 {BUS + 38} V{BUS}")
    yield from (text(57, BUS + 57, "x", "symbol"), text(76, BUS + 56, "input of this step"))
    for x in GATE.values():
        yield wire(f"M{x} {BUS} V{GATES + 24}") + tip(x, GATES + 26, "up")
    yield from _joined()
    for name, x in GATE.items():
        yield from _gate(name, x)
    yield from _operations()
    yield text(20, BUS + 96, "Each gate is sigmoid(W x + U h + b): between 0 and 1.")


def _joined() -> Iterator[str]:
    """What the gates are multiplied with, and the way to the outputs."""
    product = MEMORY + 78  # the y of the products below the memory
    yield wire(f"M{GATE['forget']} {GATES - 24} V{MEMORY + 14}")
    yield tip(GATE["forget"], MEMORY + 13, "up")
    for name, side, way in (("input", -14, "right"), ("candidate", 14, "left")):
        yield wire(f"M{GATE[name]} {GATES - 24} V{product} H{SUM + side}")
        yield tip(SUM + side * 0.93, product, way)
    yield wire(f"M{SUM} {product - 13} V{MEMORY + 14}") + tip(SUM, MEMORY + 13, "up")
    yield wire(f"M{SHOWN} {MEMORY} V{product + 16}") + tip(SHOWN, product + 17, "down")
    yield wire(f"M{GATE['output']} {GATES - 24} V{product + 30} H{SHOWN - 14}")
    yield tip(SHOWN - 13, product + 30, "right")
    yield wire(f"M{SHOWN} {product + 43} V{BUS} H{WIDTH - 28}") + tip(WIDTH - 18, BUS, "right")
    yield text(WIDTH - 20, BUS + 25, "h = o tanh(c)", "symbol end")
    yield text(WIDTH - 20, BUS + 44, "output, and to the next step", "end")


def _gate(name: str, x: float) -> Iterator[str]:
    is_gate = name in LSTM.gates
    kind, squashed = ("plain", "sigmoid") if is_gate else ("torch", "tanh")
    yield f'<rect class="{kind}" x="{x - 41}" y="{GATES - 24}" width="82" height="48" rx="6"/>'
    yield text(x, GATES - 4, name, "name small middle")
    yield text(x, GATES + 13, squashed, "middle")


def _operations() -> Iterator[str]:
    """The products and the sum, in circles, and the second tanh."""
    product = MEMORY + 78
    for x, y, sign in (
        (GATE["forget"], MEMORY, "*"), (SUM, MEMORY, "+"), (SUM, product, "*"),
        (SHOWN, product + 30, "*"),
    ):  # fmt: skip
        yield f'<circle class="dot" cx="{x}" cy="{y}" r="13"/>'
        yield text(x, y + 6, sign.replace("*", "&#215;"), "name middle")
    middle = MEMORY + 46
    yield f'<rect class="torch" x="{SHOWN - 26}" y="{middle - 14}" width="52" height="28" rx="14"/>'
    yield text(SHOWN, middle + 4.5, "tanh", "middle")
    for (name, x), letter in zip(GATE.items(), "figo", strict=True):
        to_left = name == "input"  # where its wire does not go
        yield text(x - 9 if to_left else x + 9, GATES - 33, letter, "symbol" + " end" * to_left)


def main() -> None:
    """Draw both."""
    for name, draw in DRAWINGS.items():
        (PICTURES / name).write_text(draw(), "utf-8")


DRAWINGS = {"house.svg": house, "lstm.svg": lstm}

if __name__ == "__main__":
    main()
