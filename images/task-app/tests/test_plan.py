"""What a request comes to (contract, sections 2.4, 2.5 and 3.6)."""

from typing import Any

import pytest
from conftest import rollout_body

from task_app.errors import InvalidEnvParams
from task_app.inference_request import build_request
from task_app.inference_url import chat_completions_url, correlation_id, provider_of
from task_app.plan import RolloutPlan, plan_rollout
from task_app.schemas import RolloutRequest
from task_app.seeds import run_seed, turn_seed


def _plan(body: dict[str, Any] | None = None, **changes: Any) -> RolloutPlan:
    return plan_rollout(RolloutRequest.model_validate({**(body or rollout_body()), **changes}))


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://h:8000", "http://h:8000/v1/chat/completions"),
        ("http://h:8000/v1/", "http://h:8000/v1/chat/completions"),
        ("http://h/v1/chat/completions", "http://h/v1/chat/completions"),
        ("http://h/v1?cid=a&x=1", "http://h/v1/chat/completions?cid=a&x=1"),
        ("https://h/proxy/groq/v1", "https://h/proxy/groq/v1/chat/completions"),
    ],
)
def test_inference_urls_are_completed_and_keep_their_query(given: str, url: str) -> None:
    assert chat_completions_url(given) == url


@pytest.mark.parametrize("url", ["", "ftp://h", "h:8000/v1", "file:///etc/passwd"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="inference_url"):
        chat_completions_url(url)


def test_providers_are_known_by_host_not_by_substring() -> None:
    assert provider_of("https://api.openai.com/v1") == "openai"
    assert provider_of("https://api.groq.com/x") == "groq"
    assert provider_of("http://openai.com.example/v1") == "custom"


def test_correlation_id_has_its_order() -> None:
    url = "http://h/v1?cid=c&trace=t"
    assert correlation_id({"trace_correlation_id": " a ", "trace": "b", "inference_url": url}) == "a"
    assert correlation_id({"trace": "b", "inference_url": url}) == "b"
    assert correlation_id({"inference_url": url}) == "c"
    assert correlation_id({"inference_url": "http://h/v1?trace=t"}) == "t"
    assert correlation_id({"trace_correlation_id": " "}) is None


def test_mode_rl_needs_a_correlation_id_and_others_get_one() -> None:
    body = rollout_body(trace_correlation_id=None)
    with pytest.raises(ValueError, match="trace_correlation_id is required"):
        _plan(body)
    assert _plan(body, mode="eval").correlation_id == "trace_episode-1"
    del body["mode"]
    assert _plan(body).correlation_id == "trace_episode-1", "the first generation has no mode and no id"


def test_ops_are_normalised_and_cut_to_the_turns() -> None:
    ops = [{"type": "policy"}, {"op": "environment"}, "MODEL", "step", "agent", "env"]
    assert _plan(rollout_body(turns=2), ops=ops).ops == ["agent", "env", "agent", "env"]
    body = rollout_body()
    del body["policy"]["config"]["max_llm_calls"]
    assert len(_plan(body, ops=["agent", "env"] * 50).ops) == 20, "ten turns unless max_llm_calls says otherwise"
    assert len(_plan(body, ops=["agent", "env"] * 5, safety={"max_ops": 3}).ops) == 3


def test_ops_may_be_absent() -> None:
    body = rollout_body(turns=3)
    del body["ops"]
    assert _plan(body).ops == ["agent", "env"] * 3


def test_an_absent_ops_list_is_bounded_however_many_calls_are_allowed() -> None:
    body = {**rollout_body(max_llm_calls=10**12), "safety": {"max_ops": 7}}
    del body["ops"]
    assert _plan(body).ops == ["agent", "env", "agent", "env", "agent", "env", "agent"]


def test_an_unknown_op_is_refused() -> None:
    with pytest.raises(ValueError, match="Unsupported op type 'dance' at index 1"):
        _plan(ops=["agent", "dance"])


@pytest.mark.parametrize("value", ["many", -1, [], {}])
def test_max_steps_per_episode_must_be_a_count(value: Any) -> None:
    env = {"env_name": "crafter", "config": {"env_params": {"max_steps_per_episode": value}}}
    with pytest.raises(InvalidEnvParams):
        _plan(env=env)


def test_max_steps_never_cuts_below_the_turns() -> None:
    env = {"env_name": "crafter", "config": {"env_params": {"max_steps_per_episode": 1}}}
    assert len(_plan(rollout_body(turns=4), env=env).ops) == 8


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("env", {"env_name": "wordle"}, "Unknown env_name"),
        ("policy", {"policy_name": "gpt"}, "Unknown policy_name"),
        ("policy", {"policy_id": "p1"}, "Policy p1 not found"),
        ("policy", {"policy_name": "crafter", "config": {"model": "m"}}, "inference_url is required"),
        ("policy", {"policy_name": "crafter", "config": {"inference_url": "http://h"}}, "model is required"),
    ],
)
def test_what_cannot_be_played_is_refused_by_name(part: str, value: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _plan(**{part: value})


def test_math_names_mean_crafter_with_step_rewards() -> None:
    body = rollout_body()
    body["policy"]["policy_name"] = "math-react"
    plan = _plan(body, env={"env_name": "math"}, ops=["agent", "env"])
    assert (plan.env_name, plan.policy_name) == ("crafter", "crafter-react")
    assert plan.step_rewards.active
    assert plan.step_rewards.indicator_lambda == 1.0
    assert plan.policy_config["max_completion_tokens"] == 1024


def test_world_seed_is_zero_if_absent() -> None:
    assert _plan(env={"env_name": "crafter"}).env_seed == 0


def test_the_second_generation_forces_a_structured_trace_unless_none_is_asked() -> None:
    record = {"return_trace": False, "trace_format": "compact"}
    body = {**rollout_body(), "record": record}
    assert _plan(body).trace_format == "structured"
    assert _plan(body, record={"trace_format": "none"}).trace_format == "none"
    del body["mode"]
    assert _plan(body).trace_format == "none"
    assert _plan(body, record={"return_trace": True}).trace_format == "compact"


def test_turn_seeds_are_derived_and_stable() -> None:
    assert turn_seed(5, 0) == turn_seed(5, 0)
    assert len({turn_seed(5, turn) for turn in range(100)} | {turn_seed(6, 0)}) == 101
    assert all(0 <= turn_seed(5, turn) < 2**31 for turn in range(100))
    assert run_seed("abc") == int("ba7816bf", 16), "first 8 hex digits of SHA-256"


def test_request_asks_for_tokens_and_seeds_each_turn() -> None:
    first, second = (build_request([], _plan(), turn) for turn in (0, 1))
    assert (first["logprobs"], first["top_logprobs"], first["return_token_ids"]) == (True, 0, True)
    assert first["tool_choice"] == "auto"
    assert first["seed"] == turn_seed(5, 0) != second["seed"]
    assert "extra_body" not in first


def test_request_without_our_keys_follows_the_contract() -> None:
    body = rollout_body(tool_choice=None, return_tokens=False, sampler_seed=None)
    request = build_request([], _plan(body), 0)
    assert request["tool_choice"] == {"type": "function", "function": {"name": "interact_many"}}
    assert request["parallel_tool_calls"] is False
    assert request["extra_body"]["chat_template_kwargs"] == {"enable_thinking": True, "thinking_budget": 1028}
    assert request["extra_body"]["stop_after_tool_calls"] == 1
    assert (request["temperature"], request["top_p"], request["max_tokens"]) == (0.2, 0.95, 512)
    assert not {"logprobs", "return_token_ids", "seed"} & set(request)


def test_openai_gets_required_and_gpt5_its_own_limits() -> None:
    body = rollout_body(tool_choice=None, inference_url="https://api.openai.com/v1?cid=1", model="gpt-5-nano")
    request = build_request([], _plan(body), 0)
    assert request["tool_choice"] == "required"
    assert request["max_completion_tokens"] == 512
    assert not {"temperature", "top_p", "max_tokens", "extra_body"} & set(request)


def test_thinking_goes_where_vllm_reads_it() -> None:
    request = build_request([], _plan(rollout_body(thinking_mode="no_think")), 0)
    assert request["chat_template_kwargs"]["enable_thinking"] is False
