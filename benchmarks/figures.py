"""What a benchmark found, beside what was to be reached, and how it is printed."""

import json
from dataclasses import dataclass

GO = "Go Octyne 1.4.2"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured number.

    Attributes:
        goal: from the table of goals; None when there is none.
        go: what the Go Octyne 1.4.2 reached on such a machine; None when it wasn't tried.
        at_most: the goal is an upper bound.
        notes: whatever else a reader should know, by name.
    """

    name: str
    value: float
    unit: str
    goal: float | None = None
    go: float | None = None
    at_most: bool = False
    notes: dict[str, object]

    @property
    def is_reached(self) -> bool | None:
        """Whether the goal is reached; None when there is none."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.at_most else self.value >= self.goal

    @property
    def ratio(self) -> float | None:
        """How many times as much as the Go Octyne's."""
        return self.value / self.go if self.go else None

    def as_json(self) -> str:
        """One line for programs."""
        return json.dumps(
            {
                "name": self.name,
                "value": _rounded(self.value),
                "unit": self.unit,
                "goal": self.goal,
                "reached": self.is_reached,
                "go": self.go,
                "ratio": _rounded(self.ratio) if self.ratio else None,
                **self.notes,
            }
        )

    def cells(self) -> list[str]:
        """One row for people."""
        bound = "<=" if self.at_most else ">="
        reached = {None: "", True: "yes", False: "NO"}[self.is_reached]
        return [
            self.name,
            f"{_number(self.value)} {self.unit}",
            "" if self.goal is None else f"{bound} {_number(self.goal)}",
            "" if self.go is None else _number(self.go),
            "" if self.ratio is None else f"{_number(self.ratio)} x",
            reached,
        ]


HEAD = ["what", "here", "goal", GO, "here / Go", "reached"]


def table(figures: list[Figure]) -> str:
    """All figures, aligned, as Markdown has it."""
    rows = [HEAD, *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _rounded(value: float) -> float:
    return round(value, 3) if abs(value) < 100 else round(value)


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
