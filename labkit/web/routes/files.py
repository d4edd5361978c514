"""Raw files: the inbox, uploads, and what was missing."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Response, UploadFile

from labkit.errors import UsageError
from labkit.web.bench import Actor, TheBench, TheLab
from labkit.web.models import Completion, ImportedFile, ImportReport, Inbox
from labkit.web.routes.identifiers import Limit, Offset, Sha256
from labkit.web.uploads import uploaded_files
from labkit.web.watch_models import WatchState
from labkit.workflows.importing import import_paths
from labkit.workflows.inbox import complete_file, list_inbox
from labkit.workflows.recording import Arrival

router = APIRouter(prefix="/files", tags=["files"])

_MOST_FILES = 200


@router.get("")
def inbox(lab: TheLab, limit: Limit = 30, offset: Offset = 0) -> Inbox:
    """List the raw files that came in last."""
    return Inbox.model_validate(list_inbox(lab, limit=limit, offset=offset))


@router.get("/watched")
def watched(bench: TheBench) -> WatchState | None:
    """Tell what the watched folder brings; null where none is watched."""
    return None if bench.watch is None else WatchState.model_validate(bench.watch.status())


@router.post("", status_code=201)
def upload(
    files: list[UploadFile],
    bench: TheBench,
    person: Actor,
    response: Response,
    pellet: Annotated[str | None, Form(max_length=200)] = None,
    temperature: Annotated[str | None, Form(max_length=60)] = None,
) -> ImportReport:
    """Import raw files; a bad one is refused in one line and the rest go on.

    422 says that every one of them was refused.
    """
    if len(files) > _MOST_FILES:
        raise UsageError(f"{len(files)} files at once; send at most {_MOST_FILES}")
    with uploaded_files(bench.upload_folder, files) as paths:
        report = import_paths(
            bench.lab,
            paths,
            pellet=pellet or None,
            temperature=temperature or None,
            arrival=Arrival(person.name, "uploaded in the browser"),
        )
        places = {str(path): path.name for path in paths}
    for refused in report["refused"]:
        place = refused["file"]
        refused["error"] = refused["error"].replace(place, places[place])
        refused["file"] = places[place]
    if report["refused"] and not report["files"]:
        response.status_code = 422
    return ImportReport.model_validate(report)


@router.patch("/{sha256}")
def complete(sha256: Sha256, given: Completion, lab: TheLab, person: Actor) -> ImportedFile:
    """Say of which pellet, and at what temperature, a file was measured."""
    report: dict[str, Any] = complete_file(
        lab, sha256, pellet=given.pellet, temperature=given.temperature, actor=person.name
    )
    return ImportedFile.model_validate(report)
