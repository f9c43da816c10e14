"""Bodies of the HTTP API: strict, so that a misspelt key is an error and never a default."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

RUN_NAME = r"^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$"

TokenIds = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class LoraSpec(Strict):
    rank: int = Field(ge=1, le=512)
    alpha: int = Field(ge=1)
    dropout: float = Field(ge=0, lt=1)
    target_modules: list[str] = Field(min_length=1)
    """Last parts of module names, or ["all-linear"]: every linear layer but the output head."""


class AlgorithmSpec(Strict):
    kind: Literal["gspo", "grpo", "policy_gradient"]
    clip_low: float = Field(gt=0)
    clip_high: float = Field(gt=0)
    tis_clip: float = Field(gt=0)


class OptimizerSpec(Strict):
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(ge=0)
    max_grad_norm: float = Field(gt=0)


class RunSpec(Strict):
    """Body of PUT /runs/{run}."""

    seed: int = Field(ge=0, lt=2**63)
    lora: LoraSpec
    algorithm: AlgorithmSpec
    optimizer: OptimizerSpec
    micro_batch: int = Field(ge=1, le=4096)


class Sample(Strict):
    """One decision: what the model read and what it wrote, in token ids."""

    id: str = Field(min_length=1)
    group: str
    prompt_ids: TokenIds
    completion_ids: TokenIds
    sampler_logprobs: list[Annotated[float, Field(le=1e-3)]]
    """Nats, one a completion token, at temperature 1 before top-p (vLLM's --logprobs-mode raw_logprobs)."""
    advantage: float
    loss_mask: list[bool] | None = None
    """False for completion tokens that the model did not choose (forced by guided decoding). None: all chosen."""

    @model_validator(mode="after")
    def _lengths_agree(self) -> "Sample":
        tokens = len(self.completion_ids)
        if len(self.sampler_logprobs) != tokens:
            raise ValueError(f"sampler_logprobs has {len(self.sampler_logprobs)} values for {tokens} completion tokens")
        if self.loss_mask is not None and len(self.loss_mask) != tokens:
            raise ValueError(f"loss_mask has {len(self.loss_mask)} values for {tokens} completion tokens")
        if self.loss_mask is not None and not any(self.loss_mask):
            raise ValueError("loss_mask leaves no token to learn from")
        return self


class StepRequest(Strict):
    """Body of POST /runs/{run}/steps."""

    step: int = Field(ge=1)
    cursor: dict[str, JsonValue] | None = None
    temperature: float = Field(gt=0)
    """Of the sampler when it drew the samples."""
    max_logprob_delta: float | None = Field(default=None, gt=0)
    """Nats. A sample whose mean |trainer - sampler| a token is above this was drawn by another policy: it is left out
    of the loss and counted. None: all are taken."""
    sampler_version: int | None = Field(default=None, ge=0)
    """The adapter version that drew the samples: the current one, which is step - 1, or the one before. None: the
    current one."""
    samples: list[Sample] = Field(min_length=1)

    @property
    def staleness(self) -> int:
        """Versions between the one that drew the samples and the one that learns from them."""
        return 0 if self.sampler_version is None else self.step - 1 - self.sampler_version

    @model_validator(mode="after")
    def _samples_are_recent(self) -> "StepRequest":
        if self.staleness not in (0, 1):
            raise ValueError(
                f"sampler_version {self.sampler_version} is neither the version that step {self.step} begins from, "
                f"{self.step - 1}, nor the one before it"
            )
        return self

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "StepRequest":
        seen: set[str] = set()
        for sample in self.samples:
            if sample.id in seen:
                raise ValueError(f"two samples have the id {sample.id!r}; a decision must not be counted twice")
            seen.add(sample.id)
        return self


class Sequence(Strict):
    prompt_ids: TokenIds
    completion_ids: TokenIds


class ScoreRequest(Strict):
    """Body of POST /runs/{run}/score."""

    adapter_version: int = Field(ge=0)
    sequences: list[Sequence] = Field(min_length=1)


class ScoreResult(Strict):
    logprobs: list[list[float]]
    """Nats at temperature 1, one list a sequence, one value a completion token."""


class AdapterRef(Strict):
    name: str
    version: int
    path: str
    digest: str


class AdapterOnDisk(Strict):
    """Answer of GET /runs/{run}/adapters/{version}: to be compared with the record before anybody loads the folder."""

    name: str
    digest: str | None
    """Of the files as they are now; None if there is no folder."""


class KeptFile(Strict):
    name: str
    size: int
    """Bytes."""
    sha256: str
    """Hexadecimal digits."""


class KeptFiles(Strict):
    """Answer of GET /runs/{run}/adapters/{version}/files and /runs/{run}/checkpoint/files."""

    version: int
    """Of the adapter, which is also the step that made it; of a checkpoint, its step."""
    files: list[KeptFile]


class Mismatch(Strict):
    """Trainer against sampler on the same tokens, both at temperature 1 (mismatch.py has the formulas)."""

    mean_abs_logprob_delta: float
    max_abs_logprob_delta: float
    kl: float
    mean_ratio: float


class TokenCounts(Strict):
    prompt: int
    completion: int


class StepSeconds(Strict):
    forward: float
    backward: float
    optimizer: float
    save: float
    total: float


class StepResult(Strict):
    """Answer of POST /runs/{run}/steps."""

    step: int
    adapter: AdapterRef
    loss: float
    grad_norm: float
    mismatch: Mismatch
    clipped_share: float
    ratio_mean: float
    zero_advantage_samples: int
    foreign_samples: int = 0
    """Left out of the loss by max_logprob_delta."""
    staleness: int = 0
    """Of the samples, in versions; `mismatch` and foreign_samples are under the version that drew them."""
    off_policy: Mismatch | None = None
    """Where staleness is not 0: the version that learned against the sampler, which the importance weight corrects."""
    samples: int
    tokens: TokenCounts
    seconds: StepSeconds
    no_update: bool


class RunState(Strict):
    """Answer of PUT and GET /runs/{run}."""

    run: str
    step: int
    adapter: AdapterRef
    cursor: dict[str, JsonValue] | None
    created: bool
    """Whether this request made the run."""
    spec_digest: str
    last_step: StepResult | None
    """Recorded result of the last completed step; None at step 0."""


class Problem(Strict):
    where: str
    problem: str


class ErrorBody(BaseModel):
    """Every answer with a status of 400 and more; some carry more keys (expected_step, problems)."""

    model_config = ConfigDict(extra="allow")

    error: str
    detail: str


JsonObject = dict[str, Any]
