"""The API's document, as the edge serves it, by operation."""

from __future__ import annotations

from typing import Any

from tests.shops import APP

DOCUMENT: dict[str, Any] = APP.test_client().get("/openapi.json").get_json()
OPERATIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    operation["operationId"]: (method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if method != "parameters"
}
"""Name -> method, path, and what the document says."""
PUBLIC = {"merchants_sign_up", "merchants_enrol", "merchants_terminal_token", "staff_sign_in", "staff_refresh"}
"""Operations without a token."""
