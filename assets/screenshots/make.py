"""The README's pictures of the chat, taken from the app as it is: python assets/screenshots/make.py [DIR]"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.serving.recommender import load_recommender
from lavic_chat.settings import read_settings
from lavic_chat.ui import build_app, launch

REQUEST = "A light green checked sofa for a small flat"
DESKTOP, PHONE = (1280, 926), (390, 844)
NAMES = ("chromium", "chromium-browser", "google-chrome")


def main(folder: Path) -> None:
    """Take every picture and write it into the folder."""
    recommender = load_recommender(read_settings())
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        app = build_app(recommender, AnnotationStore(Path(place) / "flags.sqlite"))
        _, address, _ = launch(app, recommender.catalog, port=None, prevent_thread_lock=True, quiet=True)
        browser = playwright.chromium.launch(
            executable_path=next(filter(None, map(shutil.which, NAMES))), args=["--no-sandbox", "--disable-gpu"]
        )
        for scheme in ("light", "dark"):
            for name, size in (("desktop", DESKTOP), ("phone", PHONE)):
                take_chat(open_page(browser, address, size, scheme), folder, f"{name}-{scheme}")
        for name, size in (("desktop", DESKTOP), ("phone", PHONE)):
            take_annotations(open_page(browser, address + "desk", size, "light"), folder, f"{name}-desk")
        browser.close()
        app.close(verbose=False)


def open_page(browser: Browser, address: str, size: tuple[int, int], scheme: str) -> Page:
    """A page of this size in a light or dark scheme, loaded; each has a context of its own."""
    width, height = size
    page = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme).new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    page.wait_for_selector(".greeting, .desk-hello")
    return page


def take(page: Page, folder: Path, name: str, whole: bool = False) -> None:
    """Write one picture, once all images and movements are done; whole: beyond the window too."""
    page.wait_for_function("[...document.images].every((i) => i.loading == 'lazy' || i.naturalWidth > 0)")
    page.wait_for_timeout(700)
    page.screenshot(path=folder / f"{name}.jpg", type="jpeg", quality=86, full_page=whole)


def ask(page: Page, text: str) -> None:
    """Send a message and wait for the answer."""
    page.fill("#box textarea", text)
    page.press("#box textarea", "Enter")
    page.wait_for_selector("#status .looking")
    page.wait_for_selector("#status .status:not(.looking)")


def take_chat(page: Page, folder: Path, name: str) -> None:
    """The chat from greeting to error."""
    take(page, folder, f"{name}-greeting")
    ask(page, REQUEST)
    take(page, folder, name)
    page.locator("#gallery .tile").nth(1).click()
    page.click("#card [data-act=compare]")
    page.wait_for_selector(".compare figure")
    take(page, folder, f"{name}-compare")
    page.click("#looked summary")
    page.click("#looked [data-act=blind]")
    page.wait_for_selector("text=Without looking, the pick would have been")
    page.locator("#looked").scroll_into_view_if_needed()
    take(page, folder, f"{name}-looked")
    page.click("#wrong-pick")
    page.wait_for_selector("#right label")
    page.locator("#flag-form").scroll_into_view_if_needed()
    take(page, folder, f"{name}-flag")
    page.click("#flag-actions >> text=Save")
    page.wait_for_selector(".notice.thanks")
    page.click("#filters button >> nth=0")
    page.locator("#filters").scroll_into_view_if_needed()
    take(page, folder, f"{name}-filters")
    page.fill("#box textarea", "x" * 5_000)
    page.press("#box textarea", "Enter")
    page.wait_for_selector(".notice.error")
    take(page, folder, f"{name}-error")


def take_annotations(page: Page, folder: Path, name: str) -> None:
    """The annotation page before and after signing in."""
    take(page, folder, f"{name}-sign-in")
    page.fill("#annotator input, #annotator textarea", "Ada")
    page.click("#begin")
    page.wait_for_selector(".desk .tile")
    take(page, folder, name)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("out/screenshots")
    target.mkdir(parents=True, exist_ok=True)
    main(target)
