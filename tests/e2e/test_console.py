"""The console in a real browser, on the Cengkareng month: what is on the page, what is behind each number, on phone and wall."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ritme.instance import throw_away_instance
from tests.support.commands import Ritme

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright for Python is not installed")

pytestmark = pytest.mark.browser

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
MONTH = "/bulan/2025-09"
OUTCOMES = {"semua": 1000, "paid": 796, "unknown": 3, "held": 12, "missed": 185, "excluded": 4}
PAGES = (
    MONTH, f"{MONTH}/missed", f"{MONTH}/missed?wilayah=31.73.01", f"{MONTH}/semua?daftar=1", f"{MONTH}/dana", "/bulan/2025-07", "/temuan",
    "/temuan/bulan-belum-dibayar?bulan=2025-09&alasan=account_closed", "/kasus", "/kasus/baru/sanggah", "/penerima-baru", "/bank", "/impor",
    "/impor/beneficiary/baru/decree", "/impor/disbursement/baru/carry-in", "/impor/disbursement/baru/results",
    "/perintah", "/tanda-tangan", "/langkah?bulan=2025-09", "/penampungan", "/penampungan/tahun/2025",
    "/rekening", "/langganan", "/angka-resmi?bulan=2025-09", "/bank/coba", "/ke-depan?mulai=2025-09",
    "/penampungan/orang", "/kalender?bulan=2025-09",
)  # fmt: skip


@pytest.fixture(scope="module")
def story() -> Iterator[Ritme]:
    """An instance in which the Cengkareng month has passed."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine: install chromium, or name it in CHROMIUM")
    with throw_away_instance() as instance:
        ritme = Ritme(instance)
        ritme("replay", "cengkareng-2025-09", "--url", instance.url)
        yield ritme


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


class Visitor:
    """A browser window of its own, with everything that the browser complained of."""

    def __init__(self, chromium: Any, url: str, person: str, *, width: int = 1280, scheme: str = "light") -> None:
        self.context = chromium.new_context(
            base_url=url, viewport={"width": width, "height": 800}, color_scheme=scheme, locale="id-ID", accept_downloads=True
        )
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text) if message.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("requestfailed", self._failed)
        self.page.goto("/masuk")
        self.page.get_by_role("button", name=re.compile(f"^{person}")).click()
        self.page.wait_for_url(re.compile(r"/bulan/"))

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # the visitor went on before the icon came
            self.complaints.append(f"failed: {request.url} {request.failure}")


@pytest.fixture
def visit(story: Ritme, chromium: Any) -> Iterator[Any]:
    opened: list[Visitor] = []

    def open_one(person: str = "Ibu Lestari", **window: Any) -> Visitor:
        opened.append(Visitor(chromium, story.instance.url, person, **window))
        return opened[-1]

    yield open_one
    for one in opened:
        one.context.close()


def number(text: str) -> int:
    found = re.search(r"[0-9][0-9.]*", text)
    assert found, text
    return int(found[0].replace(".", ""))


def test_the_month_is_an_equation_and_every_number_opens_its_list(visit: Any) -> None:
    visitor = visit()
    page = visitor.page
    assert page.url.endswith(MONTH), "the first page is the newest month"
    terms = page.locator(".equation .term")
    shown = [number(text) for text in terms.locator(".figure").all_inner_texts()]
    assert shown == list(OUTCOMES.values())
    assert shown[0] == sum(shown[1:])
    assert "796 dari 984 yang layak bayar sudah dibayar; 188 belum" in page.locator(".hero h2").inner_text()
    assert page.locator(".steps .now .step-name").inner_text() == "Retur/STS"
    for outcome, count in OUTCOMES.items():
        page.goto(MONTH)
        page.locator(f'.equation a[href="{MONTH}/{outcome}"]').click()
        assert number(page.locator("h1 .big").inner_text()) == count
        for column in page.locator(".columns .panel").all():
            assert sum(number(text) for text in column.locator(".split b").all_inner_texts()) == count
    assert visitor.complaints == []


def test_down_to_the_people_of_a_kelurahan_with_owner_and_date(visit: Any) -> None:
    visitor = visit("Oki")
    page = visitor.page
    page.get_by_role("link", name=re.compile("Kartu belum diserahkan")).click()
    assert number(page.locator("h1 .big").inner_text()) == 180
    for place in ("Jakarta Barat", "Cengkareng", "Kapuk"):
        page.locator(".split a", has_text=re.compile(rf"^\s*{place}\s*[0-9]")).click()
    listed = page.locator("table.list tbody tr")
    assert listed.count() == number(page.locator("h1 .big").inner_text())
    for row in listed.all_inner_texts():
        assert re.search(r"\b[0-9a-f]{8}\b", row), row
        assert "Kapuk" in row
        assert "Rp300.000" in row
        assert "Sudin Sosial Jakarta Barat" in row
        assert re.search(r"\d{1,2} (Jan|Feb|Mar|Apr|Mei|Jun|Jul|Agu|Sep|Okt|Nov|Des) \d{4}", row), row
    assert page.get_by_label("Jalan ke sini").get_by_role("link").all_inner_texts()[-1] == "Kapuk"
    assert visitor.complaints == []


def test_a_long_list_goes_on_without_leaving_the_page(visit: Any) -> None:
    visitor = visit("Oki")
    page = visitor.page
    page.goto(f"{MONTH}/paid?daftar=1")
    rows = page.locator("table.list tbody tr:not(.more-row)")
    assert rows.count() == 100
    page.get_by_role("link", name="Tampilkan berikutnya").click()
    playwright.expect(rows).to_have_count(200)
    assert visitor.complaints == []


def test_findings_are_as_many_as_the_gaps_each_with_owner_and_date(visit: Any, story: Ritme) -> None:
    visitor = visit()
    page = visitor.page
    page.goto("/temuan")
    gaps = story("gaps", "--month", "2025-09")
    rows = page.get_by_role("region", name="Orang yang belum menerima uang bulannya").locator("tbody tr")
    assert sum(number(row) for row in rows.locator("td.first").all_inner_texts()) == gaps["open"] == 188
    for row in rows.all():
        assert row.locator(".owner:not(.late)").count() == 1
        assert row.locator(".due").count() == 1
    assert page.get_by_text("belum ada penanggung jawab").count() == 0
    assert visitor.complaints == []


def test_a_list_compares_itself_with_last_months_without_being_asked(visit: Any) -> None:
    """October is composed by its operator; the checker opens the list, sees what changed, and signs what they saw."""
    operator = visit("Oki", width=360)
    page = operator.page
    for programme in ("KAJ", "KLJ", "KPDJ"):
        page.goto("/langkah?bulan=2025-10")
        page.once("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name=f"Kunci {programme}", exact=True).click()
        playwright.expect(page.get_by_role("status")).to_contain_text("Batas data dikunci")
    opened = page.get_by_role("region", name="2. Buka bulan")
    playwright.expect(_again(page, opened.locator("li"), 3)).to_have_count(3)
    page.get_by_role("button", name="Buka bulan").click()
    playwright.expect(page.get_by_role("status")).to_contain_text("Bulan dibuka")
    page.get_by_role("button", name="Susun daftar").click()
    page.wait_for_url(re.compile("/penyaluran/"))
    page.get_by_role("button", name="Ajukan untuk diperiksa").click()
    playwright.expect(page.get_by_role("status")).to_contain_text("Daftar diajukan")
    checker = visit("Citra", width=360)
    checker.page.goto(page.url.partition("?")[0])
    beside = checker.page.get_by_role("region", name="Dibanding bulan lalu")
    playwright.expect(beside).to_contain_text("Menurut SK 1.000 = di daftar 804 + tidak di daftar 196.")
    small = checker.page.evaluate(
        """() => [...document.querySelectorAll('main button, main .button, main summary')]
               .filter(e => e.getBoundingClientRect().height < 43.5).map(e => e.textContent)"""
    )
    assert small == []
    checker.page.once("dialog", lambda dialog: dialog.accept())
    checker.page.get_by_role("button", name="Periksa dan tanda tangani").click()
    playwright.expect(checker.page.get_by_role("status")).to_contain_text("Tanda tangan pemeriksa dicatat")
    assert operator.complaints + checker.complaints == []


def _again(page: Any, wanted: Any, count: int) -> Any:
    """What a worker brings in a moment: the page is loaded anew until it is there."""
    for _ in range(60):
        if wanted.count() == count:
            break
        page.wait_for_timeout(500)
        page.goto(page.url)
    return wanted


@pytest.mark.parametrize("width", [360, 768, 1920])
def test_no_page_is_wider_than_its_window_nor_breaks_its_policy(visit: Any, width: int) -> None:
    visitor = visit("Oki", width=width, scheme="dark" if width == 768 else "light")
    page = visitor.page
    for path in (*PAGES, *_documents(page)):
        answer = page.goto(path)
        assert answer.status == 200, path
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} scrolls sideways at {width} px"
    assert visitor.complaints == []


def _documents(page: Any) -> list[str]:
    """A batch, an import, a result file, a case and a missed month of the story."""
    page.goto(MONTH)
    batch = page.locator(".batches a").first.get_attribute("href")
    found = [batch, f"{batch}/perbandingan", f"{batch}/perbandingan?wilayah=31.73.01", f"{batch}/bentuk-berkas", f"{batch}/pertanyaan"]
    page.goto("/impor")
    found += [page.locator("tbody th a").first.get_attribute("href"), page.locator('a[href*="/hasil/"]').first.get_attribute("href")]
    for path in ("/kasus", "/temuan/bulan-belum-dibayar?alasan=account_closed"):
        page.goto(path)
        found.append(page.locator("tbody th a").first.get_attribute("href"))
    return [href for href in found if href]


def test_pages_can_be_read_by_ear_and_used_by_keyboard(visit: Any) -> None:
    visitor = visit("Oki")
    page = visitor.page
    for path in PAGES:
        page.goto(path)
        assert page.locator("html").get_attribute("lang") == "id"
        assert page.locator("h1").count() == 1, path
        assert page.locator("main").count() == page.locator("header").count() == page.locator("footer").count() == 1
        assert page.locator("nav.main [aria-current=page]").count() == 1, path
        assert page.locator("table:not(:has(caption))").count() == 0, f"{path}: a table without a caption"
        nameless = page.evaluate(
            """() => [...document.querySelectorAll('input:not([type=hidden]), textarea, select')]
                   .filter(e => !e.labels.length && !e.ariaLabel).map(e => e.name)"""
        )
        assert nameless == [], f"{path}: fields without a name"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Langsung ke isi", path
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "isi"


def test_a_file_with_a_bad_row_says_so_in_the_browser_and_is_not_saved(visit: Any, tmp_path: Path) -> None:
    visitor = visit("Oki")
    page = visitor.page
    file = tmp_path / "lampiran.csv"
    file.write_text(
        "nik;nama;tanggal_lahir;alamat;kode_kelurahan;program;penerima;nominal\r\n"
        "3173011205509990;Contoh Orang;12 Mei 1950;Jalan Satu;31.73.01.9999;KLJ;lama;300000\r\n"
    )
    page.goto("/impor")
    page.get_by_role("link", name=re.compile("Lampiran SK penerima")).first.click()
    page.get_by_label("Nomor SK").fill("999/2026")
    page.get_by_label("Berlaku dari bulan").fill("2026-01")
    page.get_by_label("Sampai bulan").fill("2026-12")
    page.get_by_label("Jumlah orang menurut SK").fill("satu")
    page.get_by_label("Rupiah sebulan menurut SK").fill("300.000")
    for part, text in (("Orang", "1"), ("Rupiah sebulan", "300.000"), ("Kuota", "1")):
        page.get_by_label(f"KLJ: {part}", exact=True).fill(text)
    page.get_by_label("Berkas (XLSX atau CSV)").set_input_files(file)
    page.get_by_role("button", name="Periksa berkas").click()
    playwright.expect(page.get_by_role("alert")).to_contain_text("Angka dari dokumen belum terisi dengan benar")
    page.get_by_label("Jumlah orang menurut SK").fill("1")
    page.get_by_role("button", name="Periksa berkas").click()
    page.wait_for_url(re.compile(r"/impor/beneficiary/[0-9a-f-]{36}"))
    assert "Belum ada yang disimpan" in page.get_by_role("status").first.inner_text()
    problems = page.get_by_role("region", name="Masalah menurut baris dan kolom")
    assert "kode_kelurahan" in problems.inner_text()
    assert page.get_by_role("button", name="Simpan", exact=True).is_disabled()
    with page.expect_download() as download:
        page.get_by_role("link", name="Unduh Baris Bermasalah").click()
    assert "Contoh Orang" in download.value.path().read_text(encoding="utf-8-sig")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Batalkan Impor").click()
    playwright.expect(page.locator(".state.cancelled")).to_have_text("Dibatalkan")
    assert visitor.complaints == []


def test_the_month_can_be_printed(visit: Any) -> None:
    visitor = visit()
    page = visitor.page
    page.emulate_media(media="print")
    assert page.locator(".equation").is_visible()
    assert not page.locator("nav.main").is_visible()
    assert page.pdf(format="A4").startswith(b"%PDF")
