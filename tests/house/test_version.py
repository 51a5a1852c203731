"""One version: the changes, the package and the API document say the same."""

import re
import tomllib
from pathlib import Path

from config.api.document import SPECTACULAR_SETTINGS

ROOT = Path(__file__).parents[2]


def test_the_changes_the_package_and_the_document_tell_one_version():
    changes = re.findall(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    package = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert changes[0] == package == SPECTACULAR_SETTINGS["VERSION"]


def test_what_is_told_to_those_who_upgrade_names_a_version_that_there_is():
    changes = re.findall(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    named = re.findall(r"switchboard:([\w.]+)", (ROOT / "docs" / "upgrade.md").read_text(encoding="utf-8"))
    assert named
    assert set(named) <= set(changes)
