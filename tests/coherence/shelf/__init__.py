"""Sync classes with every kind of override; conftest.py generates their twins, in both styles.

`Style` in a model's name stands for the style, because both live in one app.
"""
