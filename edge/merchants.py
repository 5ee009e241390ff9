"""Routes of merchants."""

from __future__ import annotations

from flask_smorest import Blueprint

blueprint = Blueprint("merchants", __name__, url_prefix="/v1/merchants", description=__doc__)
