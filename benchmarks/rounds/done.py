"""What happened in the rounds, in figures."""

from __future__ import annotations

from dataclasses import dataclass, field

KINDS = ("duplicate", "lost", "spurious delete", "resurrection", "divergence")


@dataclass
class Done:
    """What happened."""

    rounds: int = 0
    kills: int = 0
    restarts: int = 0
    faults: int = 0
    edits: int = 0
    meanwhile: int = 0
    """Of the edits: while a run was under way."""
    lost_to_conflicts: int = 0
    writes: int = 0
    """On the stand-ins, by users and by us."""
    mail: int = 0
    released: int = 0
    """Brakes that a person let go."""
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def add(self, writes: int, mail: int) -> None:
        """What the stand-ins counted."""
        self.writes += writes
        self.mail += mail

    def sentence(self, seed: int) -> str:
        """The figures, one line."""
        kinds = ", ".join(f"{kind} {sum(line.startswith(kind) for line in self.wrong)}" for kind in KINDS)
        return (
            f"seed {seed}: rounds {self.rounds}, kills {self.kills}, restarts {self.restarts}, faults {self.faults}, "
            f"edits {self.edits} ({self.meanwhile} during a run, {self.lost_to_conflicts} gave way in a conflict), "
            f"writes {self.writes}, brakes released {self.released}, mail {self.mail}, {kinds}, "
            f"seconds {self.seconds:.0f}"
        )
