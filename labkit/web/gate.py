"""What every request passes before a route sees it: host, size, person, CSRF, role.

The rules hold for all routes at once, so that a new route cannot forget one.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from labkit.web.access import Access, Person, Session

__all__ = ["CSRF_HEADER", "Gate", "GateRules"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

CSRF_HEADER = "x-labkit-csrf"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_SIGN_IN = "/sign-in"
_SESSION = "/api/session"
_OPEN = frozenset(
    {_SIGN_IN, "/static/style.css", "/static/theme.js", "/static/sign-in.js", "/static/api.js",
     "/static/icon.svg"}
)  # fmt: skip
_UPLOAD = "/api/files"
_MOST_JSON_BYTES = 1_000_000

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})

SECURITY_HEADERS: Mapping[str, str] = {
    "content-security-policy": (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@dataclass(frozen=True)
class GateRules:
    """How strict the gate is.

    Attributes
    ----------
    hosts : frozenset of str
        Host names a request may be addressed to, without port, in lower case. A page on another
        name that resolves to this machine (DNS rebinding) is turned away.
    secure_cookies : bool
        Whether browsers reach the page over HTTPS only.
    upload_limit_bytes : int
        Largest body of one upload.
    """

    hosts: frozenset[str] = LOCAL_HOSTS
    secure_cookies: bool = False
    upload_limit_bytes: int = 200_000_000

    @property
    def cookie(self) -> str:
        """Name of the session cookie; the prefix makes browsers insist on HTTPS and path /."""
        return "__Host-labkit" if self.secure_cookies else "labkit"


class _Refused(Exception):
    def __init__(self, status: int, line: str) -> None:
        super().__init__(line)
        self.status = status
        self.line = line


class Gate:
    """ASGI middleware that lets through what the rules allow."""

    def __init__(self, app: Application, *, access: Access, rules: GateRules) -> None:
        self.app = app
        self.access = access
        self.rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request; ``scope["state"]`` gets ``person``, ``csrf`` and ``session_value``."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        headers = _headers(scope)
        cookies: list[str] = []
        try:
            self._check_host(headers)
            limit = self._limit(scope, headers)
            cookies += await self._identify(scope, headers)
        except _Refused as refused:
            await self._answer(scope, refused, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = {name.lower() for name, _ in message.get("headers", ())}
                added = [
                    (name.encode(), value.encode())
                    for name, value in SECURITY_HEADERS.items()
                    if name.encode() not in found
                ]
                added += [(b"set-cookie", cookie.encode()) for cookie in cookies]
                if b"cache-control" not in found:
                    added.append((b"cache-control", b"no-store"))
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        await self.app(scope, _counted(receive, limit), with_headers)

    def _check_host(self, headers: Mapping[str, str]) -> None:
        host = headers.get("host", "").lower()
        name = host if host.endswith("]") else host.rsplit(":", 1)[0] if ":" in host else host
        if name not in self.rules.hosts:
            raise _Refused(
                421, "this server does not answer to that name; start it with --allow-host NAME"
            )

    def _limit(self, scope: Scope, headers: Mapping[str, str]) -> int:
        """Return the most bytes this body may have; refuse one that announces more."""
        upload = scope["path"] == _UPLOAD and scope["method"] == "POST"
        limit = self.rules.upload_limit_bytes if upload else _MOST_JSON_BYTES
        announced = headers.get("content-length", "")
        if announced.isdigit() and int(announced) > limit:
            raise _Refused(413, _too_large(limit))
        return limit

    async def _identify(self, scope: Scope, headers: Mapping[str, str]) -> list[str]:
        """Find out who asks and whether they may; return cookies to set."""
        path, reading = scope["path"], scope["method"] in _READING
        person, session, value = await self._person(scope, headers)
        cookies: list[str] = []
        local = self.access.local_person
        if person is None and local is not None:
            person = local
            if reading and not path.startswith(("/api/", "/static/")):
                value, session = self.access.open_session(local)
                cookies.append(self._cookie(value))
        state = scope.setdefault("state", {})
        state["person"] = person
        state["csrf"] = session.csrf if session else ""
        state["session_value"] = value
        state["cookie_name"] = self.rules.cookie
        state["new_cookie"] = self._cookie
        signing_in = path == _SESSION and scope["method"] == "POST"
        if person is None:
            if not (path in _OPEN and reading) and not signing_in:
                raise _Refused(401, "sign in with your token first")
        elif not reading and not signing_in:
            if headers.get("authorization") is None:
                self._check_csrf(headers, session)
            if not person.may_change and path != _SESSION:
                raise _Refused(
                    403, f"{person.name} may look but not change anything: ask for role curator"
                )
        if signing_in:
            self._check_origin(headers)
        return cookies

    async def _person(
        self, scope: Scope, headers: Mapping[str, str]
    ) -> tuple[Person | None, Session | None, str | None]:
        bearer = headers.get("authorization", "")
        if bearer:
            scheme, _, token = bearer.partition(" ")
            client = _client(scope)
            if scheme.lower() != "bearer" or not self.access.may_try(client):
                raise _Refused(401, "send 'Authorization: Bearer TOKEN' with a valid token")
            person = await run_in_threadpool(self.access.person_of_token, token.strip())
            if person is None:
                self.access.note_failure(client)
                raise _Refused(401, "that token is not valid; ask for one ('labkit user add NAME')")
            return person, None, None
        value = _cookie_value(headers, self.rules.cookie)
        session = self.access.session(value) if value else None
        return (session.person, session, value) if session else (None, None, None)

    def _check_csrf(self, headers: Mapping[str, str], session: Session | None) -> None:
        self._check_origin(headers)
        sent = headers.get(CSRF_HEADER, "")
        if session is None or not hmac.compare_digest(sent.encode(), session.csrf.encode()):
            raise _Refused(403, "this page is out of date (no valid CSRF token); load it again")

    def _check_origin(self, headers: Mapping[str, str]) -> None:
        """Refuse a change that a browser says comes from another server's page."""
        origin = headers.get("origin")
        if (
            origin is not None
            and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
        ):
            raise _Refused(403, "changes are taken from this server's own pages only")

    def _cookie(self, value: str, *, gone: bool = False) -> str:
        secure = "; Secure" if self.rules.secure_cookies else ""
        age = "; Max-Age=0" if gone else ""
        return f"{self.rules.cookie}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}"

    async def _answer(self, scope: Scope, refused: _Refused, send: Send) -> None:
        headers = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
        headers.append((b"cache-control", b"no-store"))
        to_page = not scope["path"].startswith(("/api", "/static/"))
        if refused.status == 401 and to_page and scope["method"] in _READING:
            target = f"{_SIGN_IN}?next={quote(scope['path'], safe='')}"
            headers.append((b"location", target.encode("ascii", "replace")))
            await send({"type": "http.response.start", "status": 303, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        if refused.status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        headers.append((b"content-type", b"application/json"))
        await send({"type": "http.response.start", "status": refused.status, "headers": headers})
        await send({"type": "http.response.body", "body": orjson.dumps({"error": refused.line})})


def _too_large(limit: int) -> str:
    return f"more than the {limit / 1e6:.0f} MB this server takes; use 'labkit import' instead"


def _headers(scope: Scope) -> dict[str, str]:
    return {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
    }


def _client(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _cookie_value(headers: Mapping[str, str], name: str) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return None
    return None if found is None else found.value


def _counted(receive: Receive, limit: int) -> Receive:
    """Pass a body on while counting it; one that lied about its length ends with 413."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > limit:
                raise HTTPException(413, _too_large(limit))
        return message

    return counted
