"""Draws the PNG icons from the SVGs beside this file, with Chromium. Run by hand after an SVG was changed."""

from pathlib import Path

from playwright.sync_api import sync_playwright

ICONS = Path(__file__).parent
SIZES = (
    ("icon", "icon-192", 192),
    ("icon", "icon-512", 512),
    ("maskable", "maskable-192", 192),
    ("maskable", "maskable-512", 512),
    ("badge", "badge-96", 96),
)


def draw() -> None:
    """Write every PNG; transparent where the SVG is."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for source, target, size in SIZES:
            page = browser.new_page(viewport={"width": size, "height": size})
            svg = (ICONS / f"{source}.svg").read_text().replace("<svg ", f'<svg width="{size}" height="{size}" ', 1)
            page.set_content(f"<style>body{{margin:0}}svg{{display:block}}</style>{svg}")
            page.screenshot(path=ICONS / f"{target}.png", omit_background=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    draw()
