"""Pictures of the console for the README: a Cengkareng month on an instance of its own, desk and phone, into ``docs/``.

scripts/screenshots [--url URL]      with a URL: that instance, which must hold the month already. Needs Chromium (CHROMIUM names it).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from ritme.instance import throw_away_instance

DOCS = Path(__file__).resolve().parents[2] / "docs"
WINDOWS = (("console-month.png", 1280, 1000, 1), ("console-month-phone.png", 360, 780, 2))
"""File, width and height in CSS pixels, pixels per CSS pixel."""


@contextmanager
def month(url: str) -> Iterator[str]:
    """The address of an instance that holds the month."""
    if url:
        yield url
        return
    with throw_away_instance() as instance:
        story = [sys.executable, "-m", "ritme", "replay", "cengkareng-2025-09", "--url", instance.url]
        subprocess.run(story, env=instance.environment, check=True, stdout=subprocess.DEVNULL)
        yield instance.url


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--url", default="")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("no Chromium on this machine: install chromium, or name it in CHROMIUM")
    with month(arguments.parse_args().url) as url, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for name, width, height, scale in WINDOWS:
            context = browser.new_context(
                base_url=url, viewport={"width": width, "height": height}, device_scale_factor=scale, locale="id-ID", color_scheme="light"
            )
            page = context.new_page()
            page.goto("/masuk")
            page.locator("button[value=leader]").click()
            page.wait_for_url("**/bulan/2025-09")
            page.screenshot(path=str(DOCS / name))
            context.close()
            sys.stdout.write(f"docs/{name}\n")
        browser.close()


if __name__ == "__main__":
    main()
