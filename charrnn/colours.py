"""A text in the colours of what a network makes of it, on the terminal."""

import json
from collections.abc import Iterable

from rich.style import Style
from rich.text import Text

from charrnn.consoles import output
from charrnn.play.reading import Read
from charrnn.play.units import OPEN, SHUT, Findings
from charrnn.play.view import BLUE, FAINT, RED, SURPRISE, View
from charrnn.stdout import piped, visible
from charrnn.tables import columns


def shade(value: float) -> Style:
    """-1 to 1 as a background from blue over nothing to red, with letters that can be read."""
    share = min(1.0, abs(value))
    if share < FAINT:
        return Style.null()
    full = RED if value > 0 else BLUE
    mixed = [round(255 + (part - 255) * share) for part in full]
    return Style.parse(
        f"{'white' if share > 0.7 else 'black'} on rgb({mixed[0]},{mixed[1]},{mixed[2]})"
    )


def show_read(reads: Iterable[Read], view: View, findings: Findings, as_json: bool) -> None:
    """The text as it is read, each character in its colour; then what was found in all of it."""
    with piped():
        out = output()
        if not as_json:
            low, high = view.ends
            hint = "" if out.color_system else " (no colours here: --json has the values)"
            out.print(Text.assemble(
                f"{view.title}: ", (f" {low} ", shade(0.0 if view == SURPRISE else -1.0)),
                (" to ", "dim"), (f" {high} ", shade(1.0)), hint, "\n",
            ))  # fmt: skip
        for read in reads:
            findings.add(read)
            values = view.values(read)
            if as_json:
                for token, text, bits, value in zip(
                    read.ids.tolist(), read.text, read.bits, values, strict=True
                ):
                    seen = {"token": token, "text": text, "bits": round(float(bits), 4)}
                    named = {} if view.kind == "surprise" else {view.title: round(float(value), 4)}
                    print(json.dumps(seen | named))
                continue
            line = Text()
            for text, value in zip(read.text, view.shades(values), strict=True):
                shown = visible(text)
                if out.color_system:  # a line's end has its colour, too
                    shown = shown.replace("\n", " \n")
                line.append(shown, shade(float(value)))
            out.print(line, end="", soft_wrap=True)
        if as_json:
            print(json.dumps(findings.record()), flush=True)
        else:
            out.print("\n")
            show_findings(findings)


def show_findings(findings: Findings) -> None:
    """Which units follow what, and what the gates do."""
    out = output()
    out.print(Text(findings.summary, "dim"))
    units = columns("property", "unit", "correlation", left=2)
    last = ""
    for unit in findings.following():
        strong = "bold" if abs(unit.correlation) >= 0.5 else ""
        name = unit.follows if unit.follows != last else ""
        units.add_row(name, unit.name, Text(f"{unit.correlation:+.2f}", strong))
        last = unit.follows
    if last:
        out.print(units)
    if saturation := findings.saturation():
        gates = columns("gate", "mean", f"shut (below {SHUT:g})", f"open (above {OPEN:g})")
        for gate in saturation:
            gates.add_row(gate.name, f"{gate.mean:.2f}", f"{gate.shut:.0%}", f"{gate.open:.0%}")
        out.print(gates)
