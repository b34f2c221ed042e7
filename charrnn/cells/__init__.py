"""The recurrent cells, by the name that `--cell` takes: equations, without torch or files."""

from charrnn.cells.base import Cell
from charrnn.cells.clockwork import Clockwork
from charrnn.cells.elman import IRNN, Elman, ReLU
from charrnn.cells.feedback import Full, Jordan
from charrnn.cells.gru import GRU
from charrnn.cells.lstm import LSTM
from charrnn.cells.mgu import MGU
from charrnn.cells.minimal import MinGRU, MinLSTM
from charrnn.cells.mlstm import MLSTM
from charrnn.cells.mogrifier import Mogrifier
from charrnn.cells.peephole import Peephole
from charrnn.cells.scrn import SCRN
from charrnn.settings import CellName

CELLS: dict[CellName, type[Cell]] = {
    "lstm": LSTM,
    "gru": GRU,
    "elman": Elman,
    "relu": ReLU,
    "irnn": IRNN,
    "jordan": Jordan,
    "full": Full,
    "peephole": Peephole,
    "clockwork": Clockwork,
    "scrn": SCRN,
    "mgu": MGU,
    "mingru": MinGRU,
    "minlstm": MinLSTM,
    "mlstm": MLSTM,
    "mogrifier": Mogrifier,
}
