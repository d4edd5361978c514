"""Signing in and out."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response

from labkit.web.bench import Actor, TheBench
from labkit.web.models import SignedIn, SignIn

router = APIRouter(prefix="/session", tags=["session"])


@router.get("")
def who_am_i(request: Request, person: Actor) -> SignedIn:
    """Say who is signed in, with which role."""
    return SignedIn(
        name=person.name,
        role=person.role,
        may_change=person.may_change,
        csrf=request.state.csrf,
    )


@router.post("")
def sign_in(given: SignIn, request: Request, response: Response, bench: TheBench) -> SignedIn:
    """Exchange a token for a session cookie."""
    client = request.client.host if request.client else ""
    if not bench.access.may_try(client):
        raise HTTPException(429, "too many wrong tokens; wait a minute")
    person = bench.access.person_of_token(given.token)
    if person is None:
        bench.access.note_failure(client)
        raise HTTPException(401, "that token is not valid; ask for one ('labkit user add NAME')")
    value, session = bench.access.open_session(person)
    response.headers.append("set-cookie", request.state.new_cookie(value))
    return SignedIn(
        name=person.name, role=person.role, may_change=person.may_change, csrf=session.csrf
    )


@router.delete("", status_code=204)
def sign_out(request: Request, response: Response, bench: TheBench) -> None:
    """End the session; its cookie is worth nothing afterwards."""
    if request.state.session_value:
        bench.access.close_session(request.state.session_value)
    response.headers.append("set-cookie", request.state.new_cookie("", gone=True))
