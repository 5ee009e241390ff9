"""The Celery application: every handler a registered task, every queue declared, connections that only consume."""

from __future__ import annotations

import gc
from typing import Any

from celery import Celery, Task, signals

from ops import logs
from ops.broker import is_amqp, topology, transport_options
from ops.settings import settings
from workers import catalogue, members, merchants, points, reports, sales, staff
from workers.handlers import BATCH_MAX, HANDLERS

AREAS = (catalogue, members, merchants, points, reports, sales, staff)
URL = settings().broker_url

app = Celery("regulars", broker=URL)
app.conf.update(
    task_queues=topology(no_declare=True),
    task_create_missing_queues=False,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_consumer="workers.consumer:Consumer",
    worker_prefetch_multiplier=2 * BATCH_MAX,
    worker_enable_prefetch_count_reduction=False,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_detect_quorum_queues=True,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_hijack_root_logger=False,
    broker_channel_error_retry=True,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_heartbeat=30 if is_amqp(URL) else None,
    broker_transport_options=transport_options(URL),
)


class Settled(Task):
    """A command as Celery knows it: its strategy gathers and settles it; a pool never runs it."""

    Strategy = "workers.consumer:Strategy"
    typing = False

    def run(self, *_: Any) -> None:
        """Never called."""
        raise RuntimeError(f"{self.name} is settled by its strategy, never run by a pool")


for _name in HANDLERS:
    app.register_task(type("Settled", (Settled,), {"name": _name})())


@signals.worker_ready.connect
def _settle_down(**_: Any) -> None:
    """What is loaded by now stays: the collector need not look at it again, nor after every few hundred rows."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@signals.setup_logging.connect
def _logs(**_: Any) -> None:
    logs.start()
