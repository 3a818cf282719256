"""The documentation, as Sphinx builds it: `make docs`."""

from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path

import django
from django.conf import settings

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_extensions"))

# The reference of asyncgen_django imports its modules, and these the apps of Django's they are for.
settings.configure(
    INSTALLED_APPS=[
        f"django.contrib.{app}"
        for app in ("admin", "auth", "contenttypes", "flatpages", "messages", "sessions", "sites")
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    USE_TZ=True,
)
django.setup()

project = "asyncgen"
author = "The asyncgen authors"
project_copyright = author
version = release = version_of("asyncgen")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx_copybutton",
    "asyncgen.sphinx",
    "reference",
]
exclude_patterns = ["_*", "reference/made/include"]
nitpicky = True
default_role = "code"  # single backticks, as docstrings have them
nitpick_ignore_regex = [
    (r"py:class", r"(.*\.)?_\w+(\.\w+)?"),  # type variables of stubs, _typeshed.Incomplete
    (r"py:class", r"(.*\.)?([A-Z]|T_co|Owner|(Raw)?QuerySet)"),  # the same of our own modules
    (r"py:class", r"django\..*"),  # types of Django's methods, most of which it does not document
]

myst_enable_extensions = ["deflist", "fieldlist", "colon_fence"]
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True

# No build asks the network: what pages link to stands in these lists. See decisions/inventories.md.
intersphinx_mapping = {
    "python": ("https://docs.python.org/3", "inventories/python.txt"),
    "django": (
        f"https://docs.djangoproject.com/en/{'.'.join(map(str, django.VERSION[:2]))}",
        "inventories/django.txt",
    ),
}

html_theme = "furo"
pygments_dark_style = "a11y-high-contrast-dark"  # as its style on light pages
html_title = "asyncgen"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#0c6b4f",
        "color-brand-content": "#0c6b4f",
        "color-api-name": "#0c6b4f",
        "color-api-pre-name": "#0c6b4f",
    },
    "dark_css_variables": {
        "color-brand-primary": "#63c9a4",
        "color-brand-content": "#63c9a4",
        "color-api-name": "#63c9a4",
        "color-api-pre-name": "#63c9a4",
    },
}
copybutton_prompt_text = r"\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True
linkcheck_anchors = False
