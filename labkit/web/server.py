"""The server process: uvicorn with the application of one lab."""

from __future__ import annotations

import logging
import socket
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from labkit.errors import UsageError
from labkit.web.app import create_app
from labkit.web.gate import LOCAL_HOSTS, GateRules
from labkit.workflows.lab import Lab
from labkit.workflows.recording import Arrival
from labkit.workflows.serving import check_exposure, is_local_address, local_person
from labkit.workflows.watching import Watch
from labkit.workflows.watching_aside import WatchAside

__all__ = ["ServeOptions", "listen_on", "serve"]

_SWITCH_INTERVAL_S = 5e-4


@dataclass(frozen=True)
class ServeOptions:
    """How the page is served.

    Attributes
    ----------
    host, port
        Where to listen; port 0 takes a free one.
    allowed_hosts
        Further names the page is called by.
    certificate, key
        Files for HTTPS.
    plain_http
        Serve others without encryption.
    behind_https
        A proxy in front speaks HTTPS: cookies are marked secure.
    upload_limit_mb
        Largest upload.
    watch
        A folder whose files are imported as they appear.
    settle_s
        Seconds without a change after which one of its files counts as complete.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    allowed_hosts: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    plain_http: bool = False
    behind_https: bool = False
    upload_limit_mb: int = 200
    watch: Path | None = None
    settle_s: float = 5.0


def serve(lab: Lab, options: ServeOptions, started: Callable[[str], None]) -> None:
    """Serve a lab until it is stopped.

    Parameters
    ----------
    lab : Lab
    options : ServeOptions
    started : callable
        Called with the address once the port is taken.

    Raises
    ------
    UsageError
        When the address cannot be used, serving there would be unsafe, or the folder to watch is
        not there.
    """
    encrypted = _is_encrypted(options)
    check_exposure(lab, options.host, encrypted=encrypted, plain_http=options.plain_http)
    local = is_local_address(options.host)
    hosts = {options.host.lower(), *(name.lower() for name in options.allowed_hosts)}
    if ":" in options.host:
        hosts.add(f"[{options.host.lower()}]")
    rules = GateRules(
        hosts=frozenset(hosts | (LOCAL_HOSTS if local else set())),
        secure_cookies=encrypted or options.behind_https,
        upload_limit_bytes=options.upload_limit_mb * 1_000_000,
    )
    # a page takes the interpreter some twenty times; beside a ranking it would wait 5 ms for each
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    watch = _watch_of(lab, options)
    app = create_app(
        lab, local_person=local_person(lab) if local else None, rules=rules, watch=watch
    )
    with listen_on(options.host, options.port) as listener:
        config = uvicorn.Config(
            app,
            log_level=logging.WARNING,
            access_log=False,
            server_header=False,
            ssl_certfile=options.certificate,
            ssl_keyfile=options.key,
            timeout_graceful_shutdown=3,
        )
        shown = f"[{options.host}]" if ":" in options.host else options.host
        port = listener.getsockname()[1]
        started(f"{'https' if encrypted else 'http'}://{shown}:{port}/")
        uvicorn.Server(config).run(sockets=[listener])


def _is_encrypted(options: ServeOptions) -> bool:
    """Whether HTTPS is spoken; certificate and key are tried before anybody is told an address."""
    for path in (options.certificate, options.key):
        if path is not None and not path.is_file():
            raise UsageError(f"{path}: no such file; certificate and key are PEM files")
    if options.certificate is None:
        return False
    try:
        # an empty passphrase: a protected key is refused instead of asked for on a terminal
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            options.certificate, options.key, password=""
        )
    except (ssl.SSLError, OSError, ValueError):
        raise UsageError(
            f"{options.certificate} and {options.key} cannot be used for HTTPS: they must be a "
            "certificate and its own key without a passphrase, both as PEM"
        ) from None
    return True


def _watch_of(lab: Lab, options: ServeOptions) -> WatchAside | None:
    if options.watch is None:
        return None
    arrival = Arrival(by=local_person(lab))
    return WatchAside(Watch(lab, options.watch, settle_s=options.settle_s, arrival=arrival))


def listen_on(host: str, port: int) -> socket.socket:
    """Take a port, so that connections wait from now on; port 0 takes a free one.

    Raises
    ------
    UsageError
        When the address cannot be listened on.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host} port {port}: {error.strerror or error}; "
            "choose another with --port"
        ) from None
    return listener
