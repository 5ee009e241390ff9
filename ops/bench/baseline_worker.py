"""The measure of the workers: the same messages from the same queues as one ordinary Celery task each.

Celery prefork with one process, late acknowledgement, prefetch multiplier 4. Started as
`celery -A ops.bench.baseline_worker worker -P prefork -c 1 -Q sales,points`.
"""

from __future__ import annotations

from typing import Any

from celery import Celery

from models.base import connection
from ops.bench.row_by_row import settle_accrual, settle_sale
from ops.broker import topology, transport_options
from ops.settings import settings
from schemas.envelope import read_envelope

URL = settings().broker_url

app = Celery("baseline", broker=URL)
app.conf.update(
    task_queues=topology(no_declare=True),
    task_create_missing_queues=False,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=4,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_detect_quorum_queues=True,
    broker_connection_retry_on_startup=True,
    broker_transport_options=transport_options(URL),
)


@app.task(name="sales.checkout")
def checkout(wires: list[dict[str, Any]]) -> None:
    """Settle a checkout, row by row."""
    with connection():
        for wire in wires:
            settle_sale(read_envelope(wire))


@app.task(name="points.accrue")
def accrue(wires: list[dict[str, Any]]) -> None:
    """Settle an accrual, row by row."""
    with connection():
        for wire in wires:
            settle_accrual(read_envelope(wire))
