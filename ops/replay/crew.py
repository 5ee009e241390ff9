"""Several hands at one piece of work, each with its own line to the edge; the first fault stops them all."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

from ops.replay.edge import Edge, Patience, Stopped

Item = TypeVar("Item")


class Crew:
    """A number of threads that share out items of work."""

    def __init__(self, url: str, size: int, patience: Patience) -> None:
        self.size = size
        self.retries = 0
        self._url, self._patience = url, patience

    def work(self, items: Iterable[Item], task: Callable[[Edge, Item], None]) -> None:
        """Do the task for every item; raises the first fault once all hands have let go."""
        waiting: queue.SimpleQueue[Item] = queue.SimpleQueue()
        for item in items:
            waiting.put(item)
        faults: list[BaseException] = []
        hands = [
            threading.Thread(target=self._hand, args=(waiting, task, faults), daemon=True)
            for _ in range(min(self.size, waiting.qsize()))
        ]
        for hand in hands:
            hand.start()
        self._join(hands)
        if faults:
            raise faults[0]

    def _hand(
        self, waiting: queue.SimpleQueue[Item], task: Callable[[Edge, Item], None], faults: list[BaseException]
    ) -> None:
        edge = Edge(self._url, self._patience)
        try:
            while not self._patience.stop.is_set():
                task(edge, waiting.get_nowait())
        except queue.Empty:
            pass
        except Stopped:
            pass
        except BaseException as fault:  # raised again in the thread that asked
            faults.append(fault)
            self._patience.stop.set()
        finally:
            self.retries += edge.retries
            edge.close()

    def _join(self, hands: list[threading.Thread]) -> None:
        try:
            for hand in hands:
                while hand.is_alive():
                    hand.join(0.2)
        except KeyboardInterrupt:
            self._patience.stop.set()
            for hand in hands:
                hand.join()
            raise
