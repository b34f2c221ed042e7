"""The recurrent cells, by the name that `--cell` takes."""

from charrnn.cells.base import Cell
from charrnn.cells.elman import Elman, ReLU
from charrnn.cells.gru import GRU
from charrnn.cells.lstm import LSTM
from charrnn.settings import CellName

CELLS: dict[CellName, type[Cell]] = {
    "lstm": LSTM,
    "gru": GRU,
    "elman": Elman,
    "relu": ReLU,
}
