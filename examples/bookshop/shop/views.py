"""Async views. Everything they await is a twin: the code that runs is the sync code."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from asyncgen_runtime.transaction import aatomic
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import aget_object_or_404
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from shop.models import Author, Book, Order
from shop.services import OutOfStock
from shop.services_async import aplace_order, arestock


@require_http_methods(["GET", "POST"])
async def books(request: HttpRequest) -> HttpResponse:
    """GET: the published books. POST: a new one."""
    if request.method == "POST":
        return await add_book(json.loads(request.body))
    published = Book.objects.published().select_related("publisher")
    if author := request.GET.get("author"):
        published = published.by(author)
    found = [
        {"isbn": book.isbn, "title": book.title, "publisher": book.publisher.name}
        async for book in published.aiterator()
    ]
    return JsonResponse({"books": found})


async def add_book(fields: dict[str, Any]) -> HttpResponse:
    authors = [await Author.anamed(name) for name in fields["authors"]]
    async with aatomic():
        # The manager's own create() runs: the book gets its place in the stock.
        book = await Book.objects.acreate(
            isbn=fields["isbn"],
            title=fields["title"],
            publisher_id=fields["publisher"],
            price=fields["price"],
        )
        await book.authors.aset(authors)
    return JsonResponse({"url": book.get_absolute_url()}, status=HTTPStatus.CREATED)


@require_GET
async def book(request: HttpRequest, isbn: str) -> HttpResponse:
    found = await aget_object_or_404(Book, isbn=isbn)
    return JsonResponse(
        {
            "title": found.title,
            "citation": await found.acitation(),
            "availability": await found.aavailability(),
            "price": found.price_with_tax(),  # reaches no database: called as it is
        }
    )


@require_GET
async def bestsellers(request: HttpRequest) -> HttpResponse:
    # Building this queryset takes a query, so it is awaited; so is going through it.
    books = await Book.objects.published().abestsellers()
    found = [{"title": book.title, "sold": book.sold} async for book in books]
    return JsonResponse({"bestsellers": found})


@require_GET
async def price_list(request: HttpRequest) -> StreamingHttpResponse:
    lines = Book.objects.published().aprice_list()
    return StreamingHttpResponse(
        (f"{line}\n" async for line in lines), content_type="text/plain; charset=utf-8"
    )


@require_GET
async def revenue(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"revenue": await Book.objects.published().atotal_revenue()})


@require_POST
async def orders(request: HttpRequest) -> HttpResponse:
    """Place an order: {"customer": "…", "copies": {isbn: number}}."""
    wanted = json.loads(request.body)
    try:
        order = await aplace_order(wanted["customer"], wanted["copies"])
    except OutOfStock as error:
        return JsonResponse({"out_of_stock": str(error)}, status=HTTPStatus.CONFLICT)
    return JsonResponse(
        {"order": order.pk, "total": await order.atotal()}, status=HTTPStatus.CREATED
    )


@require_POST
async def exchange(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel an order and place another one: both or neither."""
    order = await aget_object_or_404(Order, pk=pk)
    try:
        async with aatomic():
            await order.acancel()
            placed = await aplace_order(order.customer, json.loads(request.body))
    except OutOfStock as error:
        return JsonResponse({"out_of_stock": str(error)}, status=HTTPStatus.CONFLICT)
    return JsonResponse({"order": placed.pk, "total": await placed.atotal()})


@require_POST
async def stocktaking(request: HttpRequest) -> HttpResponse:
    """Add the copies that were found, with the books off sale meanwhile."""
    found: dict[str, int] = json.loads(request.body)
    async with Book.objects.filter(isbn__in=found).aon_hold() as held:
        copies = {isbn: await arestock(isbn, more) for isbn, more in found.items()}
    return JsonResponse({"held": held, "copies": copies})
