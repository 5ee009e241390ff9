"""Routes of members."""

from __future__ import annotations

from flask_smorest import Blueprint

blueprint = Blueprint("members", __name__, url_prefix="/v1/members", description=__doc__)
