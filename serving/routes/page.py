"""``/``: the web page and its files, which ask nothing of any other host."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

_UI = Path(__file__).resolve().parent.parent / "ui"
_DOCUMENTS = {"/docs/operations/runbook.md": _UI.parents[1] / "docs" / "operations" / "runbook.md"}
"""What the page reads of the documentation. It lies beside the code in a checkout; an installed package has none."""
_MEDIA_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".md": "text/plain",
}


def page_router() -> APIRouter:
    """The page at ``/``, its files under ``/ui/``, and the runbook."""
    router = APIRouter(include_in_schema=False)

    def add(path: str, file: Path) -> None:
        def serve() -> FileResponse:
            # no-cache = ask whether it changed: FileResponse answers with an ETag.
            return FileResponse(file, media_type=_MEDIA_TYPES[file.suffix], headers={"Cache-Control": "no-cache"})

        router.add_api_route(path, serve, methods=["GET"])

    add("/", _UI / "index.html")
    for file in sorted(_UI.iterdir()):
        if file.suffix in _MEDIA_TYPES:
            add(f"/ui/{file.name}", file)
    for path, file in _DOCUMENTS.items():
        if file.is_file():
            add(path, file)
    return router
