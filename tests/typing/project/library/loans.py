"""Methods that Django makes of date fields and orders. Only the mypy plugin knows some of them, so
they are declared for the type checkers, which hold the twins against them."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models

from library.loans_async import LoanAsync, ReaderAsync


class Reader(ReaderAsync, models.Model):
    id: int

    if TYPE_CHECKING:

        def set_loan_order(self, id_list: Any, using: Any = None) -> None: ...


class Loan(LoanAsync, models.Model):
    id: int
    lent: models.DateField[datetime.date, datetime.date] = models.DateField()
    returned: models.DateField[datetime.date | None, datetime.date | None] = models.DateField(
        null=True
    )
    reader: models.ForeignKey[Reader, Reader] = models.ForeignKey(Reader, models.CASCADE)

    class Meta:
        order_with_respect_to = "reader"

    if TYPE_CHECKING:

        def get_next_by_lent(self, **kwargs: Any) -> Self: ...
        def get_previous_by_lent(self, **kwargs: Any) -> Self: ...
        def get_next_in_order(self) -> Self: ...
        def get_previous_in_order(self) -> Self: ...
