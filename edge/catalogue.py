"""Routes of catalogue."""

from __future__ import annotations

from flask_smorest import Blueprint

blueprint = Blueprint("catalogue", __name__, url_prefix="/v1/catalogue", description=__doc__)
