"""What the agent says to a person, as data. The client has the words: ``iqdebug/core/messages/en/agent``."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Union

    Said = Union[str, Dict[str, Any]]


def reason(message_id: str, **values: Union[str, int]) -> Dict[str, Any]:
    """A sentence's id and the values that it names, ready to be sent. The id is always written out where it
    is called, so that a test can hold every template against its values."""
    return {"id": message_id, "values": sorted(values.items())}
