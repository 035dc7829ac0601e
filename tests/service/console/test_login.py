"""Who looks: a token in a cookie that no script reads, a way back to login, and no forms from elsewhere."""

from __future__ import annotations

from services.console.doors import COOKIE
from services.console.pages.login import own_path
from tests.service.console.conftest import OpenConsole, words
from tests.support.world import World


async def test_nobody_is_sent_to_login_and_comes_back_to_where_they_wanted(console: OpenConsole) -> None:
    visitor = console()
    answer = await visitor.http.get("/temuan?bulan=2025-09")
    assert (answer.status_code, answer.headers["location"]) == (303, "/masuk?lanjut=%2Ftemuan%3Fbulan%3D2025-09")
    page = await visitor.http.get(answer.headers["location"])
    assert "Masuk sebagai…" in words(page)
    assert 'value="/temuan?bulan=2025-09"' in page.text
    answer = await visitor.sends("/masuk", {"orang": "leader", "lanjut": "/temuan?bulan=2025-09"})
    assert answer.headers["location"] == "/temuan?bulan=2025-09"
    assert "Ibu Lestari" in await visitor.reads("/temuan")


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(console: OpenConsole) -> None:
    answer = await console().sends("/masuk", {"orang": "leader"})
    kept = answer.headers["set-cookie"].lower()
    assert kept.startswith(COOKIE)
    assert "httponly" in kept
    assert "samesite=strict" in kept
    assert "max-age=3600" in kept


async def test_a_token_that_is_not_taken_leads_back_to_login_with_a_sentence(console: OpenConsole) -> None:
    for token in ("nonsense", "e30.eyJzdWIiOiJ4IiwibmFtZSI6IngiLCJyb2xlcyI6W10sImFyZWFzIjpbXX0.x"):
        visitor = console()
        visitor.http.cookies.set(COOKIE, token, domain="ritme.test")
        answer = await visitor.http.get("/temuan")
        assert answer.status_code == 303, words(answer)
        assert answer.headers["location"].startswith("/masuk?sebab=habis")
        assert f'{COOKIE}=""' in answer.headers["set-cookie"]
        assert "Waktu masuk Anda sudah habis" in await visitor.reads(answer.headers["location"])


async def test_a_stranger_has_no_card(console: OpenConsole) -> None:
    visitor = console()
    answer = await visitor.sends("/masuk", {"orang": "somebody"})
    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers


async def test_logging_out_ends_it(console: OpenConsole) -> None:
    visitor = await console().enters_as("leader")
    assert await visitor.does("/keluar") == "/masuk"
    assert (await visitor.http.get("/temuan")).status_code == 303


async def test_a_form_of_another_site_is_refused_before_anything_is_asked(console: OpenConsole, world: World) -> None:
    for origin in ("http://elsewhere.test", "null", ""):
        visitor = console(origin=origin)
        answer = await visitor.sends("/masuk", {"orang": "operator"})
        assert answer.status_code == 403, origin
        assert "set-cookie" not in answer.headers
        assert "Formulir ini tidak dikirim dari halaman Ritme" in words(answer)
    answer = await console(origin="").http.post("/masuk", data={"orang": "operator"}, headers={"sec-fetch-site": "same-origin"})
    assert answer.status_code == 303


def test_login_leads_nowhere_else() -> None:
    assert own_path("/bulan/2025-09") == "/bulan/2025-09"
    for wanted in ("", "//elsewhere.test", "/\\elsewhere.test", "http://elsewhere.test", "javascript:alert(1)", "/a\nSet-Cookie: x=1"):
        assert own_path(wanted) == "/"
