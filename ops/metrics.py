"""What is counted. Every process of a host writes into one folder; the edge's /metrics adds them up."""

from __future__ import annotations

import os

from ops.settings import settings

os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(settings().home / "metrics"))
(settings().home / "metrics").mkdir(parents=True, exist_ok=True)

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest  # noqa: E402
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402

FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SIZES = (1, 2, 5, 10, 25, 50, 100)

requests = Counter("regulars_requests_total", "HTTP requests answered", ["route", "status"])
request_seconds = Histogram("regulars_request_seconds", "Time to answer", ["route"], buckets=FAST)
publishes = Counter("regulars_publishes_total", "Messages given to the broker", ["outcome"])
settled = Counter("regulars_settled_total", "Commands settled", ["name", "state"])
settle_seconds = Histogram("regulars_settle_seconds", "One transaction of commands", ["queue"], buckets=FAST)
batch_size = Histogram("regulars_batch_size", "Commands in one transaction", ["queue"], buckets=SIZES)
retries = Counter("regulars_settle_retries_total", "Transactions begun again", ["queue"])
queue_age = Gauge(
    "regulars_queue_age_seconds", "Age of the command settled last", ["queue"], multiprocess_mode="mostrecent"
)
worker_seen = Gauge(
    "regulars_worker_seen_timestamp_seconds", "When a worker's loop last turned", ["queues"], multiprocess_mode="max"
)
parked = Counter("regulars_parked_total", "Commands and messages parked", ["queue"])
relayed = Counter("regulars_relayed_total", "Follow-up messages relayed")
relay_lag = Gauge(
    "regulars_relay_lag_seconds", "Age of the oldest message relayed last", multiprocess_mode="mostrecent"
)
outbox_rows = Gauge("regulars_outbox_rows", "Follow-up messages not yet relayed", multiprocess_mode="mostrecent")
parked_rows = Gauge("regulars_parked_rows", "What stands parked now", multiprocess_mode="mostrecent")
queue_ready = Gauge("regulars_queue_ready", "Messages ready", ["queue"], multiprocess_mode="mostrecent")


def render() -> bytes:
    """The text of /metrics, over all processes of this host."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry)
