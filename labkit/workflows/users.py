"""The people who may use a lab's page: their role, and a token that only its hash remembers.

A token is ``lk_ID_SECRET`` with 256 random bits in the secret. The lab folder keeps the scrypt
hash alone (RFC 7914), in ``users.json``, readable by its owner.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from labkit.errors import NotFoundError, SettingsError, UsageError
from labkit.whole_files import whole_file
from labkit.workflows.lab import Lab

__all__ = ["ROLES", "Role", "User", "add_user", "list_users", "remove_user", "user_of_token"]

Role = Literal["reader", "curator"]
ROLES: tuple[Role, ...] = ("reader", "curator")
"""A reader looks; a curator also imports, measures, and decides about labels."""

_FILE = "users.json"
_SCRYPT: dict[str, int] = {"n": 2**14, "r": 8, "p": 1}
_TOKEN = re.compile(r"lk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_LONGEST_NAME = 80


@dataclass(frozen=True)
class User:
    """One person who may sign in.

    Attributes
    ----------
    name : str
        Stands in the history of everything this person changes.
    role : {"reader", "curator"}
    token_id, salt, token_hash : str
        The public part of the token, and the scrypt hash of its secret (hexadecimal).
    created_at : str
        ISO 8601, UTC.
    """

    name: str
    role: Role
    token_id: str
    salt: str
    token_hash: str
    created_at: str


def add_user(lab: Lab, name: str, role: Role = "reader") -> dict[str, Any]:
    """Let a person sign in.

    Parameters
    ----------
    lab : Lab
    name : str
    role : {"reader", "curator"}

    Returns
    -------
    dict
        ``name``, ``role`` and the ``token``; it is shown this once and cannot be read again.

    Raises
    ------
    UsageError
        When the name is empty, too long or taken.
    """
    shown = " ".join(name.split())
    if not shown or len(shown) > _LONGEST_NAME or not shown.isprintable():
        raise UsageError(f"a user needs a name of 1 to {_LONGEST_NAME} printable characters")
    users = list_users(lab)
    if any(user.name.casefold() == shown.casefold() for user in users):
        raise UsageError(f"{shown} is a user already; remove them first to give a new token")
    token_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    salt = secrets.token_bytes(16)
    user = User(
        name=shown,
        role=role,
        token_id=token_id,
        salt=salt.hex(),
        token_hash=_scrypt(secret, salt).hex(),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    _write(lab, [*users, user])
    return {"name": shown, "role": role, "token": f"lk_{token_id}_{secret}"}


def remove_user(lab: Lab, name: str) -> None:
    """Take a person's token away; open sessions end with their next request.

    Raises
    ------
    NotFoundError
        When there is no such user.
    """
    users = list_users(lab)
    kept = [user for user in users if user.name.casefold() != name.strip().casefold()]
    if len(kept) == len(users):
        names = ", ".join(user.name for user in users) or "none yet"
        raise NotFoundError(f"{name!r} is no user of this lab (users: {names})")
    _write(lab, kept)


def list_users(lab: Lab) -> list[User]:
    """Return the users in the order they were added.

    Raises
    ------
    SettingsError
        When ``users.json`` is damaged.
    """
    path = lab.folder / _FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    try:
        return [User(**row) for row in json.loads(text)["users"]]
    except (ValueError, KeyError, TypeError):
        raise SettingsError(
            f"{path} is damaged; delete it and add the users again with 'labkit user add'"
        ) from None


def user_of_token(users: list[User], token: str) -> User | None:
    """Return whose token this is, or None; takes about 50 ms where the id is known."""
    match = _TOKEN.fullmatch(token.strip())
    if match is None:
        return None
    for user in users:
        if hmac.compare_digest(user.token_id, match[1]):
            found = _scrypt(match[2], bytes.fromhex(user.salt)).hex()
            return user if hmac.compare_digest(found, user.token_hash) else None
    return None


def _scrypt(secret: str, salt: bytes) -> bytes:
    return hashlib.scrypt(
        secret.encode(), salt=salt, n=_SCRYPT["n"], r=_SCRYPT["r"], p=_SCRYPT["p"], dklen=32
    )


def _write(lab: Lab, users: list[User]) -> None:
    """Write the file whole or not at all, readable by its owner alone."""
    content = json.dumps({"users": [asdict(user) for user in users]}, indent=1)
    with whole_file(lab.folder / _FILE, private=True) as part:
        part.write_text(content, encoding="utf-8")
