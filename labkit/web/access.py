"""Who asks, and what they may do: local use, tokens, sessions, roles.

Without users, and on an address of this machine alone, whoever sits at it is a curator. As soon
as a lab has users, or the address can be reached from elsewhere, everybody signs in with a token.
A session is a random cookie; the server keeps its SHA-256 and a CSRF token beside it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from dataclasses import dataclass

from labkit.workflows.lab import Lab
from labkit.workflows.users import Role, User, list_users, user_of_token

__all__ = ["Access", "Person", "Session"]

_IDLE_S = 12 * 3600.0
_MOST_SESSIONS = 10_000
_FAILURES_ALLOWED = 10
_FAILURE_WINDOW_S = 60.0


@dataclass(frozen=True)
class Person:
    """Somebody who may use the page.

    Attributes
    ----------
    name : str
        Stands in the history of what this person changes.
    role : {"reader", "curator"}
    token_id : str or None
        The token behind it; None for local use.
    """

    name: str
    role: Role
    token_id: str | None = None

    @property
    def may_change(self) -> bool:
        """Whether this person may do more than look."""
        return self.role == "curator"


@dataclass
class Session:
    """A signed-in browser."""

    person: Person
    csrf: str
    used_at: float


class Access:
    """Decides who a request comes from.

    Parameters
    ----------
    lab : Lab
    local_person : str or None
        Name of whoever uses the page without signing in; None demands a token from everybody.
    """

    def __init__(self, lab: Lab, local_person: str | None) -> None:
        self._lab = lab
        self._local_person = local_person
        self._sessions: dict[str, Session] = {}
        self._failures: dict[str, list[float]] = {}
        self._known_tokens: dict[bytes, str] = {}
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._users: tuple[tuple[int, int], list[User]] | None = None

    def users(self) -> list[User]:
        """Return the lab's users; the file is read again when it has changed."""
        try:
            status = (self._lab.folder / "users.json").stat()
        except FileNotFoundError:
            return []
        stamp = (status.st_mtime_ns, status.st_size)
        if self._users is None or self._users[0] != stamp:
            self._users = stamp, list_users(self._lab)
        return self._users[1]

    @property
    def local_person(self) -> Person | None:
        """Whoever sits at this machine, where nobody has to sign in."""
        if self._local_person is None or self.users():
            return None
        return Person(self._local_person, "curator")

    def person_of_token(self, token: str) -> Person | None:
        """Return whose token this is; a token seen before is recognised without scrypt."""
        seen = hmac.digest(self._key, token.encode(), "sha256")
        users = self.users()
        known = self._known_tokens.get(seen)
        found = next((user for user in users if user.token_id == known), None)
        if found is None:
            found = user_of_token(users, token)
            if found is None:
                return None
            self._known_tokens[seen] = found.token_id
        return Person(found.name, found.role, found.token_id)

    def may_try(self, client: str) -> bool:
        """Whether this client may try another token; ten wrong ones a minute are enough."""
        with self._lock:
            recent = [
                at
                for at in self._failures.get(client, ())
                if at > time.monotonic() - _FAILURE_WINDOW_S
            ]
            self._failures[client] = recent
            return len(recent) < _FAILURES_ALLOWED

    def note_failure(self, client: str) -> None:
        """Remember a wrong token."""
        with self._lock:
            self._failures.setdefault(client, []).append(time.monotonic())

    def open_session(self, person: Person) -> tuple[str, Session]:
        """Start a session; returns the cookie's value and the session."""
        value = secrets.token_urlsafe(32)
        session = Session(person, secrets.token_urlsafe(32), time.monotonic())
        with self._lock:
            if len(self._sessions) >= _MOST_SESSIONS:
                oldest = min(self._sessions, key=lambda key: self._sessions[key].used_at)
                del self._sessions[oldest]
            self._sessions[_hashed(value)] = session
        return value, session

    def session(self, value: str) -> Session | None:
        """Return the session of a cookie, if it is alive and its user still has that token."""
        key = _hashed(value)
        with self._lock:
            found = self._sessions.get(key)
            if found is None:
                return None
            if time.monotonic() - found.used_at > _IDLE_S or not self._stands(found.person):
                del self._sessions[key]
                return None
            found.used_at = time.monotonic()
            return found

    def _stands(self, person: Person) -> bool:
        if person.token_id is None:
            local = self.local_person
            return local is not None and local.name == person.name
        return any(
            user.token_id == person.token_id and user.role == person.role for user in self.users()
        )

    def close_session(self, value: str) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(_hashed(value), None)


def _hashed(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
