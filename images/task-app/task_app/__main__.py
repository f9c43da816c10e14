"""Serve the task app: `python -m task_app`. Every setting is an environment variable (settings.py)."""

import logging
import sys

import uvicorn
from pydantic import ValidationError

from .app import create_app
from .settings import Settings

CONFIG_ERROR = 78
GRACE_S = 10
"""Rollouts still in progress at SIGTERM have this long to end."""


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line a model call says nothing that the rollout's doesn't
    try:
        settings = Settings()
        settings.trace_db  # noqa: B018  (a database server can't be used; say so now, not at the first rollout)
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            place = ".".join(map(str, problem["loc"]))
            print(f"task app: {place}: {problem['msg']}", file=sys.stderr)
        return CONFIG_ERROR
    except ValueError as error:
        print(f"task app: {error}", file=sys.stderr)
        return CONFIG_ERROR
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=GRACE_S,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
