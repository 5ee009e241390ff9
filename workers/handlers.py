"""`@handles(Command)`: which function settles which command. One command, one handler; the worker does the rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from marshmallow import ValidationError

from models.base import now
from models.receipts import DONE, REFUSED, Outcome
from models.rules.refusals import Refused
from ops.seals import BrokenSeal, unseal_fields
from schemas.base import CATALOGUE, Command
from schemas.envelope import Envelope, body_hash, followup_id

HANDLERS: dict[str, Handler] = {}
BATCH_MAX = 100


@dataclass(slots=True)
class Order:
    """A command at its handler: where it came from, its loaded body, and its fate. `at` is when it arrived here."""

    envelope: Envelope
    body: dict[str, Any]
    hash: bytes
    outcome: Outcome | None = None
    followups: list[Envelope] = field(default_factory=list)
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    at: datetime = field(default_factory=now)

    @property
    def merchant(self) -> Any:
        """The merchant whose command this is."""
        return self.envelope.merchant

    def done(self, **answer: Any) -> None:
        """Settled, with the answer for the client (plain JSON values)."""
        self.outcome = Outcome(DONE, answer)

    def refuse(self, refusal: Refused) -> None:
        """Refused by a rule: the receipt keeps the code, no effect and no follow-up remains."""
        self.followups.clear()
        self.outcome = Outcome(REFUSED, refusal.facts, refusal.code)

    def follow(self, command: type[Command], **body: Any) -> None:
        """Owe a further command; it leaves through the outbox when this one is committed."""
        nth = sum(1 for each in self.followups if each.name == command.command)
        self.followups.append(
            Envelope(
                id=followup_id(self.envelope.id, command.command, nth),
                name=command.command,
                merchant=self.envelope.merchant,
                store=self.envelope.store,
                at=self.at,
                trace=self.envelope.trace,
                body=body,
            )
        )


@dataclass(frozen=True, slots=True)
class Handler:
    """How one command is settled: alone by a function of an order, or up to `batch` by one of many orders."""

    command: type[Command]
    schema: Command
    function: Callable[[Any], Any]
    batch: int

    def read(self, envelope: Envelope) -> Order:
        """The order in an envelope; `ValidationError` when its body is not this command's."""
        digest = body_hash(envelope.body)
        try:
            plain = unseal_fields(envelope.merchant, envelope.body, self.command.personal)
        except BrokenSeal as error:
            raise ValidationError(str(error)) from error
        return Order(envelope, self.schema.load(plain), digest)


def handles(command: type[Command], batch: int = 1) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Declare the handler of a command. With `batch` it is given a list of orders and settles each of them."""

    def register(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        if command.command in HANDLERS or CATALOGUE.get(command.command) is not command:
            raise TypeError(f"{command.command} has a handler already, or is not in the catalogue")
        HANDLERS[command.command] = Handler(command, command(), function, min(batch, BATCH_MAX))
        return function

    return register
