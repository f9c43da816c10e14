"""Prometheus metrics of the trainer, each with its unit in its name."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from trainer.schemas import StepResult

_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_GAUGES = {
    "loss": "Loss of the last step",
    "grad_norm": "Norm of the last step's gradient before clipping",
    "clipped_share": "Share of sequences (gspo) or tokens (grpo) of the last step whose gradient the clip cut off",
    "mismatch_mean_abs_logprob_delta_nats": "Mean |trainer - sampler| log-probability a token in the last step",
    "mismatch_max_abs_logprob_delta_nats": "Largest |trainer - sampler| log-probability in the last step",
    "mismatch_kl_nats": "KL(sampler || trainer) a token in the last step, k3 estimate",
    "mismatch_mean_ratio": "Mean probability ratio trainer / sampler in the last step",
}


class Metrics:
    def __init__(self, waiting: Callable[[], int]) -> None:
        """waiting: how many requests the worker has."""
        self._registry = CollectorRegistry()
        prefix, by_run = "rewardlab_trainer_", ["run"]
        self._ready = Gauge(f"{prefix}ready", "1 when the base model is loaded", registry=self._registry)
        queue = Gauge(f"{prefix}requests_waiting", "Requests waiting or being served", registry=self._registry)
        queue.set_function(waiting)
        self._step = Gauge(f"{prefix}step", "Completed steps", by_run, registry=self._registry)
        self._steps = Counter(f"{prefix}steps", "Steps taken", [*by_run, "outcome"], registry=self._registry)
        self._tokens = Counter(f"{prefix}tokens", "Tokens trained on", [*by_run, "kind"], registry=self._registry)
        self._zero = Counter(
            f"{prefix}zero_advantage_samples", "Samples without advantage", by_run, registry=self._registry
        )
        self._seconds = Histogram(
            f"{prefix}step_seconds", "Time of a step", [*by_run, "phase"], buckets=_SECONDS, registry=self._registry
        )
        self._gauges = {
            name: Gauge(prefix + name, text, by_run, registry=self._registry) for name, text in _GAUGES.items()
        }

    def set_ready(self) -> None:
        self._ready.set(1)

    def record_step(self, run: str, result: StepResult) -> None:
        self._steps.labels(run, "no_update" if result.no_update else "updated").inc()
        self._step.labels(run).set(result.step)
        self._tokens.labels(run, "prompt").inc(result.tokens.prompt)
        self._tokens.labels(run, "completion").inc(result.tokens.completion)
        self._zero.labels(run).inc(result.zero_advantage_samples)
        for phase, seconds in result.seconds.model_dump().items():
            self._seconds.labels(run, phase).observe(seconds)
        mismatch = result.mismatch
        values = (
            result.loss, result.grad_norm, result.clipped_share, mismatch.mean_abs_logprob_delta,
            mismatch.max_abs_logprob_delta, mismatch.kl, mismatch.mean_ratio,
        )  # fmt: skip
        for name, value in zip(_GAUGES, values, strict=True):
            self._gauges[name].labels(run).set(value)

    def record_failure(self, run: str) -> None:
        self._steps.labels(run, "failed").inc()

    def text(self) -> bytes:
        """The exposition format, version 0.0.4."""
        return generate_latest(self._registry)
