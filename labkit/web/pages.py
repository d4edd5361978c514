"""The pages: templates filled by the same workflows as the API, and their scripts and styles."""

from __future__ import annotations

import functools
import gzip
import hashlib
import re
import shlex
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

import labkit
from labkit import wording
from labkit.errors import UsageError
from labkit.web.bench import TheBench, TheLab
from labkit.web.models import MeasurementView
from labkit.web.routes.identifiers import (
    AnyId,
    LabelId,
    MeasurementId,
    PelletName,
    ReportKind,
    StructureId,
)
from labkit.workflows.batch_report import batch_report
from labkit.workflows.curation import list_conflicts
from labkit.workflows.describing_rankings import ABOUT_SCORES, told_together
from labkit.workflows.explaining import explain
from labkit.workflows.inbox import list_inbox
from labkit.workflows.lab import Lab
from labkit.workflows.label_evidence import label_counts, list_label_page, view_label
from labkit.workflows.measurement_views import list_measurements, view_measurement
from labkit.workflows.pellet_views import view_batch, view_pellet
from labkit.workflows.pellets import list_pellets
from labkit.workflows.ranking_report import ranking_report
from labkit.workflows.structure_views import view_structure
from labkit.workflows.temperature_series import ARRHENIUS

__all__ = ["render", "router"]

router = APIRouter(include_in_schema=False)

_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
# before each element or group, but not within a symbol
_ELEMENTS = re.compile(r"(?<=[A-Za-z0-9.)\]}])(?=[A-Z(\[{])")
_ROWS = 50
_CANDIDATES = 25
_MOVES = 8
Page = Annotated[int, Query(ge=1, le=100_000)]


@functools.cache
def _environment() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("labkit.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in wording.__all__:
        environment.filters[name] = getattr(wording, name)
    for name in ("conductivity", "length_mm", "resistance"):
        environment.filters[name] = functools.partial(_unbroken, getattr(wording, name))
    environment.filters["formula"] = _formula
    environment.filters["version"] = _versioned
    environment.filters["shell"] = shlex.quote
    return environment


def _unbroken(write: Callable[..., str], *values: Any, **more: Any) -> str:
    return wording.unbroken(write(*values, **more))


def _formula(text: str) -> Any:
    """Let a long formula break between elements only: a number cut in two reads as another."""
    from markupsafe import Markup, escape

    pieces = _ELEMENTS.split(text)
    return Markup('<span class="formula">{}</span>').format(
        Markup("<wbr>").join(escape(piece) for piece in pieces)
    )


def render(
    request: Request, template: str, values: Mapping[str, Any], *, status: int = 200
) -> HTMLResponse:
    """Fill a template; every text is escaped, so nothing in a file can become markup."""
    state = request.state
    person = getattr(state, "person", None)
    html = (
        _environment()
        .get_template(template)
        .render(
            person=person,
            csrf=getattr(state, "csrf", ""),
            path=request.url.path,
            labkit_version=labkit.__version__,
            **values,
        )
    )
    return HTMLResponse(html, status)


@functools.cache
def _static(name: str) -> tuple[bytes, bytes, str, str]:
    """Return a script or style: its bytes, the same by gzip, its type and its tag."""
    if name == "plotly.min.js":
        content = (files("plotly") / "package_data" / "plotly.min.js").read_bytes()
    else:
        place = files("labkit.web") / "static" / name
        if "/" in name or "\\" in name or name.startswith(".") or not place.is_file():
            raise HTTPException(404, "there is nothing at this address")
        content = place.read_bytes()
    kind = _TYPES.get(Path(name).suffix, "application/octet-stream")
    tag = hashlib.sha256(content).hexdigest()[:16]
    return content, gzip.compress(content, 6), kind, tag


def _versioned(name: str) -> str:
    """Return the address of a script or style; it changes with the content."""
    return f"/static/{name}?{_static(name)[3]}"


@router.get("/static/{name}")
def static(name: str, request: Request) -> Response:
    """Serve a script or style of the package, or plotly.js from the installed plotly."""
    content, packed, kind, tag = _static(name)
    headers = {
        "cache-control": "private, max-age=31536000, immutable",
        "etag": f'"{tag}"',
        "vary": "accept-encoding",
    }
    if request.headers.get("if-none-match") == f'"{tag}"':
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        content = packed
    return Response(content, media_type=kind, headers=headers)


@router.get("/sign-in")
def sign_in(request: Request) -> Response:
    """Ask for a token."""
    if getattr(request.state, "person", None) is not None:
        return RedirectResponse("/", 303)
    return render(request, "sign_in.html", {})


@router.get("/")
def inbox(request: Request, bench: TheBench, page: Page = 1) -> Response:
    """Show what came in, and take more."""
    lab = bench.lab
    found = list_inbox(lab, limit=24, offset=24 * (page - 1))
    values = {
        "inbox": found,
        "pellets": list_pellets(lab),
        "page": page,
        "pages": -(-found["total"] // 24),
        "upload_limit_bytes": bench.rules.upload_limit_bytes,
        "watched": None if bench.watch is None else bench.watch.status(),
    }
    return render(request, "inbox.html", values)


@router.get("/measurements")
def measurements(
    request: Request,
    lab: TheLab,
    pellet: Annotated[str, Query(max_length=200)] = "",
    verdict: Annotated[str, Query(pattern="^(|accepted|review|rejected)$")] = "",
    set_aside: bool = False,
    page: Page = 1,
) -> Response:
    """List the measurements."""
    found = list_measurements(
        lab,
        pellet=pellet or None,
        verdict=verdict or None,
        set_aside=set_aside,
        limit=_ROWS,
        offset=_ROWS * (page - 1),
    )
    values = {
        "found": found,
        "set_aside": set_aside,
        "pellets": list_pellets(lab),
        "pellet": pellet,
        "verdict": verdict,
        "page": page,
        "pages": -(-found["total"] // _ROWS),
    }
    return render(request, "measurements.html", values)


@router.get("/measurements/compare")
def compare(
    request: Request, lab: TheLab, id: Annotated[list[str], Query(max_length=12)]
) -> Response:
    """Show several spectra on the same axes."""
    views = [_spectrum(lab, identifier) for identifier in dict.fromkeys(id)]
    if not views:
        raise UsageError("choose measurements to compare")
    return render(request, "compare.html", {"views": views})


def _spectrum(lab: Lab, identifier: str) -> dict[str, Any]:
    """Return a measurement exactly as the API gives it; the page's script reads the same."""
    return MeasurementView.model_validate(view_measurement(lab, identifier)).model_dump(mode="json")


@router.get("/measurements/{measurement}")
def measurement(request: Request, measurement: MeasurementId, lab: TheLab) -> Response:
    """Show one measurement."""
    return render(request, "measurement.html", {"view": _spectrum(lab, measurement)})


@router.get("/pellets")
def pellets(request: Request, lab: TheLab) -> Response:
    """List the pellets."""
    return render(request, "pellets.html", {"pellets": list_pellets(lab)})


@router.get("/pellets/{name:path}")
def pellet(
    request: Request, name: PelletName, lab: TheLab, include_review: bool = False
) -> Response:
    """Show one pellet: Arrhenius, what a report needs, its measurements."""
    view = view_pellet(lab, name, include_review=include_review)
    values = {
        "view": view,
        "found": list_measurements(lab, pellet=view["name"], set_aside=True, limit=200),
        "include_review": include_review,
    }
    return render(request, "pellet.html", values)


@router.get("/batches/{name:path}")
def batch(request: Request, name: PelletName, lab: TheLab) -> Response:
    """Show the pellets of a batch side by side, diffraction and Vegard's law."""
    return render(request, "batch.html", {"view": view_batch(lab, name)})


@router.get("/structures/{structure}")
def structure(request: Request, structure: StructureId, lab: TheLab) -> Response:
    """Show one structure in space."""
    view = view_structure(lab, structure)
    has_lithium = any(atom["symbol"] == "Li" for atom in view["atoms"])
    return render(request, "structure.html", {"view": view, "has_lithium": has_lithium})


@router.get("/clusters")
def clusters(
    request: Request, bench: TheBench, cluster: Annotated[int | None, Query(ge=0)] = None
) -> Response:
    """Show the clusters on a map and as a tree."""
    values = {"view": bench.clusters(), "chosen": cluster}
    return render(request, "clusters.html", values)


@router.get("/conflicts")
def conflicts(
    request: Request,
    lab: TheLab,
    decades: Annotated[float, Query(gt=0, lt=30, allow_inf_nan=False)] = 1.0,
) -> Response:
    """Show cells to read and values that disagree."""
    return render(request, "conflicts.html", {"found": list_conflicts(lab, decades=decades)})


@router.get("/labels")
def labels(
    request: Request,
    lab: TheLab,
    state: Annotated[str, Query(pattern="^(|all|proposed|accepted|rejected|superseded)$")] = "",
    formula: Annotated[str, Query(max_length=200)] = "",
    page: Page = 1,
) -> Response:
    """Show the review queue, the accepted labels where nothing waits, or another state."""
    nothing_waits = not state and not label_counts(lab).get("proposed")
    state = state or ("accepted" if nothing_waits else "proposed")
    found = list_label_page(
        lab,
        state=None if state == "all" else state,
        formula=formula or None,
        limit=_ROWS,
        offset=_ROWS * (page - 1),
    )
    values = {
        "found": found,
        "nothing_waits": nothing_waits,
        "state": state,
        "formula": formula,
        "page": page,
        "pages": -(-found["total"] // _ROWS),
    }
    return render(request, "labels.html", values)


@router.get("/labels/conflicts")
def conflicts_of_labels() -> Response:
    """Lead to the conflicts, which people look for among the labels."""
    return RedirectResponse("/conflicts", 303)


@router.get("/labels/{label}")
def label(request: Request, label: LabelId, lab: TheLab) -> Response:
    """Show one label beside its evidence and what others published."""
    view = view_label(lab, label)
    evidence = view["evidence"] or {}
    spectrum = evidence.get("measurement")
    of_series = evidence.get("kind") == ARRHENIUS and evidence.get("pellet")
    values = {
        "view": view,
        "spectrum": _spectrum(lab, spectrum) if spectrum else None,
        "series": view_pellet(lab, evidence["pellet"])["series"] if of_series else None,
    }
    return render(request, "label.html", values)


@router.get("/candidates")
def candidates(request: Request, bench: TheBench) -> Response:
    """Show the ranking, what moved, and what to measure next."""
    try:
        (ranking, present), line = bench.standing_at_once(), None
    except UsageError as error:
        ranking, present, line = None, True, str(error)
    groups = [] if ranking is None else told_together(ranking["moved"])[:_MOVES]
    values = {
        "ranking": ranking,
        "present": present,
        "line": line,
        "shown": _CANDIDATES,
        "groups": groups,
        "told": sum(map(len, groups)),
        "about_scores": ABOUT_SCORES,
    }
    return render(request, "candidates.html", values)


@router.get("/reports/{kind}/{name:path}")
def report(kind: ReportKind, name: PelletName, lab: TheLab, download: bool = False) -> Response:
    """Give the report of a batch or a ranking, the same file that ``labkit report`` writes."""
    from urllib.parse import quote

    html = batch_report(lab, name) if kind == "batches" else ranking_report(lab, name)[0]
    headers = {}
    if download:
        file = quote(f"report {name}.html", safe="")
        headers["content-disposition"] = f"attachment; filename*=UTF-8''{file}"
    return HTMLResponse(html, headers=headers)


@router.get("/why")
def find(id: Annotated[str, Query(max_length=200)] = "") -> Response:
    """Lead from the search box to the chain behind a number."""
    from urllib.parse import quote

    return RedirectResponse(f"/why/{quote(id.strip(), safe='')}" if id.strip() else "/", 303)


@router.get("/why/{identifier}")
def why(request: Request, identifier: AnyId, lab: TheLab) -> Response:
    """Show the chain behind a number."""
    return render(request, "why.html", {"node": explain(lab, identifier)})
