"""The application: one lab, its API and its pages, behind the gate."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.concurrency import run_in_threadpool

import labkit
from labkit.web import pages
from labkit.web.access import Access
from labkit.web.answers import REFUSALS, add_error_answers
from labkit.web.bench import Bench
from labkit.web.gate import Gate, GateRules
from labkit.web.routes import (
    candidates,
    conflicts,
    corrections,
    files,
    labels,
    measurements,
    pellets,
    provenance,
    refinements,
    session,
)
from labkit.workflows.lab import Lab
from labkit.workflows.watching_aside import WatchAside

__all__ = ["create_app"]

_DESCRIPTION = """\
The bench of a solid-electrolyte laboratory: raw files in, conductivities with their errors,
labels decided by people, a ranked list of candidates. Units stand in the names of numbers;
impedances have the physics sign (capacitive: negative imaginary part). A refused request gets
`{"error": "one line"}`. Programs send `Authorization: Bearer TOKEN`.
"""


def create_app(
    lab: Lab,
    *,
    local_person: str | None = None,
    rules: GateRules | None = None,
    watch: WatchAside | None = None,
) -> FastAPI:
    """Make the application that serves one lab.

    Parameters
    ----------
    lab : Lab
        Open; the caller closes it.
    local_person : str, optional
        Who uses the page without signing in, while the lab has no users. None demands a token
        from everybody, as an address that others can reach must.
    rules : GateRules, optional
        Host names, cookies, sizes; for this machine alone by default.
    watch : WatchAside, optional
        A folder to watch for as long as the application runs.

    Returns
    -------
    FastAPI
        An ASGI application.
    """
    app = FastAPI(
        title="labkit",
        version=labkit.__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        swagger_ui_oauth2_redirect_url=None,
        lifespan=lambda _: _watching(watch),
    )
    rules = rules or GateRules()
    access = Access(lab, local_person)
    app.state.bench = Bench(lab, access, rules, watch)
    api = APIRouter(
        prefix="/api",
        responses=REFUSALS,
        dependencies=[Depends(HTTPBearer(auto_error=False))],
    )
    parts = (
        *(session, files, measurements, pellets, refinements, labels, conflicts, candidates),
        *(corrections, provenance),
    )
    for part in parts:
        api.include_router(part.router)
    app.include_router(api)
    app.include_router(pages.router)
    add_error_answers(app)
    app.add_middleware(Gate, access=access, rules=rules)
    return app


@asynccontextmanager
async def _watching(watch: WatchAside | None) -> AsyncIterator[None]:
    """Watch the folder while the application runs; the end waits for the file at hand."""
    if watch is None:
        yield
        return
    watch.start()
    try:
        yield
    finally:
        await run_in_threadpool(watch.stop)
