from cargo.models.bases import Weighed, WeighedQuerySet
from cargo.models.goods import Container, Item, Manifest
from cargo.models.places import Crane, Shed, Slot

__all__ = [
    "Container",
    "Crane",
    "Item",
    "Manifest",
    "Shed",
    "Slot",
    "Weighed",
    "WeighedQuerySet",
]
