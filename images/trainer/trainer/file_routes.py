"""Routes that hand out a run's files: how adapters and checkpoints leave the node."""

import asyncio
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import FileResponse

from trainer.kept_files import adapter_files, newest_checkpoint
from trainer.schemas import RUN_NAME, KeptFiles

RunName = Annotated[str, Path(pattern=RUN_NAME)]
Version = Annotated[int, Path(ge=0)]


def file_routes(adapters_dir: FilePath) -> APIRouter:
    """On threads of their own, beside the worker: files are read while the next step is taken."""
    routes = APIRouter()

    @routes.get("/runs/{run}/adapters/{version}/files")
    async def adapter_listing(run: RunName, version: Version) -> KeptFiles:
        return await asyncio.to_thread(lambda: adapter_files(adapters_dir, run, version).listed())

    @routes.get("/runs/{run}/adapters/{version}/files/{name}")
    async def adapter_file(run: RunName, version: Version, name: str) -> FileResponse:
        return _sent(adapter_files(adapters_dir, run, version).path(name))

    @routes.get("/runs/{run}/checkpoint/files")
    async def checkpoint_listing(run: RunName) -> KeptFiles:
        return await asyncio.to_thread(lambda: newest_checkpoint(adapters_dir, run).listed())

    @routes.get("/runs/{run}/checkpoint/files/{name}")
    async def checkpoint_file(run: RunName, name: str) -> FileResponse:
        return _sent(newest_checkpoint(adapters_dir, run).path(name))

    return routes


def _sent(file: FilePath) -> FileResponse:
    return FileResponse(file, media_type="application/octet-stream")
