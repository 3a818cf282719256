from decimal import Decimal

from django.db import models, transaction
from django.db.models import F, Sum

from people.models import Company


class InvoiceQuerySet(models.QuerySet):
    def open(self):
        return self.filter(is_paid=False)

    def owed(self) -> Decimal:
        """What is owed for all that is open."""
        lines = Line.objects.filter(invoice__in=self.open())
        total = lines.aggregate(total=Sum(F("price") * F("quantity")))["total"]
        return total or Decimal(0)


class Tariff(models.Model):
    name = models.CharField(max_length=50)
    price = models.DecimalField(max_digits=8, decimal_places=2)

    @classmethod
    def cheapest(cls):
        return cls.objects.order_by("price").first()


class Invoice(models.Model):
    company = models.ForeignKey(Company, models.PROTECT)
    is_paid = models.BooleanField(default=False)

    objects = InvoiceQuerySet.as_manager()

    def total(self) -> Decimal:
        total = self.lines.aggregate(total=Sum(F("price") * F("quantity")))["total"]
        return total or Decimal(0)

    @transaction.atomic
    def pay(self, amount):
        if amount < self.total():
            return False
        self.payment_set.create(amount=amount)
        self.is_paid = True
        self.save()
        return True


class Line(models.Model):
    invoice = models.ForeignKey(Invoice, models.CASCADE, related_name="lines")
    tariff = models.ForeignKey(Tariff, models.PROTECT)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    quantity = models.PositiveIntegerField(default=1)


class Payment(models.Model):
    invoice = models.ForeignKey(Invoice, models.PROTECT)
    amount = models.DecimalField(max_digits=8, decimal_places=2)


class Account(models.Model):
    company = models.OneToOneField(Company, models.CASCADE)

    def balance(self):
        return -self.company.invoice_set.owed()
