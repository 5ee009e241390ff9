"""Holds what was applied against what was sent and told: nothing lost, doubled, changed, or made up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from uuid import UUID

from ops.storm.cases import CHECKOUT, Case, Slot, Try, cases_of, contested, slots_of
from ops.storm.evidence import Content, Evidence, Receipt
from ops.storm.expected import differences, expected_sale
from ops.storm.history import FAIL, OK, Told
from ops.storm.shop import Shop
from schemas.envelope import followup_id

CONFLICT, SEQUENCE_TAKEN = "idempotency.conflict", "sales.sequence_taken"
ROLL_UP, ACCRUE = "reports.roll_up", "points.accrue"
UNSEEN = 401
"""An answer given before anybody looked at the body."""


def check_applied(told: Told, found: Evidence) -> Iterator[str]:
    """Everything that is wrong, in words."""
    cases = cases_of(told)
    slots = slots_of(cases)
    parked = {row.command: row.reason for row in found.parked}
    for case in cases.values():
        yield from _check_case(case, found, parked, slots)
    yield from _check_slots(slots, found)
    yield from _check_made_up(cases, slots, found)
    yield from _check_content(told.shop, cases, found)
    yield from _check_followups(found)


def _check_case(case: Case, found: Evidence, parked: dict[str, str], slots: dict[Slot, list[Try]]) -> Iterator[str]:
    receipt = found.receipts.get(case.id)
    if case.id in parked:
        yield f"PARKED without fault: {case}: {parked[case.id]}"
    elif receipt is None and case.accepted:
        yield f"LOST: {case} was accepted, and nothing is known of it"
    for each in case.tries:
        yield from _check_told(case, each, receipt)
    if receipt is not None:
        yield from _check_receipt(case, receipt, found, slots)


def _check_told(case: Case, each: Try, receipt: Receipt | None) -> Iterator[str]:
    """What a till was told must be so."""
    call, answer = each.call, each.answer
    if call.outcome == OK and answer.get("command_id") != case.id:
        yield f"MISTOLD: {case}: call {call.number} was given the id {answer.get('command_id')}"
    if call.outcome == OK and answer.get("state") == "done" and not _truly_done(each, receipt):
        yield f"MISTOLD: {case}: call {call.number} was told done; the receipt says {receipt}"
    if call.outcome == FAIL and call.status != UNSEEN and not _truly_refused(each, receipt):
        yield f"MISTOLD: {case}: call {call.number} was refused ({call.code}); the receipt says {receipt}"


def _truly_done(each: Try, receipt: Receipt | None) -> bool:
    return receipt is not None and receipt.state == "done" and receipt.hash == each.hash


def _truly_refused(each: Try, receipt: Receipt | None) -> bool:
    if receipt is None:
        return False
    if each.call.code == CONFLICT:
        return receipt.hash != each.hash
    return receipt.state == "refused" and receipt.code == each.call.code and receipt.hash == each.hash


def _check_receipt(case: Case, receipt: Receipt, found: Evidence, slots: dict[Slot, list[Try]]) -> Iterator[str]:
    offer = case.of_hash(receipt.hash)
    if offer is None:
        yield f"MADE UP: {case} was settled with a body nobody sent"
        return
    slot = (case.terminal, offer.body["sequence"])
    if receipt.state == "done":
        sale = found.sales.get(receipt.answer.get("sale_id", ""))
        if sale is None or (sale["terminal_id"], sale["sequence"]) != slot:
            yield f"LOST: {case} is done, and its sale {receipt.answer.get('sale_id')} is not there"
        elif offer.due:
            yield f"WRONG: {case} was to be refused ({offer.due}), and was settled"
    elif receipt.code != offer.due and not (receipt.code == SEQUENCE_TAKEN and contested(slots[slot])):
        yield f"WRONG: {case} was refused without reason: {receipt.code}"


def _check_slots(slots: dict[Slot, list[Try]], found: Evidence) -> Iterator[str]:
    sold = Counter((sale["terminal_id"], sale["sequence"]) for sale in found.sales.values())
    for slot, count in sold.items():
        if count > 1:
            yield f"DOUBLED: {count} sales of till {slot[0]}, sequence {slot[1]}"
    for slot, tries in slots.items():
        wanted = any(each.call.outcome == OK and not each.offer.due for each in tries)
        if wanted and slot not in sold:
            yield f"LOST: till {slot[0]}, sequence {slot[1]} was accepted, and there is no sale"


def _check_made_up(cases: dict[str, Case], slots: dict[Slot, list[Try]], found: Evidence) -> Iterator[str]:
    for id_, receipt in found.receipts.items():
        if receipt.name == CHECKOUT and id_ not in cases:
            yield f"MADE UP: a receipt of {id_}, which nobody sent"
    for id_, sale in found.sales.items():
        if (sale["terminal_id"], sale["sequence"]) not in slots:
            yield f"MADE UP: sale {id_} of till {sale['terminal_id']}, sequence {sale['sequence']}"


def _done(found: Evidence) -> Iterator[tuple[str, Receipt, str]]:
    """(command, receipt, sale) of every checkout that was settled."""
    for id_, receipt in found.receipts.items():
        if receipt.name == CHECKOUT and receipt.state == "done":
            yield id_, receipt, receipt.answer.get("sale_id", "")


def _makers(found: Evidence) -> Iterator[tuple[str, str]]:
    """(command, sale) of every command that made a sale, rather than finding it made."""
    return ((command, sale) for command, receipt, sale in _done(found) if not receipt.answer.get("repeated"))


def _check_content(shop: Shop, cases: dict[str, Case], found: Evidence) -> Iterator[str]:
    made = Counter(sale for _, sale in _makers(found))
    for id_ in found.sales.keys() | made.keys():
        if made[id_] != 1 or id_ not in found.sales:
            there = "there" if id_ in found.sales else "not there"
            yield f"DOUBLED or LOST: sale {id_} is {there}, and {made[id_]} receipts say they made it"
    for command, receipt, sale in _done(found):
        case, content = cases.get(command), found.sales.get(sale)
        offer = case.of_hash(receipt.hash) if case else None
        if case and offer and content and (wrong := _wrong_content(shop, case, offer.body, content)):
            yield f"CHANGED: sale {sale}: {wrong}"


def _wrong_content(shop: Shop, case: Case, body: Content, content: Content) -> str:
    return differences(expected_sale(shop, case.terminal, body), content)


def _check_followups(found: Evidence) -> Iterator[str]:
    """Every sale has one roll-up, every sale of a member one accrual, and there are no others."""
    wanted: dict[str, set[str]] = {ROLL_UP: set(), ACCRUE: set()}
    for command, sale in _makers(found):
        wanted[ROLL_UP].add(str(followup_id(UUID(command), ROLL_UP)))
        if found.sales.get(sale, {}).get("member_id"):
            wanted[ACCRUE].add(str(followup_id(UUID(command), ACCRUE)))
    for name, ids in wanted.items():
        done = {id_ for id_, each in found.receipts.items() if each.name == name and each.state == "done"}
        any_state = {id_ for id_, each in found.receipts.items() if each.name == name}
        if missing := len(ids - done):
            yield f"LOST: {missing} sales without a settled {name}"
        if extra := len(any_state - ids):
            yield f"MADE UP: {extra} {name} of no sale"
