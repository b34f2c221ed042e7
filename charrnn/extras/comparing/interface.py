"""`charrnn.compare`: runs beside one another, from Python."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from charrnn.events import Emit, Noticed
from charrnn.extras.comparing.comparison import Group, compare_runs
from charrnn.extras.comparing.show import comparison_report
from charrnn.interface import listening
from charrnn.models.public import public
from charrnn.settings import PartName


class Comparison(list[dict[str, Any]]):
    """Records of runs, which a notebook shows as a table and curves."""

    def __init__(self, groups: Sequence[Group]) -> None:
        super().__init__(map(dict, comparison_report(groups, curves=True).records))
        self.groups = groups

    def _repr_html_(self) -> str:
        from charrnn.display.html import html_of

        return html_of(comparison_report(self.groups))


@public
def compare(
    runs: Sequence[str | Path] = (),
    *,
    part: PartName | None = None,
    progress: bool | None = None,
    events: Emit | None = None,
) -> list[dict[str, Any]]:
    """Score runs, or all, on a part of their corpora: a record of each, the best first.

    The records are those of `charrnn compare --json`, with the learning curves under `training`
    and `validation`; a table of them is `pandas.DataFrame(charrnn.compare())`. Runs that differ in
    their seed alone have one more record together. CheckpointError for a named run that cannot be
    scored; of all runs it is left out.

    >>> [record["run"] for record in charrnn.compare(["tale"])]
    ['tale']
    """
    with listening(events, progress) as emit:
        groups, left_out = compare_runs([*map(str, runs)], part, emit)
        for name, error in left_out.items():
            if runs:
                raise error
            emit(Noticed(f"{name} is left out: {error.message}."))
    return Comparison(groups)
