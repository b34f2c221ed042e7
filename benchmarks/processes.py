"""What several processes cost and gain: a model of a step's time, and measurements beside it.

A step of P processes takes

    step(B / P) + 2 (P - 1) latency + 2 (P - 1) / P * bytes / bandwidth

where step(b) is measured with one process and a batch of b: it has the work that grows with the
batch, and the optimizer's, which every process does for itself. The gradients are summed around a
ring: each process sends and receives 2 (P - 1) / P times their bytes, in 2 (P - 1) messages
(Patarasuk and Yuan 2009, https://doi.org/10.1016/j.jpdc.2008.09.002). Nothing overlaps.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.measure import Row, python

_NUMBER = 4  # bytes of a gradient's element


@dataclass(frozen=True)
class Link:
    """What processes talk over: seconds a message takes, and bytes a second."""

    latency: float
    bandwidth: float

    @staticmethod
    def measured(short: float, long: float, numbers: int) -> "Link":
        """From the times of two processes' sums of one and of so many float32."""
        return Link(short / 2, _NUMBER * numbers / max(long - short, 1e-9))

    def sum_seconds(self, processes: int, parameters: int) -> float:
        """The time of a sum of all gradients."""
        around = 2 * (processes - 1)
        size = _NUMBER * (parameters + 1)  # and the loss
        return around * self.latency + around / processes * size / self.bandwidth


ELSEWHERE = {
    "8 GPUs on NVLink, 100 times as fast": (8, Link(10e-6, 150e9), 100),
    "8 such machines on 10 Gbit/s Ethernet": (8, Link(50e-6, 1.1e9), 1),
    "8 such machines on 1 Gbit/s Ethernet": (8, Link(100e-6, 0.11e9), 1),
}
"""Number, link and speed of processes elsewhere, all of them assumed, not measured."""


def rows(hidden_size: int, batch_size: int) -> Iterator[Row]:
    """One size of network: measured alone and by two processes, predicted for two and for eight."""
    flags = ("train", "--hidden-size", str(hidden_size), "--batch-size")
    name = f"lstm 2x{hidden_size}, batch {batch_size}"
    one = python("benchmarks.ours", *flags, str(batch_size), OMP_NUM_THREADS="1")
    half = python("benchmarks.ours", *flags, str(batch_size // 2), OMP_NUM_THREADS="1")
    threads = python("benchmarks.ours", *flags, str(batch_size), OMP_NUM_THREADS="2")
    two = python(
        "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m",
        "benchmarks.ours", *flags, str(batch_size), OMP_NUM_THREADS="1",
    )  # fmt: skip
    link = Link.measured(two["short_message"], two["long_message"], 1 << 20)
    parameters = int(one["parameters"])
    than = "one process, one thread"
    yield Row("processes", f"{name}, one process of two threads", one["step"] / threads["step"],
              "times as fast", one["step"] / threads["step"], than)  # fmt: skip
    predicted = half["step"] + link.sum_seconds(2, parameters)
    yield Row("processes", f"{name}, two processes", one["step"] / two["step"], "times as fast",
              predicted / two["step"], "predicted by measured")  # fmt: skip
    yield Row("processes", f"{name}, in the sum", 1e3 * two["sums"], "ms a step",
              two["sums"] / two["step"], "a step")  # fmt: skip
    yield Row("processes", "the link's latency", 1e6 * link.latency, "us")
    yield Row("processes", "the link's bandwidth", link.bandwidth / 1e9, "GB/s")
    for where, (count, other, faster) in ELSEWHERE.items():
        alone = one["step"] / faster  # each has a whole batch
        speed = count * alone / (alone + other.sum_seconds(count, parameters))
        yield Row("processes", f"{name}, {where}, a batch each", speed, "times as fast", None,
                  "predicted")  # fmt: skip
