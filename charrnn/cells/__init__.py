"""The recurrent cells, by the name that `--cell` takes: equations, without torch or files."""

from charrnn.cells.base import Cell
from charrnn.cells.gru import GRU, MGU, MinGRU, MinLSTM
from charrnn.cells.lstm import LSTM
from charrnn.cells.lstm_variants import MLSTM, Mogrifier, Peephole
from charrnn.cells.rwkv import RWKV
from charrnn.cells.simple import IRNN, Elman, Full, Jordan, ReLU
from charrnn.cells.slow import SCRN, Clockwork
from charrnn.cells.state_space import RGLRU, Mamba
from charrnn.cells.xlstm import SLSTM, XLSTM
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
    "rglru": RGLRU,
    "mamba": Mamba,
    "rwkv": RWKV,
    "slstm": SLSTM,
    "xlstm": XLSTM,
}
