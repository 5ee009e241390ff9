"""The only way a write enters: validate, seal, wrap, publish confirmed; wait for the answer where asked to.

A 202 is a promise: applied exactly once, or visibly refused or parked under its id.
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from flask import Response, g, request
from marshmallow import ValidationError

from edge.answers import answers
from edge.errors import Problem, problem
from edge.identity import caller
from edge.reads import Json
from models.faults import is_transient
from models.receipts import CONFLICT, DONE, PENDING, REFUSED, Outcome, outcome_of
from ops import cache
from ops.boundaries import boundary
from ops.broker import bundle
from ops.logs import trace
from ops.publisher import open_publisher
from ops.seals import seal_fields
from ops.settings import settings
from schemas.base import Command, area_of
from schemas.envelope import Actor, Envelope, body_hash, command_id

BODY_MAX_BYTES = 256 * 1024
WAIT_MAX_SECONDS = 5.0
REQUEST_SECONDS = 4.7
LOOK_UP_SECONDS = 2.0
PUBLIC_WAIT_SECONDS = 3.0
KEY = re.compile(r"^[\x21-\x7e]{1,128}\Z")
PREFER_WAIT = re.compile(r"(?:^|[\s,;])wait=(\d{1,9})(?=$|[\s,;])")

publisher = open_publisher()
_ages: dict[str, tuple[Any, int]] = {}


@dataclass(slots=True)
class Accepted:
    """A command on its way, and the body as validated."""

    envelope: Envelope
    hash: str
    foreseen: dict[str, Any] = field(default_factory=dict)


@lru_cache
def schema_of(command: type[Command]) -> Command:
    """The schema of a command, made once."""
    return command()


def read_json() -> dict[str, Any]:
    """The request's JSON object."""
    length = request.content_length
    if length is not None and length > BODY_MAX_BYTES:
        raise Problem("request.too_large")
    if request.environ.get("CONTENT_TYPE") != "application/json" and request.mimetype != "application/json":
        raise Problem("request.media_type")
    data = request.get_data(cache=False)
    if len(data) > BODY_MAX_BYTES:
        raise Problem("request.too_large")
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Problem("request.malformed", f"not JSON: {error}") from error
    if not isinstance(body, dict):
        raise Problem("request.malformed", "a JSON object is expected")
    return body


def idempotency_key(command: type[Command]) -> str:
    """The client's key; one of ours only where nothing of value moves."""
    key = request.headers.get("Idempotency-Key")
    if key is None and not command.value:
        return secrets.token_hex(16)
    if key is None or not KEY.match(key):
        raise Problem("request.key_missing")
    return key


def accept(
    command: type[Command], body: dict[str, Any] | None = None, foreseen: dict[str, Any] | None = None
) -> Response:
    """Take the request's body (or one made from it) as a command of the caller's, and answer.

    `foreseen` is what only this process can tell: it joins the answer, unless that is a refusal.
    """
    asked = caller()
    plain = read_json() if body is None else body
    accepted = prepare(command, plain, idempotency_key(command), merchant=asked.merchant, actor=asked.actor)
    accepted.envelope.store = asked.store
    accepted.foreseen |= foreseen or {}
    return respond(command, accepted, publish_and_wait(accepted, wait_seconds(command)))


def prepare(command: type[Command], plain: dict[str, Any], key: str, *, merchant: UUID, actor: Actor) -> Accepted:
    """Validate a body and wrap it; `ValidationError` names each bad field."""
    turn_away_from_old_queue(command)
    loaded = schema_of(command).load(plain)
    id_ = command_id(merchant, actor, command.command, key)
    sealed = seal_fields(merchant, plain, command.personal) if command.personal else plain
    envelope = Envelope(id=id_, name=command.command, merchant=merchant, body=sealed, actor=actor, trace=trace.get())
    return Accepted(envelope, body_hash(sealed).hex()[:16], command.foresee(loaded, id_))


def turn_away_from_old_queue(command: type[Command]) -> None:
    """`system.busy` while commands of this area lie longer than `queue_age_max_seconds` before they are settled."""
    area, at = area_of(command), time.monotonic()
    looked, age = _ages.get(area, (0, 0))
    if at - looked > 1:
        age = cache.age_of(area)
        _ages[area] = (at, age)
    if age > settings().queue_age_max_seconds:
        raise Problem("system.busy", f"{area} are settled {age} s late at present", retry_after=5)


def publish_and_wait(accepted: Accepted, seconds: float) -> Outcome:
    """Publish, then wait up to `seconds` for the outcome; `pending` when it has not come."""
    envelope = accepted.envelope
    if seconds <= 0:
        _publish([envelope])
        return Outcome(PENDING)
    envelope.reply = answers.channel
    awaited = f"{envelope.id}?body={accepted.hash}"
    waiter = answers.expect(awaited)
    try:
        began = time.monotonic()
        _publish([envelope])
        waiter.event.wait(max(0.1, min(seconds - (time.monotonic() - began), _budget())))
    finally:
        answers.forget(awaited, waiter)
    return Outcome(**waiter.outcome) if waiter.outcome is not None else _looked_up(accepted)


def _looked_up(accepted: Accepted) -> Outcome:
    """Nobody announced it; perhaps the receipt is there all the same. It was accepted either way."""
    if _budget() < LOOK_UP_SECONDS:
        return Outcome(PENDING)
    try:
        return outcome_of(accepted.envelope.merchant, accepted.envelope.id, accepted.hash)[1]
    except Exception as error:
        if not is_transient(error):
            raise
        return Outcome(PENDING)


def _budget() -> float:
    """Seconds left for this request before a till gives it up."""
    return REQUEST_SECONDS - (time.perf_counter() - g.began)


def settled(accepted: Accepted) -> Outcome:
    """The outcome, for a client without a token to ask for it later: `system.busy` when it is not known."""
    outcome = publish_and_wait(accepted, max(PUBLIC_WAIT_SECONDS, request_wait() or 0.0))
    if outcome.state not in (DONE, REFUSED, CONFLICT):
        raise Problem("system.busy")
    return outcome


def publish_bundle(accepted: list[Accepted]) -> None:
    """Publish several commands of one name as one message: all are taken, or none."""
    _publish([each.envelope for each in accepted])


def _publish(envelopes: list[Envelope]) -> None:
    boundary("edge before publish")
    message = bundle(envelopes[0].name, [envelope.to_wire() for envelope in envelopes])
    publisher.send(message, max(0.5, _budget()))
    boundary("edge after publish")


def request_wait() -> float | None:
    """The seconds of `Prefer: wait=N`; 0 for `respond-async`; None without a preference."""
    prefer = request.headers.get("Prefer", "")
    asked = PREFER_WAIT.search(prefer)
    if asked:
        return min(float(asked.group(1)), WAIT_MAX_SECONDS)
    return 0.0 if "respond-async" in prefer else None


def wait_seconds(command: type[Command]) -> float:
    """How long to wait: as the client prefers, else as the command does."""
    asked = request_wait()
    return command.wait_seconds if asked is None else asked


def respond(command: type[Command], accepted: Accepted, outcome: Outcome) -> Response:
    """The answer for an outcome: 201/200, a refusal's own status, or 202 with where to ask."""
    envelope = accepted.envelope
    location = f"/v1/commands/{envelope.id}?body={accepted.hash}"
    if outcome.state in (REFUSED, CONFLICT) and outcome.code:
        response = problem(outcome.code, command_id=str(envelope.id), **outcome.answer)
        response.headers["Location"] = location
    elif outcome.state == DONE:
        done = {"command_id": str(envelope.id), "state": DONE, **accepted.foreseen, **outcome.answer}
        response = Json(done, command.status, location)
    else:
        pending = {"command_id": str(envelope.id), "state": outcome.state, **accepted.foreseen}
        response = Json(pending, 202, location)
    if outcome.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    if outcome.state != PENDING and request_wait():
        response.headers["Preference-Applied"] = request.headers["Prefer"]
    return response


def validated(schema: Any) -> dict[str, Any]:
    """The request's JSON loaded by a schema, for routes that only ask."""
    loaded = schema.load(read_json())
    if not isinstance(loaded, dict):
        raise ValidationError("an object is expected")
    return loaded
