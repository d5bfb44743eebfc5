"""A figure: what was measured, what is to be reached."""

import statistics
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

Run = dict[str, float]


@dataclass
class Figure:
    name: str
    # The figure itself: a ratio when there is a peer, else ours.
    value: float
    ours: float
    peer: float | None = None
    # ">= 8" or "<= 1.3"; None: told without a target.
    target: tuple[str, float] | None = None
    # Half the distance between the extremes as a part of the median, the worse of ours and the peer's.
    spread: float = 0.0

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        sign, bound = self.target
        return self.value >= bound if sign == ">=" else self.value <= bound

    @property
    def to_reach(self) -> str:
        if self.target is None:
            return ""
        sign, bound = self.target
        return f"{'≥' if sign == '>=' else '≤'} {bound:.3g}"

    @property
    def verdict(self) -> str:
        return {None: "", True: "ok", False: "miss"}[self.met]

    def as_json(self) -> dict:
        target = None if self.target is None else f"{self.target[0]} {self.target[1]:.4g}"
        return {"value": self.value, "ours": self.ours, "peer": self.peer, "target": target, "met": self.met, "spread": self.spread}


def at_least(bound: float) -> tuple[str, float]:
    return ">=", bound


def at_most(bound: float) -> tuple[str, float]:
    return "<=", bound


class Runs:
    """Results of interleaved rounds, by who was measured how."""

    def __init__(self) -> None:
        self.runs: dict[Hashable, list[Run]] = {}

    def add(self, key: Hashable, run: Run) -> None:
        self.runs.setdefault(key, []).append(run)

    def median(self, key: Hashable, what: str) -> float:
        return statistics.median(run[what] for run in self.runs[key])

    def spread(self, key: Hashable, what: str) -> float:
        values = [run[what] for run in self.runs[key]]
        middle = statistics.median(values)
        return (max(values) - min(values)) / 2 / middle if middle else 0.0

    def ratio(self, name: str, ours: Hashable, peer: Hashable, what: str, target: tuple[str, float] | None = None) -> Figure:
        """Our median against the peer's."""
        own, other = self.median(ours, what), self.median(peer, what)
        spread = max(self.spread(ours, what), self.spread(peer, what))
        return Figure(name, own / other if other else 0.0, own, other, target, spread)

    def own(self, name: str, key: Hashable, what: str, target: tuple[str, float] | None = None) -> Figure:
        """Our median by itself."""
        value = self.median(key, what)
        return Figure(name, value, value, None, target, self.spread(key, what))


def interleave(rounds: int, cases: dict[Hashable, Callable[[], Run]]) -> Runs:
    """Every case once a round, so that a slow minute of the machine meets all of them."""
    runs = Runs()
    for _ in range(rounds):
        for key, measure in cases.items():
            runs.add(key, measure())
    return runs


def shown(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def markdown(figures: Iterable[Figure]) -> str:
    lines = ["| measurement | ours | peer | figure | to reach | | spread |", "|---|---|---|---|---|---|---|"]
    for figure in figures:
        peer = "" if figure.peer is None else shown(figure.peer)
        lines.append(f"| {figure.name} | {shown(figure.ours)} | {peer} | {shown(figure.value)} | {figure.to_reach} | {figure.verdict} | {figure.spread:.0%} |")
    return "\n".join(lines)


def table(figures: Iterable[Figure]) -> str:
    lines = [f"{'measurement':<46} {'ours':>12} {'peer':>12} {'figure':>9} {'target':>9}      {'spread':>6}"]
    for figure in figures:
        peer = "" if figure.peer is None else f"{figure.peer:,.1f}"
        lines.append(f"{figure.name:<46} {figure.ours:>12,.1f} {peer:>12} {figure.value:>9,.3g} {figure.to_reach:>9} {figure.verdict:<4} {figure.spread:>6.0%}")
    return "\n".join(lines)
