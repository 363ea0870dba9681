"""Ids of 15 characters that tell upper from lower case, and the 18 that need not: three more spell the upper ones."""

from __future__ import annotations

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def new(prefix: str, number: int) -> str:
    """The id of the nth record of an object."""
    text = ""
    while number:
        number, digit = divmod(number, len(DIGITS))
        text = DIGITS[digit] + text
    return whole(f"{prefix}gL00000{text:0>5}")


def whole(id: str) -> str:
    """With its three last characters; other texts as they are."""
    if len(id) != 15:
        return id
    chunks = (id[0:5], id[5:10], id[10:15])
    return id + "".join(ALPHABET[sum(1 << at for at, one in enumerate(part) if one.isupper())] for part in chunks)
