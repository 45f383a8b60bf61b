"""The built console: two entries, hashed assets that never change, and every other page falls back to its
entry.
"""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from dispatch_server.errors import NotFound

_FOREVER = "public, max-age=31536000, immutable"
_NOT_PAGES = ("/api", "/whip", "/whep", "/socket.io", "/health", "/metrics", "/assets")


class Pages:
    def __init__(self, dist: Path, ca_path: Path | None) -> None:
        self._dist = dist
        self._ca_path = ca_path

    @property
    def built(self) -> bool:
        return (self._dist / "index.html").is_file()

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/ca.crt", self._authority)
        app.router.add_get("/assets/{name:.+}", self._asset)
        app.router.add_get("/{path:.*}", self._page)

    async def _authority(self, _request: web.Request) -> web.StreamResponse:
        """The local authority's certificate, for phones to trust."""
        if self._ca_path is None:
            raise NotFound()
        return web.Response(body=self._ca_path.read_bytes(), content_type="application/x-x509-ca-cert")

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        return self._file(self._dist / "assets" / request.match_info["name"], _FOREVER)

    async def _page(self, request: web.Request) -> web.StreamResponse:
        path = "/" + request.match_info["path"]
        if path.startswith(_NOT_PAGES):
            raise NotFound()
        if "." in path.rsplit("/", 1)[-1]:
            return self._file(self._dist / path.lstrip("/"), "public, max-age=3600")
        entry = "phone.html" if path == "/m" or path.startswith("/m/") else "index.html"
        if path == "/wall":
            entry = "wall.html"
        return self._file(self._dist / entry, "no-cache")

    def _file(self, path: Path, cache: str) -> web.StreamResponse:
        """A file of the built console, never one outside it. Raises: NotFound."""
        try:
            resolved = path.resolve()
            found = resolved.is_relative_to(self._dist.resolve()) and resolved.is_file()
        except (ValueError, OSError):  # a NUL, a name longer than the file system takes
            raise NotFound() from None
        if not found:
            raise NotFound()
        return web.FileResponse(resolved, headers={"Cache-Control": cache})
