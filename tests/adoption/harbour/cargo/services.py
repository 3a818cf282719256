"""What the cranes do."""

from django.db import transaction

from cargo.models import Container, Shed, Slot

__all__ = ["store", "unload"]


@transaction.atomic
def store(container: Container, shed: Shed) -> Slot | None:
    """Put the container into a free slot of the shed; None if there is none."""
    slot = shed.slot_set.select_for_update().filter(container=None).first()
    if slot:
        slot.container = container
        slot.save(update_fields=["container"])
    return slot


def unload(manifest, shed, *, limit: int = 100) -> int:
    """Store what the manifest names; how many found a slot."""
    containers = manifest.container_set.unplaced()[:limit]
    return sum(store(each, shed) is not None for each in containers)
