"""Add "asyncgen_django.everywhere" to INSTALLED_APPS, and Django's own classes have the twins.

Written by hand, as nothing else in asyncgen_django is. Without it in INSTALLED_APPS nothing of
Django is changed. `manage.py asyncgen_everywhere` lists what is.
"""
