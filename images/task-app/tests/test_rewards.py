"""Rewards on worked examples (contract, section 4)."""

from collections import Counter
from typing import Any

import pytest

from task_app.calls import ToolCall
from task_app.resource_reward import resource_reward
from task_app.rewards import decision_reward, decision_rewards, outcome_reward, unlocked_between
from task_app.step_reward_report import decision_sample, stepwise_info, stepwise_summary
from task_app.step_rewards import StepRewards, read_step_rewards, strategy_named

SHAPED = StepRewards(
    enabled=True,
    mode="decision_stepwise",
    strategy="per_achievement",
    indicator_lambda=0.5,
    weights={"collect_wood": 0.8, "collect_sapling": 0.6},
    k_limits={"collect_wood": 4, "collect_sapling": 2},
)
SIMPLE = StepRewards(enabled=True, mode="decision_stepwise", strategy="consistent", indicator_lambda=1.0)


def test_outcome_counts_new_achievements_and_is_null_for_none() -> None:
    before, after = {"a": 1, "b": 0, "c": 0}, {"a": 2, "b": 1, "c": 3}
    assert unlocked_between(before, after) == ["b", "c"]
    assert outcome_reward(["b", "c"]) == 2.0
    assert outcome_reward([]) is None


def test_consistent_pays_a_decision_once_however_much_it_unlocks() -> None:
    one = decision_reward(["collect_wood"], {}, {"wood": 1}, SIMPLE, {})
    two = decision_reward(["collect_wood", "place_table"], {}, {}, SIMPLE, {})
    none = decision_reward([], {"wood": 0}, {"wood": 5}, SIMPLE, {})
    assert (one.reward, two.reward, none.reward) == (1.0, 1.0, 0.0)
    assert (one.indicator, none.indicator) == (1, 0)
    assert one.resources.total == 0.0, "resources pay under per_achievement alone"


def test_per_achievement_pays_weights_and_resources_times_lambda() -> None:
    reward = decision_reward(["collect_sapling", "collect_wood"], {"wood": 0}, {"wood": 2, "sapling": 1}, SHAPED, {})
    assert reward.base == pytest.approx(0.6 + 0.8 + 2 * 0.10 + 0.08)
    assert reward.reward == pytest.approx(0.5 * 1.68)
    assert reward.credited == ["collect_sapling", "collect_wood"]
    assert reward.resources.deltas == {"wood": 2, "sapling": 1}


def test_a_weight_that_is_not_given_is_one() -> None:
    assert decision_reward(["place_table"], {}, {}, SHAPED, {}).base == 1.0


@pytest.mark.parametrize(("limit", "count", "paid"), [(1, 0, 1.0), (1, 1, 0.0), (2, 1, 1.0), (0, 9, 1.0), (-1, 9, 1.0)])
def test_k_limit_bounds_how_often_a_name_is_paid(limit: int, count: int, paid: float) -> None:
    settings = StepRewards(True, "decision_stepwise", "per_achievement", 1.0, k_limits={"collect_wood": limit})
    reward = decision_reward(["collect_wood"], {}, {}, settings, {"collect_wood": count})
    assert reward.base == paid
    assert reward.indicator == 1, "the indicator follows the unlock even if it isn't paid"


def test_a_name_without_limit_is_paid_once() -> None:
    assert decision_reward(["wake_up"], {}, {}, SHAPED, Counter(wake_up=1)).base == 0.0


def test_resources_alone_set_the_indicator() -> None:
    reward = decision_reward([], {"wood": 1}, {"wood": 2}, SHAPED, {})
    assert (reward.indicator, reward.reward) == (1, pytest.approx(0.05))


@pytest.mark.parametrize(("given", "effective"), [(0.0, 1.0), (1.0, 1.0), (0.5, 0.5), (-1.0, -1.0)])
def test_lambda_zero_means_one(given: float, effective: float) -> None:
    settings = StepRewards(True, "decision_stepwise", "consistent", given)
    assert decision_reward(["wake_up"], {}, {}, settings, {}).reward == effective


def test_resource_table_and_its_edges() -> None:
    gains = {"wood": 1, "iron_pickaxe": 1, "health": 2, "diamond": 1, "drink": 3, "energy": 1}
    reward = resource_reward({}, gains)
    assert reward.total == pytest.approx(0.10 + 0.75 + 2 * 0.05 + 0.05 + 3 * 0.07 + 0.04)
    assert resource_reward({"wood": 5}, {"wood": 0}).total == 0.0, "losses cost nothing"
    assert resource_reward({"food": 9}, {"food": 9}).components == []


@pytest.mark.parametrize(
    ("name", "strategy"),
    [
        ("simple", "consistent"),
        ("Consistent_Stepwise", "consistent"),
        ("decision_consistent", "consistent"),
        ("per-achievement", "per_achievement"),
        ("perachievement", "per_achievement"),
        ("achievement_weighted", "per_achievement"),
        ("complex", "per_achievement"),
        ("no such thing", "consistent"),
        ("", "consistent"),
        (None, "consistent"),
    ],
)
def test_strategy_aliases(name: Any, strategy: str) -> None:
    assert strategy_named(name) == strategy


def test_settings_come_from_the_policy_first_then_the_environment() -> None:
    env = {"step_rewards": {"enabled": True, "mode": "Decision_Stepwise", "strategy": "complex", "k_limits": {"a": 2}}}
    assert read_step_rewards({}, env).active
    assert read_step_rewards({}, env).k_limits == {"a": 2}
    assert not read_step_rewards({"step_rewards": {"enabled": False, "mode": "decision_stepwise"}}, env).active


@pytest.mark.parametrize(
    "block",
    [None, {}, {"enabled": True}, {"enabled": True, "mode": "env_sparse"}, {"enabled": True, "mode": "off"}, "on"],
)
def test_stepwise_is_off_unless_enabled_and_decision_stepwise(block: Any) -> None:
    assert not read_step_rewards({"step_rewards": block}, {}).active


def test_unreadable_numbers_count_as_absent() -> None:
    block = {"indicator_lambda": "x", "weights": {"a": "1.5", "b": None, "c": "nan"}, "k_limits": {"a": "2", "b": []}}
    settings = read_step_rewards({"step_rewards": block}, {})
    assert (settings.indicator_lambda, settings.weights, settings.k_limits) == (0.0, {"a": 1.5}, {"a": 2})


def test_event_rewards_kinds_differ_only_after_a_repeat() -> None:
    first = decision_rewards(1, ["b", "a"], set())
    assert first == {"turn": 1, "ach_delta": 2, "unique_delta": 2, "all": ["a", "b"], "unique": ["a", "b"]}
    again = decision_rewards(2, ["a"], {"a", "b"})
    assert (again["ach_delta"], again["unique_delta"]) == (1, 0)


def test_reports_leave_out_what_is_empty() -> None:
    calls = [ToolCall("interact_many", {"actions": ["noop"]})]
    nothing = decision_reward([], {}, {}, SHAPED, {})
    assert set(stepwise_info(1, nothing, SHAPED)) == {
        "decision_index",
        "indicator",
        "new_achievements",
        "reward",
        "strategy",
        "base_reward",
    }
    assert decision_sample(1, nothing, SHAPED, calls) == {
        "decision_index": 1,
        "indicator": 0,
        "r_i": 0.0,
        "base": 0.0,
        "strategy": "per_achievement",
        "actions": [{"tool": "interact_many", "args": {"actions": ["noop"]}}],
    }


def test_summary_sums_resources_before_lambda() -> None:
    rewards = [decision_reward([], {}, {"wood": 1}, SHAPED, {}), decision_reward(["wake_up"], {}, {}, SHAPED, {})]
    summary = stepwise_summary(rewards, SHAPED, {"wake_up", "collect_wood"}, ["wake_up"])
    assert summary["resource_reward"] == pytest.approx(0.10)
    assert summary["reward_sum"] == pytest.approx(0.05 + 0.5)
    assert (summary["indicator_sum"], summary["new_achievements_total"]) == (2.0, 1)
    assert (summary["unique_achievements_total"], summary["unique_achievements"]) == (2, ["collect_wood", "wake_up"])
    assert summary["final_achievements"] == ["wake_up"]
    assert "step_beta" not in summary
    assert summary["weights"] == SHAPED.weights
    assert "weights" not in stepwise_summary([], SIMPLE, set(), [])
