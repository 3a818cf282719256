from django.urls import path

from shop import views

urlpatterns = [
    path("books/", views.books, name="books"),
    path("books/<str:isbn>/", views.book, name="book"),
    path("bestsellers/", views.bestsellers, name="bestsellers"),
    path("pricelist/", views.price_list, name="price-list"),
    path("revenue/", views.revenue, name="revenue"),
    path("orders/", views.orders, name="orders"),
    path("orders/<int:pk>/exchange/", views.exchange, name="exchange"),
    path("stocktaking/", views.stocktaking, name="stocktaking"),
]
