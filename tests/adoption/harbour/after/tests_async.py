"""The first twins that are awaited in the harbour, once they are written."""

from inspect import iscoroutinefunction

from asgiref.sync import sync_to_async
from django.core.exceptions import ValidationError
from django.test import TransactionTestCase

from berths.models import Berth, Visit
from billing.models import Invoice
from cargo.models import Container, Item, Shed
from cargo.services_async import aunload
from harbour.tests import harbour
from notices.models import Board, Notice, Reader, Urgent
from people.models import Person
from weather.models import Report, Station


class AsyncHarbourTests(TransactionTestCase):
    async def test_visits(self):
        visit = await sync_to_async(harbour)()
        self.assertEqual(await Visit.objects.alatest_of(visit.ship), visit)
        with self.assertRaises(ValidationError):  # the twin runs the override of save
            await Visit(ship=visit.ship, berth=visit.berth).asave()
        self.assertEqual(await visit.aleave(), 1)
        self.assertEqual([name async for name in Visit.objects.aships()], ["Mary"])
        berth = await Berth.objects.acreate(quay=visit.berth.quay, number=2, metres=9)
        self.assertEqual(await berth.inspection_set.acount(), 1)

    async def test_cargo(self):
        visit = await sync_to_async(harbour)()
        shed = await Shed.objects.acreate(name="A")
        await shed.slot_set.acreate()
        self.assertEqual(await visit.manifest.atotal(), 300)
        self.assertEqual(await aunload(visit.manifest, shed), 1)
        self.assertTrue(await shed.ais_full())
        self.assertEqual(await Item.objects.aweight(), 10)
        container = await Container.objects.unplaced().aget()
        await container.adelete()
        self.assertEqual(await Item.objects.acount(), 1)

    async def test_billing(self):
        await sync_to_async(harbour)()
        invoice = await Invoice.objects.aget()
        self.assertEqual(await Invoice.objects.aowed(), 21)
        self.assertTrue(await invoice.apay(21))

    async def test_people_and_notices(self):
        await Person.objects.acreate_officer("ann")
        board = await Board.objects.acreate(name="Gate")
        await Reader.objects.acreate(board=board)
        urgent = await Urgent.objects.acreate(board=board, title="Ice")
        await urgent.ashow()
        self.assertEqual(await Notice.shown.atitles(), ["Ice"])
        self.assertTrue((await Reader.objects.aget()).is_behind)

    async def test_weather(self):
        station = await Station.objects.acreate(name="Pier")
        await Report.objects.acreate(station=station, wind=9, made_on="2026-01-01")
        self.assertEqual(await station.alast_wind(), 9)
        self.assertTrue(iscoroutinefunction(Report.objects.all().aworst))
        self.assertEqual((await Report.objects.aworst()).wind, 9)
