"""What is made once for a large object that never changes and cannot be a key: it goes when the object goes."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

Made = TypeVar("Made")


class Beside(Generic[Made]):
    """Keeps values beside the objects that they were made from, under a key for each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[int, tuple[weakref.ref[Any], dict[Hashable, Made]]] = {}

    def of(self, owner: Any, key: Hashable, make: Callable[[], Made]) -> Made:
        """Give what was made for an object under a key, or make it; what is given must not be changed."""
        place = id(owner)
        with self._lock:
            found = self._made.get(place)
            if found is None or found[0]() is not owner:
                found = self._made[place] = (weakref.ref(owner, lambda _: self._made.pop(place, None)), {})
            made = found[1]
            if key in made:
                return made[key]
        value = make()
        with self._lock:
            return made.setdefault(key, value)
