"""Django for the soak, as for the tests of the runtime with a database."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.testproject.settings")

import django

django.setup()
