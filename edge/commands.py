"""What became of a command: pending, done, refused, conflict or parked, with its answer."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint

from edge.accept import WAIT_MAX_SECONDS, request_wait
from edge.document import PREFER_HEADER, shows
from edge.identity import caller, needs
from edge.reads import answer
from models.receipts import PENDING, outcome_of
from schemas.commands import CommandQuery, CommandView

blueprint = Blueprint("commands", __name__, url_prefix="/v1/commands", description=__doc__)
POLL_SECONDS = 0.05
HASH = {
    "name": "body",
    "in": "query",
    "required": False,
    "description": "The hash in the Location that was given: another body's outcome is then a conflict.",
    "schema": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
}


@blueprint.get("/<uuid:command_id>")
@needs()
@blueprint.arguments(CommandQuery, location="query")
@shows(CommandView, "The command's state.", parameters=[HASH, PREFER_HEADER])
def show(query: dict[str, Any], command_id: UUID) -> Response:
    """Ask for a command's outcome; `Prefer: wait=N` waits for it up to five seconds."""
    deadline = time.monotonic() + min(request_wait() or 0.0, WAIT_MAX_SECONDS)
    while True:
        name, outcome = outcome_of(caller().merchant, command_id, query["body"])
        if outcome.state != PENDING or time.monotonic() >= deadline:
            break
        time.sleep(POLL_SECONDS)
    state = {"id": str(command_id), "name": name, "state": outcome.state, "code": outcome.code}
    return answer({**state, "answer": outcome.answer})
