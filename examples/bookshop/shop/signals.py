"""What the shop tells whoever wants to know."""

from django.dispatch import Signal

# Sent with `order` once the order is safely in the database.
order_confirmed = Signal()
