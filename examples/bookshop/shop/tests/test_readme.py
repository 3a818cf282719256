"""The tutorial shows the code as it is."""

from __future__ import annotations

import re
from unittest import TestCase

from django.conf import settings


class ReadmeTests(TestCase):
    def test_snippets_are_in_the_files(self) -> None:
        readme = (settings.BASE_DIR / "README.md").read_text(encoding="utf-8")
        snippets = re.findall(r"^```(?:python|toml)\n(.*?)^```$", readme, re.M | re.S)
        self.assertGreater(len(snippets), 10)
        paths = [*settings.BASE_DIR.rglob("*.py"), settings.BASE_DIR / "pyproject.toml"]
        texts = [path.read_text(encoding="utf-8") for path in paths]
        for snippet in snippets:
            with self.subTest(snippet):
                self.assertTrue(any(snippet in text for text in texts))
