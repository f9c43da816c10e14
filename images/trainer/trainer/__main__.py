"""Starts the trainer: python -m trainer."""

import logging
import sys

from trainer.settings import EXIT_CONFIG, SettingsError, settings_from_environment


def main() -> int:
    """Serves until a signal ends it. Exit status: 78 for settings that can't work, 1 if the model fails to load; a
    signal lets the step under way finish and then ends the process as usual."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        settings = settings_from_environment()
        # Only now the imports that take seconds: a bad variable is reported at once.
        from trainer.device import resolve_device

        resolve_device(settings)
    except SettingsError as error:
        print(f"trainer: bad settings\n{error}", file=sys.stderr)
        return EXIT_CONFIG
    import uvicorn

    from trainer.app import create_app

    failures: list[BaseException] = []

    def stop(error: BaseException) -> None:
        failures.append(error)
        server.should_exit = True

    app = create_app(settings, on_fatal=stop)
    server = uvicorn.Server(
        uvicorn.Config(app, settings.host, settings.port, log_level="warning", access_log=False, timeout_keep_alive=75)
    )
    server.run()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
