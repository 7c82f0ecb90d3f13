"""Bodies of which no form can be read, each with the type that it says it has."""

from typing import Final

import pytest

FORM: Final = "application/x-www-form-urlencoded"
JUNK: Final = [
    pytest.param(b"a=" + b"x" * 10_000_000, FORM, id="10 MB"),
    pytest.param(b"&".join(b"f%d=1" % n for n in range(2_000)), FORM, id="2,000 fields"),
    pytest.param(b"a=1", FORM + "; charset=utf-16", id="utf-16"),
    pytest.param(b"a=1", FORM + "; charset=no-such-thing", id="unknown charset"),
    pytest.param(b"--b\r\nnothing", "multipart/form-data; boundary=b", id="broken"),
    pytest.param(b"--b\r\n", "multipart/form-data", id="no boundary"),
    pytest.param(b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\xff\r\n--b--\r\n",
                 "multipart/form-data; boundary=b; charset=no-such-thing", id="unknown parts"),
    pytest.param(b"--b\r\n" + b"x: " + b"y" * 5_000 + b"\r\n\r\n\r\n--b--", "multipart/form-data; boundary=b",
                 id="headers"),
]
