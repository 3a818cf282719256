"""What the harbour could do before there was anything asynchronous in it."""

from datetime import date

from django.core.exceptions import ValidationError
from django.test import TestCase

from berths.models import Berth, Quay, Ship, Visit
from billing.models import Invoice, Tariff
from cargo.models import Container, Item, Manifest, Shed
from cargo.services import unload
from notices.models import Board, Notice, Reader, Urgent
from people.models import Company, Crew, Person
from weather.models import Report, Station


def harbour() -> Visit:
    """A ship at a berth, with two containers."""
    company = Company.objects.create(name="Long Lines")
    ship = Ship.objects.create(name="Mary", company=company, metres=90, tons=900)
    Crew.objects.create(name="Ann", ship=ship)
    quay = Quay.objects.create(name="North")
    berth = Berth.objects.create(quay=quay, number=1, metres=100)
    visit = Visit.objects.create(ship=ship, berth=berth)
    manifest = Manifest.objects.create(visit=visit)
    for number in (1, 2):
        container = Container.objects.create(
            number=f"C{number}", manifest=manifest, kilograms=number * 100
        )
        Item.objects.create(container=container, kind="fruit", kilograms=5)
    invoice = Invoice.objects.create(company=company)
    tariff = Tariff.objects.create(name="berth", price=7)
    invoice.lines.create(tariff=tariff, price=7, quantity=3)
    return visit


class HarbourTests(TestCase):
    def test_visits(self):
        visit = harbour()
        self.assertEqual(Visit.objects.latest_of(visit.ship), visit)
        self.assertEqual(visit.berth.inspection_set.count(), 1)
        with self.assertRaises(ValidationError):
            Visit.objects.create(ship=visit.ship, berth=visit.berth)
        self.assertEqual(visit.leave(), 1)
        self.assertEqual(list(Visit.objects.ships()), ["Mary"])

    def test_cargo(self):
        visit = harbour()
        shed = Shed.objects.create(name="A")
        shed.slot_set.create()
        self.assertEqual(visit.manifest.total(), 300)
        self.assertEqual(unload(visit.manifest, shed), 1)
        self.assertTrue(shed.is_full())
        self.assertEqual(Item.objects.weight(), 10)
        Container.objects.unplaced().get().delete()
        self.assertEqual(Item.objects.count(), 1)

    def test_billing(self):
        harbour()
        invoice = Invoice.objects.get()
        self.assertEqual(Invoice.objects.owed(), 21)
        self.assertFalse(invoice.pay(20))
        self.assertTrue(invoice.pay(21))

    def test_people_and_notices(self):
        officer = Person.objects.create_officer("ann")
        self.assertEqual(officer.licences_left(date(2026, 1, 1)), 0)
        board = Board.objects.create(name="Gate")
        Reader.objects.create(board=board)
        Urgent.objects.create(board=board, title="Ice").show()
        self.assertEqual(Notice.shown.titles(), ["Ice"])
        self.assertTrue(Reader.objects.get().is_behind)

    def test_weather(self):
        station = Station.objects.create(name="Pier")
        report = Report.objects.create(station=station, wind=9, made_on="2026-01-01")
        self.assertEqual(station.last_wind(), 9)
        self.assertEqual(Report.objects.worst(), report)
