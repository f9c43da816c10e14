"""The rollouts that this process knows of, for /run/status and /run/abort."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime

KEPT = 10_000
"""Finished rollouts remembered; the oldest are forgotten first."""


@dataclass(slots=True)
class Run:
    run_id: str
    status: str = "running"
    """running, completed or aborted; a failed rollout counts as aborted, as the contract has it."""
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    finished_at: datetime | None = None
    abort_requested: bool = False

    def finish(self, status: str) -> None:
        self.status, self.finished_at = status, datetime.now(UTC)


class Runs:
    """By run_id; a run_id that is used again replaces what was known of it."""

    def __init__(self) -> None:
        self._runs: OrderedDict[str, Run] = OrderedDict()

    def start(self, run_id: str) -> Run:
        run = self._runs[run_id] = Run(run_id)
        self._runs.move_to_end(run_id)
        while len(self._runs) > KEPT:
            self._runs.popitem(last=False)
        return run

    def get(self, run_id: str) -> Run | None:
        return self._runs.get(run_id)

    def abort(self, run_id: str) -> bool:
        """Ask a rollout to stop before its next op. False if the run_id is unknown."""
        run = self._runs.get(run_id)
        if run is None:
            return False
        run.abort_requested = True
        if run.finished_at is None:
            run.status = "aborted"
        return True
