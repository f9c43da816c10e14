"""What the log says of a rollout: one JSON line at its end, whatever the end."""

import json
import logging
import time
from typing import Any

from .plan import RolloutPlan
from .record import RolloutRecord

logger = logging.getLogger("task_app.rollout")


class RolloutLog:
    """Times one rollout and writes its line."""

    def __init__(self, plan: RolloutPlan) -> None:
        self._plan, self._start = plan, time.perf_counter()

    def finished(self, record: RolloutRecord) -> None:
        self._write(
            "rollout.aborted" if record.aborted else "rollout.finished",
            unlocks=len(record.episode.unlocks),
            achievements=[name for name, _ in record.episode.unlocks],
            mean_return=record.total_reward,
            resource_reward=round(record.resource_reward, 6),
            unique_achievements_total=len(record.seen),
            decisions=len(record.turns),
            invalid_actions=sum(turn.info["meta"]["invalid_actions"] for turn in record.turns),
            invalid_decisions=sum(not turn.info["meta"]["valid"] for turn in record.turns),
            stepwise=record.plan.step_rewards.strategy if record.plan.step_rewards.active else None,
            trajectory_hash=record.episode.hash.hexdigest(),
        )

    def failed(self, error: BaseException) -> None:
        self._write("rollout.failed", error=f"{type(error).__name__}: {error}"[:500])

    def _write(self, event: str, **values: Any) -> None:
        plan = self._plan
        line = {
            "event": event,
            "run_id": plan.run_id,
            "mode": plan.mode,
            "policy": plan.policy_name,
            "model": plan.policy_config.get("model"),
            "env_seed": plan.env_seed,
            **values,
            "seconds": round(time.perf_counter() - self._start, 3),
        }
        logger.info(json.dumps(line, ensure_ascii=False))
