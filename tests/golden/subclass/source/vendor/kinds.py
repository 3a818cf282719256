"""Names that the modules of the package use for different things."""

FIRST = 1
Key = int
