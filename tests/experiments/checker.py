"""The one checker: what was accepted against what came of it."""

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Verdict:
    """What an experiment found. `lost`, `duplicated` and `unexpected` are to be nought unless said otherwise."""

    name: str
    attempted: int
    accepted: int
    lost: int
    duplicated: int
    unexpected: int
    facts: dict[str, object] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def require(self, condition: bool, what: str) -> None:  # noqa: FBT001  # reads like an assertion
        """Notes `what` as a failure unless `condition` holds."""
        if not condition:
            self.failures.append(what)

    @property
    def passed(self) -> bool:
        """Whether all of it held."""
        return not (self.lost or self.duplicated or self.unexpected or self.failures)

    def print(self) -> int:
        """Prints the verdict; the exit status."""
        lines = [
            f"{self.name}: attempted {self.attempted} / accepted {self.accepted} / lost {self.lost}"
            f" / duplicated {self.duplicated} / unexpected {self.unexpected}",
            *(f"  {name}: {value}" for name, value in self.facts.items()),
            *(f"  FAILED: {failure}" for failure in self.failures),
            f"{self.name}: {'passed' if self.passed else 'FAILED'}",
        ]
        sys.stdout.write("\n".join(lines) + "\n")
        return 0 if self.passed else 1


def compare(name: str, *, attempted: int, accepted: Iterable[str], effects: Iterable[str]) -> Verdict:
    """Every accepted id is to have had exactly one effect, and nothing else any."""
    wanted, had = set(accepted), Counter(effects)
    return Verdict(
        name=name,
        attempted=attempted,
        accepted=len(wanted),
        lost=sum(1 for one in wanted if one not in had),
        duplicated=sum(count - 1 for one, count in had.items() if one in wanted),
        unexpected=sum(count for one, count in had.items() if one not in wanted),
    )
