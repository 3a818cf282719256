"""mypy's stubtest under configured Django: the modules to test are its arguments."""

import os
import sys

# Not those of the test-suite that starts this, which its environment may name.
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"

import django
from mypy.stubtest import main

django.setup()
sys.exit(main())
