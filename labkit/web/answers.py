"""Errors as one line with the right status, as JSON for programs and as a page for people."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from db.errors import (
    DatabaseBusyError,
    DatabaseError,
    DatabaseStorageError,
    DataUnavailableError,
    DuplicateError,
    LabelStateError,
    UnknownRecordError,
)
from instruments.errors import InstrumentFileError
from labkit.errors import ChangedMeanwhileError, LabkitError, NotFoundError
from screening.errors import ScreeningError

__all__ = ["REFUSALS", "Refusal", "add_error_answers"]


class Refusal(BaseModel):
    """Why a request was refused."""

    error: str = Field(description="One line: what is wrong and what to do.")


REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Refusal, "description": "The request cannot be read"},
    401: {"model": Refusal, "description": "Not signed in"},
    403: {"model": Refusal, "description": "A reader may not change anything"},
    404: {"model": Refusal, "description": "The lab does not hold it"},
    409: {"model": Refusal, "description": "Somebody else was first, or it is there already"},
    413: {"model": Refusal, "description": "Too large"},
    422: {"model": Refusal, "description": "A value cannot be used"},
    503: {"model": Refusal, "description": "The database is busy, or a data set is not at hand"},
}
"""What every route may answer beside its result."""


def _status_of(error: Exception) -> int:
    if isinstance(error, UnknownRecordError | NotFoundError):
        return 404
    if isinstance(error, LabelStateError | DuplicateError | ChangedMeanwhileError):
        return 409
    if isinstance(error, DatabaseBusyError | DatabaseStorageError | DataUnavailableError):
        return 503
    return 422


def add_error_answers(app: FastAPI) -> None:
    """Teach the application to answer every error a user can cause in one line."""

    async def known(request: Request, error: Exception) -> Response:
        return _answer(request, _status_of(error), " ".join(str(error).split()))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        line = error.detail if isinstance(error.detail, str) else str(error.detail)
        if error.status_code == 404 and line == "Not Found":
            line = "there is nothing at this address"
        return _answer(request, error.status_code, line, dict(error.headers or {}))

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return _answer(request, 422, _line_of(error))

    for kind in (LabkitError, DatabaseError, InstrumentFileError, ScreeningError):
        app.add_exception_handler(kind, known)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)


def _line_of(error: RequestValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first.get("loc", ())[1:])
    message = str(first.get("msg", "cannot be read"))
    return f"{where}: {message}" if where else message


def _answer(
    request: Request, status: int, line: str, headers: dict[str, str] | None = None
) -> Response:
    if request.url.path.startswith(("/api", "/static/")):
        return JSONResponse({"error": line}, status, headers)
    from labkit.web.pages import render

    return render(request, "error.html", {"line": line, "status": status}, status=status)
