"""One Jinja environment, and what every page gets: words, figures, links, the person who looks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, Final
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.console import fields, figures, words
from services.console.doors import ONCE, PAYMENT_ROLES, DoorProblem, Doors
from services.console.refusals import refusal

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"

MIN_SHARE: Final = 9
"""Of 1,000 units of a bar: three people among a thousand must still be seen."""

DONE: Final = {
    "minta-batal": "Pembatalan diminta. Orang kedua yang memutuskan.",
    "sahkan-batal": "Berkas dibatalkan: keadaan sebelumnya berlaku lagi.",
    "tolak-batal": "Pembatalan tidak jadi; berkas tetap berlaku.",
    "simpan": "Berkas disimpan.", "batal": "Impor dibatalkan; tidak ada yang disimpan.",
    "perbaikan": "Baris perbaikan diterima dan diperiksa.", "periksa": "Berkas diperiksa. Belum ada yang disimpan.",
    "sama": "Berkas ini sudah pernah diunggah; ini hasil pemeriksaannya yang pertama.",
    "hasil": "Hasil bank diterapkan.", "hasil-sama": "Berkas hasil ini sudah pernah diterima; tidak ada yang berubah.",
    "jelaskan": "Penjelasan dicatat.", "sepakati": "Penyelesaian dicatat.", "tutup": "Selisih ditutup.",
    "minta-penjelasan": "Penjelasan diminta; kantor itu punya 10 hari kerja.", "terima": "Penerimaan penjelasan dicatat.",
    "uji-petik": "Uji petik diambil; benih dan caranya tercatat.",
    "serahkan": "Bukti dicatat; orang lain memeriksanya.", "buka-lagi": "Selisih dibuka lagi.", "catat": "Catatan disimpan.",
    "ajukan": "Daftar diajukan untuk diperiksa.", "periksa-daftar": "Tanda tangan pemeriksa dicatat.",
    "setujui": "Daftar disetujui; anggaran diminta.", "kirim": "Daftar dilepas; berkas segera ada di folder bank.",
    "usulkan": "Usulan dicatat; orang kedua harus menyetujuinya.", "setujui-usulan": "Usulan disetujui dan berlaku.",
    "tarik-usulan": "Usulan ditarik.",
    "tanda-terima": "Tanda terima bank dicatat.",
    "minta-anggaran": "Anggaran diminta lagi.", "tarik": "Daftar ditarik.",
    "spp": "SPP dicatat; orang lain memverifikasinya.", "verifikasi-spp": "Verifikasi SPP dicatat.", "spm": "SPM dicatat; sekarang SP2D.",
    "kembalikan": "Daftar dikembalikan; penyusunnya membaca alasan Anda.",
    "tutup-hari": "Hari ditutup.", "beri-nama": "Penanggung jawab selisih dicatat.", "cocokkan": "Baris dicocokkan.",
    "putuskan": "Keputusan dicatat.",
    "bekukan": "Pembekuan diminta. Berlaku setelah orang kedua menyetujui.",
    "cabut": "Pencabutan diminta. Berlaku setelah orang kedua menyetujui.",
    "keterangan": "Keterangan dicatat.", "tutup-tahun": "Tahun anggaran ditutup.",
    "batas-data": "Batas data dikunci. Datanya sampai di penyaluran sebentar lagi; sesudah itu buka bulannya.",
    "kunci-ulang": "Batas data dikunci ulang. Buka bulan sekali lagi supaya penyaluran mengikutinya.", "buka-bulan": "Bulan dibuka.",
    "keluarkan": "Permintaan mengeluarkan orang dicatat. Bila orang kedua sudah setuju, barisnya keluar dan daftar ditandatangani lagi.",
    "tanya-rekening": "Rekening akan ditanyakan ke bank; jawabannya muncul di sini.",
    "minta-perintah": "Permintaan dicatat. Berlaku setelah orang kedua menyetujui di halaman Perintah.",
    "jatuh-tempo": "Hasil dinyatakan jatuh tempo; yang tanpa jawaban ditanyakan ke bank.",
    "delegasikan": "Pendelegasian dicatat; orang ketiga harus menyetujuinya.", "cabut-delegasi": "Pendelegasian berakhir.",
    "setuju-perintah": "Perintah disetujui dan sudah berlaku.", "batal-perintah": "Perintah dibatalkan; tidak ada yang berubah.",
    "dicatat": "Sudah dicatat.", "minta-kecuali": "Pengecualian diminta; orang kedua harus mengesahkannya.",
    "sahkan-pengecualian": "Pengecualian disahkan.", "tolak-pengecualian": "Pengecualian ditolak; bulan ini tetap terlewat.",
    "kasus-dibuka": "Kasus dicatat, dengan penanggung jawab dan tenggat.", "kunjungan-dibuka": "Kunjungan dibuka.",
    "rekening-diminta": "Permintaan rekening dibuat. Unduh berkasnya untuk bank.",
    "buku-dibuka": "Buku harian dibuka. Catat sekarang semua penghuni hari pertama.",
    "baris-dicatat": "Baris dicatat; sensus mengikutinya.",
    "baris-dibatalkan": "Koreksi dicatat; sensus hari-hari itu dihitung lagi.",
    "kenal-diusulkan": "Usulan dicatat; orang kedua harus mengesahkannya.", "kenal-diputuskan": "Putusan dicatat.",
    "lanjutan-diusulkan": "Lanjutan diusulkan; orang kedua mengesahkannya di halaman Kasus.",
    "diundang": "Undangan dibuat. Unduh daftar namanya.", "kunjungan-diminta": "Kunjungan rumah diminta.",
    "hasil-kunjungan": "Hasil kunjungan dicatat.",
    "sahkan-pengaturan": "Disahkan; berlaku mulai harinya.", "tolak-pengaturan": "Usulan tidak berlaku.",
    "sahkan-rekening": "Perubahan disahkan. Sampai hari berlakunya uang tetap ke rekening yang sekarang; beri tahu penerimanya.",
    "batal-rekening": "Perubahan dibatalkan; rekening tetap yang sekarang.",
    "langganan-sahkan": "Disahkan. Buat kunci rahasianya; sebelum itu tidak ada yang dikirim.",
    "langganan-tolak": "Usulan tidak berlaku.", "langganan-coba-lagi": "Dicoba lagi sekarang.",
    "langganan-kirim-ulang": "Dikirim ulang sejak saat itu.", "langganan-hentikan": "Tidak ada lagi yang dikirim ke sana.",
    "angka-ditetapkan": "Angka ditetapkan. Sejak sekarang angka ini tidak berubah lagi.",
    "tanya-bank": "Bank ditanyai lebih dulu tentang pembayaran ini; jawabannya muncul sebentar lagi.",
    "cocokkan-lagi": "Baris dicocokkan lagi menurut rujukannya.", "batal-cocok": "Pencocokan dibatalkan; barisnya menunggu lagi.",
    "perintah-menunggu": "Perintah dicatat; orang kedua harus mengesahkannya.", "perintah-terbit": "Perintah terbit dan berlaku.",
    "sahkan-perintah": "Perintah disahkan dan berlaku.", "batalkan-perintah": "Perintah dibatalkan; tidak ada yang berubah.",
}  # fmt: skip
"""What was done, after a form was sent and the page loaded anew (``?selesai=``)."""


def _version() -> str:
    """Changes whenever a static file does, so that browsers may keep them."""
    digest = sha256()
    for file in sorted(STATIC.rglob("*")):
        if file.is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()[:10]


def link(path: str, **params: Any) -> str:
    """A path of the console with its parameters; empty ones are left out."""
    given = {key: str(value) for key, value in params.items() if value not in (None, "")}
    return quote(path) + (f"?{urlencode(given)}" if given else "")


@dataclass(frozen=True)
class Segment:
    """A piece of a bar, in units of 1,000."""

    key: str
    count: int
    x: float
    width: float


def bar(counts: Mapping[str, int]) -> list[Segment]:
    """Pieces in proportion, none too thin to be seen; empty ones are left out."""
    present = {key: count for key, count in counts.items() if count > 0}
    total = sum(present.values())
    thin = {key for key, count in present.items() if count * 1000 < MIN_SHARE * total}
    rest = sum(count for key, count in present.items() if key not in thin)
    room = 1000 - MIN_SHARE * len(thin)
    segments, x = [], 0.0
    for key, count in present.items():
        width = float(MIN_SHARE) if key in thin else room * count / rest
        segments.append(Segment(key, count, round(x, 2), round(width, 2)))
        x += width
    return segments


environment = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
environment.filters |= {
    "whole": figures.whole, "rupiah": figures.rupiah, "day": figures.day, "moment": figures.moment, "month_name": figures.month_name,
    "short_id": figures.short_id, "short_hash": figures.short_hash,
}  # fmt: skip
environment.globals |= {
    "word": words.word, "words": words, "link": link, "bar": bar, "version": _version(), "done": DONE,
    "readers": (*PAYMENT_ROLES, "auditor"),
}  # fmt: skip


_POST_FORM: Final = re.compile(r'<form\b[^>]*\bmethod="post"[^>]*>')
"""What was typed cannot look like one: templates escape it."""


def is_problem(value: Any) -> bool:
    return isinstance(value, DoorProblem)


environment.tests["problem"] = is_problem
environment.globals["refusal"] = refusal
environment.globals["wrong_fields"] = fields.by_field


def page(request: Request, template: str, doors: Doors | None, *, status: int = 200, **given: Any) -> HTMLResponse:
    """A page that nobody keeps: it holds figures of the moment, for one person."""
    values = {
        "path": request.url.path, "person": doors.person if doors else None, "finished": request.query_params.get("selesai", ""),
        "problem": None, "areas": {}, "now": request.app.state.clock.now(), **given,
    }  # fmt: skip
    html = _POST_FORM.sub(
        rf'\g<0><input type="hidden" name="{ONCE}" value="{token_urlsafe(12)}">', environment.get_template(template).render(values)
    )
    return HTMLResponse(html, status, headers={"cache-control": "no-store", "vary": "cookie"})


def go(request: Request, to: str) -> Response:
    """To another page after a form: the browser follows, and htmx is told to."""
    if request.headers.get("hx-request") == "true":
        return Response(status_code=204, headers={"hx-redirect": to})
    return RedirectResponse(to, 303)
