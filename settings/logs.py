"""Logs: one JSON object a line, a constant message, and fields from an allow-list.

Whatever is not in the list does not get out: not a formatted argument, not the text of an exception, not a local
variable. An exception is named by its class and by the places it passed through (file, line, function).
"""

import json
import logging
import time
import traceback
from typing import Any

ALLOWED = frozenset({
    "code", "count", "kind", "ms", "status", "method", "server", "process", "backend", "port",
    "signal", "sockets", "batch", "lag", "timer", "retry", "reason_code", "queue",
})
# Libraries whose messages are constant or about the process alone; of all others only level and logger get out.
TRUSTED = ("realtime", "members", "consults", "privacy", "voice", "settings", "client")


class AllowListFormatter(logging.Formatter):
    """Writes the message template (never its arguments) of our own loggers, and of other loggers their name alone."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        ours = record.name.split(".", 1)[0] in TRUSTED
        line: dict[str, Any] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.msg if ours and isinstance(record.msg, str) else f"{record.module}:{record.lineno}",
        }
        for field, value in record.__dict__.items():
            if field in ALLOWED and isinstance(value, int | float | str) and field not in ("process", "module"):
                line[field] = value
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["at_lines"] = [
                f"{frame.filename.rsplit('/', 2)[-2]}/{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])[-8:]
            ]
        return json.dumps(line)


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"allow_list": {"()": AllowListFormatter}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "allow_list"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # Access lines would hold a thread's address beside a session's (privacy.md, "Seats and the vault").
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.request": {"handlers": [], "level": "ERROR", "propagate": True},
        "uvicorn": {"handlers": [], "level": "WARNING", "propagate": True},
        "uvicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
        "daphne": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.channels.server": {"handlers": [], "level": "CRITICAL", "propagate": False},
    },
}
