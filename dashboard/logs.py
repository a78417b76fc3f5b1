"""The server's log as lines of JSON, for whatever collects logs, where ``DMIL_LOG=json`` is set."""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Final

#: Environment variable: "json" for lines of JSON on stderr; anything else leaves the log as it is.
LOG: Final = "DMIL_LOG"


class JsonLines(logging.Formatter):
    """A line of JSON for each record: ``time`` (ISO 8601, UTC), ``level``, ``logger``, ``message``
    and, of a fault, ``trace``."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; whatever a message holds, it is one."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line)


def configure() -> None:
    """Have every logger write lines of JSON, if that is asked for.

    Streamlit and its server give some of their loggers handlers of their own; these are taken away,
    so that nothing is written twice.
    """
    if os.environ.get(LOG) != "json":
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    if root.level > logging.INFO:
        root.setLevel(logging.INFO)
    for logger in list(logging.root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger):
            logger.handlers, logger.propagate = [], True
