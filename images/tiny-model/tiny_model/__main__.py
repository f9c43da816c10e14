"""`python -m tiny_model --out FOLDER`: makes the model, checks it and writes it with its card."""

import hashlib
import json
import random
import sys
import time
from dataclasses import asdict
from pathlib import Path

import torch
import transformers

from .answers import actions_of, sample_answers
from .play import random_turns
from .settings import Settings, parse
from .vocabulary import make_tokenizer, prompt_ids
from .warm_start import Shape, new_model, warm_start

VALID_SHARE = 0.95
"""Fewer valid calls than this and the model is of no use for a run."""
CARD = "model-card.json"


def say(text: str) -> None:
    print(text, flush=True)


def make(settings: Settings) -> None:
    """Writes config, weights, tokenizer, chat template and card. Raises RuntimeError when too few answers are calls."""
    started = time.monotonic()
    transformers.utils.logging.disable_progress_bar()
    # One thread: with more, sums are taken in another order from one machine to the next.
    torch.set_num_threads(1)
    rng = random.Random(settings.seed)
    turns = list(random_turns(rng, settings.worlds, settings.turns))
    tokenizer = make_tokenizer(turns)
    prompts = [(prompt_ids(tokenizer, turn), turn.player) for turn in turns]
    say(f"{len(turns)} turns of random play, {len(tokenizer)} tokens ({time.monotonic() - started:.0f} s)")

    torch.manual_seed(settings.seed)
    model = new_model(tokenizer, Shape())

    def report(step: int, loss: float) -> None:
        if step % 10 == 0:
            say(f"step {step} of {settings.steps}: {loss:.2f} nats a token ({time.monotonic() - started:.0f} s)")

    loss = warm_start(
        model,
        tokenizer,
        prompts,
        rng,
        steps=settings.steps,
        batch_size=settings.batch_size,
        answers=settings.answers,
        learning_rate=settings.learning_rate,
        report=report,
    )
    checked = [prompt for prompt, _ in rng.sample(prompts, settings.checked_answers)]
    answers = sample_answers(model, tokenizer, checked, settings.seed)
    calls = [actions for actions in map(actions_of, answers) if actions is not None]
    valid = len(calls) / len(answers)
    if valid < VALID_SHARE:
        raise RuntimeError(f"only {valid:.1%} of the model's answers are tool calls; {VALID_SHARE:.0%} are needed")

    settings.out.mkdir(parents=True)
    model.save_pretrained(settings.out)
    tokenizer.save_pretrained(settings.out)
    card = {
        "version": 1,
        "name": "rewardlab-tiny",
        "description": "Answers with random valid tool calls, of one length an episode; knows nothing of the game.",
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "vocabulary": len(tokenizer),
        "promptTokens": round(sum(len(prompt) for prompt, _ in prompts) / len(prompts), 1),
        "validCalls": round(valid, 4),
        "actionsPerCall": round(sum(map(len, calls)) / len(calls), 2),
        "loss": round(loss, 4),
        "settings": {key: value for key, value in asdict(settings).items() if key != "out"},
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "digest": "sha256:" + digest(settings.out),
        "seconds": round(time.monotonic() - started, 1),
    }
    (settings.out / CARD).write_text(json.dumps(card, indent=2) + "\n")
    for path in settings.out.iterdir():
        path.chmod(0o644)  # the pods read it as another user
    settings.out.chmod(0o755)
    say(f"{valid:.1%} of {len(answers)} answers are tool calls ({card['seconds']:.0f} s)")


def digest(folder: Path) -> str:
    """SHA-256 over the names and contents of the files, in the order of the names."""
    whole = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        whole.update(f"{path.name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


if __name__ == "__main__":
    try:
        make(parse(sys.argv[1:]))
    except RuntimeError as error:
        sys.exit(f"tiny_model: {error}")
