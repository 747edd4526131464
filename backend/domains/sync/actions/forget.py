"""What the feed forgets: memberships that ended long ago. Whoever might have missed their end has to begin anew by then."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from backend.core import feed
from backend.core.act import Act

CHUNK = 1000
"""As many rows may be forgotten in one commit: pushes wait no longer than for another push."""


def forget_members(session: Session, _act: Act, *, keys: Sequence[feed.Absent]) -> int:
    """Forget these ended memberships, at most 1,000; how many were still as they were found. Nobody can see the difference."""
    return feed.forget(session, keys[:CHUNK])
