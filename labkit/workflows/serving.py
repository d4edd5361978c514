"""Whom the page serves, decided before it starts."""

from __future__ import annotations

import getpass
import ipaddress

from labkit.errors import UsageError
from labkit.workflows.lab import Lab
from labkit.workflows.users import list_users

__all__ = ["check_exposure", "is_local_address", "local_person"]


def is_local_address(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_exposure(lab: Lab, host: str, *, encrypted: bool, plain_http: bool) -> None:
    """Refuse to serve others without tokens, or tokens without encryption.

    Parameters
    ----------
    lab : Lab
    host : str
        Address that is listened on.
    encrypted : bool
        Whether a certificate is at hand.
    plain_http : bool
        Whether somebody said that unencrypted is all right.

    Raises
    ------
    UsageError
        When others could reach the page and nobody has a token, or tokens would travel in clear.
    """
    if is_local_address(host):
        return
    if not list_users(lab):
        raise UsageError(
            f"others can reach {host}, so everybody needs a token: "
            "add people with 'labkit user add NAME --role curator' first"
        )
    if not (encrypted or plain_http):
        raise UsageError(
            "tokens would cross the network unencrypted: give --certificate and --key, put a "
            "proxy with HTTPS in front of 127.0.0.1, or say --plain-http"
        )


def local_person(lab: Lab) -> str:
    """Return who sits at this machine: the reviewer of lab.toml, else the account's name."""
    if lab.settings.reviewer:
        return lab.settings.reviewer
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody at this machine"
