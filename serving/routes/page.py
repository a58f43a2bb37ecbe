"""``/``: the web page and its files, which ask nothing of any other host."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

_UI = Path(__file__).resolve().parent.parent / "ui"
FILES = {"app.js": "text/javascript", "style.css": "text/css", "icon.svg": "image/svg+xml"}


def page_router() -> APIRouter:
    """The page at ``/`` and its files under ``/ui/``."""
    router = APIRouter(include_in_schema=False)

    def add(path: str, file: str, media_type: str) -> None:
        def serve() -> FileResponse:
            return FileResponse(_UI / file, media_type=media_type, headers={"Cache-Control": "no-cache"})

        router.add_api_route(path, serve, methods=["GET"])

    add("/", "index.html", "text/html")
    for file, media_type in FILES.items():
        add(f"/ui/{file}", file, media_type)
    return router
