"""People of a lab: a token is shown once, kept as a hash, and taken away."""

from __future__ import annotations

import os
import stat

import pytest

from labkit.errors import NotFoundError, SettingsError, UsageError
from labkit.workflows.lab import Lab
from labkit.workflows.serving import check_exposure, is_local_address
from labkit.workflows.users import add_user, list_users, remove_user, user_of_token


def test_a_token_names_its_user_and_no_other_does(new_lab: Lab) -> None:
    first = add_user(new_lab, "A. See", "curator")["token"]
    second = add_user(new_lab, "B. Look")["token"]
    users = list_users(new_lab)

    assert [(user.name, user.role) for user in users] == [
        ("A. See", "curator"),
        ("B. Look", "reader"),
    ]
    found = user_of_token(users, first)
    assert found is not None and found.name == "A. See"
    mixed = first[: first.rindex("_")] + second[second.rindex("_") :]
    wrong = (mixed, first[:-1] + ("A" if first[-1] != "A" else "B"), "", "lk_", second + "x")
    assert not any(user_of_token(users, token) for token in wrong)


def test_the_file_holds_no_token_and_only_its_owner_reads_it(new_lab: Lab) -> None:
    token = add_user(new_lab, "A. See")["token"]

    path = new_lab.folder / "users.json"
    assert token.rsplit("_", 1)[1] not in path.read_text(encoding="utf-8")
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_removed_user_has_no_token_any_more(new_lab: Lab) -> None:
    token = add_user(new_lab, "A. See")["token"]

    remove_user(new_lab, "a. see")

    assert user_of_token(list_users(new_lab), token) is None
    with pytest.raises(NotFoundError, match=r"'A\. See' is no user"):
        remove_user(new_lab, "A. See")


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\x00b", "A. SEE"])
def test_a_name_that_cannot_stand_in_a_history_is_refused(new_lab: Lab, name: str) -> None:
    add_user(new_lab, "A. See")

    with pytest.raises(UsageError):
        add_user(new_lab, name)


def test_a_damaged_file_is_told_and_lets_nobody_in(new_lab: Lab) -> None:
    (new_lab.folder / "users.json").write_text("{", encoding="utf-8")

    with pytest.raises(SettingsError, match="damaged"):
        list_users(new_lab)


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False),
     ("192.168.1.4", False), ("::", False), ("bench.example", False)],
)  # fmt: skip
def test_only_loopback_addresses_are_local(host: str, local: bool) -> None:
    assert is_local_address(host) is local


def test_others_are_served_only_with_tokens_and_encryption(new_lab: Lab) -> None:
    check_exposure(new_lab, "127.0.0.1", encrypted=False, plain_http=False)
    with pytest.raises(UsageError, match="labkit user add"):
        check_exposure(new_lab, "0.0.0.0", encrypted=True, plain_http=False)

    add_user(new_lab, "A. See")

    with pytest.raises(UsageError, match="unencrypted"):
        check_exposure(new_lab, "0.0.0.0", encrypted=False, plain_http=False)
    check_exposure(new_lab, "0.0.0.0", encrypted=True, plain_http=False)
    check_exposure(new_lab, "0.0.0.0", encrypted=False, plain_http=True)
