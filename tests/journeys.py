"""A part of the sample, settled in this process without edge or broker, as a replay would have left it."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

from models.base import db, new_id, now
from models.catalogue import Product, Sku, Stock, StockMovement
from models.members import Card, Member
from models.merchants import Store, Terminal
from models.rows import execute, insert_rows, upsert_rows
from ops.journey import shop as journey
from ops.journey.baskets import Basket, read_baskets
from ops.journey.catalogue import Catalogue, read_catalogue
from ops.journey.rows import SAMPLE, fingerprint
from ops.journey.sample import ODD_BASKETS
from ops.journey.verify import VerifyOptions, verify
from ops.replay.state import Answered, State
from ops.replay.till import Ids, checkout
from schemas.envelope import Actor, Envelope
from tests.shops import Shop, deliver_all, make_shop
from workers.handlers import HANDLERS, Order

BUSY = ("356", "367")
WEEK = "11"


@dataclass
class Settled:
    """A shop whose sales are settled, and what verify says of them."""

    options: VerifyOptions
    merchant: UUID
    told: list[str]

    def verify(self) -> bool:
        """Compare; `told` is what was said."""
        self.told.clear()
        return verify(self.options, self.told.append)

    def alter(self, sql: str) -> None:
        """Change rows of the merchant: a statement that ends in its WHERE."""
        with db.transact():
            assert execute(f"{sql} merchant_id = {db.param}", [self.merchant]) > 0


def write_part(folder: Path) -> Path:
    """Two stores in the week of the change to summer time, and the sample's odd baskets."""
    folder.mkdir()
    with gzip.open(SAMPLE / "transactions.csv.gz", "rt") as file:
        head, *lines = file.readlines()
    fields = [line.split(",") for line in lines]
    part = [
        line
        for line, field in zip(lines, fields, strict=True)
        if field[2] in ODD_BASKETS or (field[1] in BUSY and field[9] == WEEK)
    ]
    with gzip.open(folder / "transactions.csv.gz", "wt") as packed:
        packed.writelines([head, *part])
    (folder / "products.csv.gz").write_bytes((SAMPLE / "products.csv.gz").read_bytes())
    return folder


def settle_part(folder: Path) -> Settled:
    """Open a shop for the part, settle its baskets in batches as the workers would, keep a replay's state."""
    source = write_part(folder / "input")
    catalogue = read_catalogue(source)
    baskets = [basket for basket in read_baskets(source, catalogue) if basket.lines]
    shop, state = make_shop(), State(folder / "state")
    _open(shop, state, catalogue, baskets)
    orders = _orders(shop, state, baskets)
    for start in range(0, len(orders), 100):
        assert not deliver_all(orders[start : start + 100])
    shop.settle_followups()
    state.bind("input", fingerprint(source))
    state.answered([Answered(basket.id, "command", "sale") for basket in baskets])
    state.close()
    return Settled(VerifyOptions(source, folder / "state", shop.merchant.hex, patience_s=0), shop.merchant, [])


def _open(shop: Shop, state: State, catalogue: Catalogue, baskets: list[Basket]) -> None:
    # A replay's merchant holds what the replay made and nothing else: the shop's own rows would be strangers.
    for table in (Terminal, Store, Sku, Product):
        table.delete().where(table.merchant_id == shop.merchant).execute()
    stores = sorted({basket.store for basket in baskets})
    codes = {line.product for basket in baskets for line in basket.lines}
    codes |= {code for store in stores for code, _ in catalogue.deliveries(store)}
    _load(shop, state, catalogue, sorted(codes))
    for store in stores:
        _open_store(shop, state, catalogue, store)
    for household in sorted({basket.household for basket in baskets}):
        _enrol(shop, state, household)
    state.number((basket.id, basket.store, 1) for basket in baskets)


def _load(shop: Shop, state: State, catalogue: Catalogue, codes: list[str]) -> None:
    ids = {code: new_id() for code in codes}
    products = [catalogue.products[code] for code in codes]
    with db.transact():
        insert_rows(Product, [(shop.merchant, ids[p.code], None, p.name) for p in products])
        insert_rows(
            Sku,
            [
                (shop.merchant, ids[p.code], ids[p.code], p.code, p.price_cents, p.cost_cents, p.unit, now())
                for p in products
            ],
        )
    state.write("INSERT INTO sku VALUES (?, ?)", [(code, str(id_)) for code, id_ in ids.items()])


def _open_store(shop: Shop, state: State, catalogue: Catalogue, code: str) -> None:
    store, till, source = new_id(), new_id(), new_id()
    ids = {sku: UUID(id_) for sku, id_ in state.all("SELECT code, id FROM sku")}
    received = [(ids[sku], quantity) for sku, quantity in catalogue.deliveries(code)]
    zone = {"time_zone": journey.TIME_ZONE, "day_cutoff_minutes": journey.DAY_CUTOFF_MINUTES}
    with db.transact():
        Store.insert(merchant_id=shop.merchant, id=store, code=code, name=code, **zone).execute()
        Terminal.insert(merchant_id=shop.merchant, id=till, store_id=store, name="Till", created_at=now()).execute()
        insert_rows(
            StockMovement,
            [
                (shop.merchant, source, nth, store, sku, "receive", quantity, now())
                for nth, (sku, quantity) in enumerate(received)
            ],
        )
        upsert_rows(Stock, [(shop.merchant, store, sku, quantity) for sku, quantity in received])
    state.write("INSERT INTO store VALUES (?, ?, 1)", [(code, str(store))])
    state.write("INSERT INTO till VALUES (?, 1, 1, ?, 'key')", [(code, str(till))])


def _enrol(shop: Shop, state: State, household: str) -> None:
    member = shop.enrol(journey.tier(household))
    Card.insert(merchant_id=shop.merchant, code=journey.card_number(household), member_id=member).execute()
    assert Member.get(Member.id == member).merchant_id == shop.merchant
    state.write("INSERT INTO member VALUES (?, ?)", [(household, str(member))])


def _orders(shop: Shop, state: State, baskets: list[Basket]) -> list[Order]:
    ids, places = Ids.of(state), state.places()
    stores = {code: UUID(id_) for code, id_ in state.all("SELECT code, id FROM store")}
    tills = {code: UUID(id_) for code, id_ in state.all("SELECT store, id FROM till")}
    handler = HANDLERS["sales.checkout"]
    return [
        handler.read(
            Envelope(
                id=uuid4(),
                name="sales.checkout",
                merchant=shop.merchant,
                store=stores[basket.store],
                actor=Actor(terminal=tills[basket.store]),
                body=checkout(basket, places[basket.id], ids),
            )
        )
        for basket in baskets
    ]
