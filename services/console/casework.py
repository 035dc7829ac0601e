"""Words and forms of gaps and cases: what each state of each kind of case asks for next, and from whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from services.console.forms import Field, Form
from services.console.words import PROGRAMMES, REASONS, office, word

KINDS: Final = {
    "hold": "Penangguhan", "objection": "Sanggah", "access": "Uang masuk, tidak bisa diambil", "recovery": "Tagihan kembali",
}  # fmt: skip
KIND_HELP: Final = {
    "hold": "Orang yang ditangguhkan harus diberi tahu, punya waktu menjawab, lalu diputuskan: dilanjutkan atau dihentikan.",
    "objection": "Warga menyanggah; dijawab dalam 10 hari kerja oleh orang yang tidak memutuskan.",
    "access": "Uang sudah di rekening, tetapi penerima tidak dapat mengambilnya. Bulannya tetap dibayar.",
    "recovery": "Bulan yang dibayar tetapi ternyata bukan haknya. Catatan pembayaran tetap; uangnya ditagih kembali.",
}
ACCESS: Final = {
    "no_pin": "Belum punya PIN", "card_refused": "Kartu ditolak mesin", "card_kept_by_other": "Kartu dipegang orang lain",
    "atm_far": "ATM terlalu jauh", "not_drawn": "Uang lama tidak ditarik",
}  # fmt: skip
ACCESS_RESULTS: Final = {
    "solved": "Selesai, uang dapat diambil", "proxy_recorded": "Kuasa dicatat", "no_problem_found": "Tidak ada masalah",
    "person_died": "Penerima meninggal", "person_moved": "Penerima pindah", "not_reached": "Tidak ditemukan",
}  # fmt: skip
AGAINST: Final = {
    "held": "Penangguhan", "missed": "Bulan yang terlewat", "excluded": "Bulan yang dikecualikan", "ended": "Penghentian",
    "amount": "Nominal",
}  # fmt: skip
CLAIMS: Final = {
    "died": "Meninggal, baru diketahui", "double_entitlement": "Menerima bantuan ganda", "moved_out": "Pindah", "other": "Sebab lain",
}  # fmt: skip
WAYS: Final = {"letter": "Surat", "visit": "Kunjungan", "phone": "Telepon", "message": "Pesan"}
FILED_BY: Final = {"letter": "Surat", "visit": "Datang ke loket", "phone": "Telepon"}
STATES: Final = {
    "open": "Terbuka", "notified": "Sudah diberi tahu", "replied": "Sudah menanggapi", "decided": "Sudah diputuskan",
    "answered": "Sudah dijawab", "write_off_asked": "Penghapusan diminta", "closed": "Ditutup",
}  # fmt: skip
RESULTS: Final = {
    "resume": "Lanjutkan", "end": "Hentikan", "resumed": "Dilanjutkan", "ended": "Dihentikan", "upheld": "Sanggah diterima",
    "rejected": "Sanggah ditolak", "done": "Selesai", "repaid": "Lunas", "written_off": "Dihapuskan", **ACCESS_RESULTS,
}  # fmt: skip
ENTRIES: Final = {
    "opened": "Dibuka", "note": "Catatan", "notice": "Pemberitahuan dikirim", "reply": "Tanggapan penerima", "decision": "Keputusan",
    "ended": "Selesai menurut daftar", "answer": "Jawaban atas sanggah", "closed": "Ditutup", "warned": "Lewat tenggat, diingatkan",
    "instalment": "Angsuran disepakati", "repayment": "Uang kembali", "write_off_asked": "Penghapusan diminta",
    "write_off_refused": "Penghapusan ditolak", "written_off": "Dihapuskan",
}  # fmt: skip
LAWFUL_REASONS: Final = {
    code: REASONS.get(code, "")
    for code in ("dead", "moved_out", "over_age", "panti_resident", "not_eligible", "withdrawn")
} | {"other_aid": "Menerima bantuan lain yang tidak boleh bersamaan"}  # fmt: skip
NOTES: Final = {"answer": "Jawaban", "reassigned": "Dialihkan", "escalated": "Naik karena 15 hari tanpa jawaban baru"}
ORDER_STATES: Final = {"proposed": "Menunggu orang kedua", "confirmed": "Disahkan", "refused": "Ditolak", "done": "Berlaku"}
GAP_STATES: Final = {"open": "Terbuka", "closed": "Selesai"}
_WHOLE_AGENCY: Final = ("bank-jakarta", "bidang-linjamsos", "pusdatin", "kepala-dinas")

DESK: Final = ("operator", "approver")
MONEY: Final = ("operator", "treasurer", "approver")


def about(case: Mapping[str, Any]) -> str:
    """What the case is about, in words."""
    table = {"objection": AGAINST, "access": ACCESS, "recovery": CLAIMS}.get(case["kind"], REASONS)
    return word(table, case["about"])


def said(entry: Mapping[str, Any]) -> str:
    """An entry's words: codes in front of them (a way, a decision, a result) as the office says them."""
    text = str(entry["text"] or "")
    code, colon, rest = text.partition(": ")
    known = {**REASONS, **RESULTS, **ACCESS, **AGAINST, **CLAIMS, **WAYS}
    if code in known:
        return known[code] + (f": {rest}" if colon else "")
    return "" if text == entry["what"] else text


def offices(place: str, names: Mapping[str, str]) -> dict[str, str]:
    """Offices that a gap of this area can be handed to: of the kecamatan, of the city, of the agency."""
    parts = place.split(".")
    codes = [f"satpel/{'.'.join(parts[:3])}"] if len(parts) >= 3 else []
    codes += [f"sudin/{'.'.join(parts[:2])}"] if len(parts) >= 2 else []
    return {code: office(code, names) for code in (*codes, *_WHOLE_AGENCY)}


# --- gaps -------------------------------------------------------------------------------------------------------------

ANSWER: Final = Form(
    "jawab", "answers", "Catat jawaban", "Simpan jawaban", DESK,
    (
        Field("isi", "text", "Apa yang sudah dilakukan atau ditemukan", "long"),
        Field("perkiraan", "expected_on", "Diperkirakan selesai tanggal", "date", required=False),
    ),
    help="Jawaban yang sama tidak menghentikan kenaikan: setelah 15 hari tanpa jawaban baru, temuan naik ke kantor di atasnya.",
)  # fmt: skip
HAND_ON: Final = Form(
    "alihkan", "owner", "Alihkan ke kantor lain", "Alihkan", DESK,
    (Field("kantor", "owner", "Kantor", "choice"), Field("alasan", "reason", "Alasan", most=500)),
    help="Kantor baru mendapat lima hari kerja sejak hari ini.",
)  # fmt: skip
EXCLUDE: Final = Form(
    "kecualikan", "exclusion", "Minta pengecualian menurut aturan", "Minta pengecualian", DESK,
    (Field("alasan", "reason", "Alasan menurut aturan", "choice", LAWFUL_REASONS), Field("dokumen", "document", "Dokumen", most=200)),
    help="Bulan ini ternyata bukan haknya. Berlaku setelah orang kedua mengesahkan; sebelum itu tidak ada yang berubah.",
    confirm="Minta bulan ini dikecualikan?",
)  # fmt: skip
GAP_FORMS: Final = (ANSWER, HAND_ON, EXCLUDE)
EXCLUSION_DECISIONS: Final = {"sahkan": "confirmation", "tolak": "refusal"}

# --- cases ------------------------------------------------------------------------------------------------------------

_ON: Final = Field("tanggal", "on", "Tanggal", "date")
_DOCUMENT: Final = Field("dokumen", "document", "Dokumen", most=200)

NOTE: Final = Form("catat", "notes", "Tambah catatan", "Simpan catatan", MONEY, (Field("isi", "text", "Catatan", "long"),))
NOTICE: Final = Form(
    "beri-tahu", "notice", "Catat pemberitahuan kepada penerima", "Catat pemberitahuan", DESK,
    (
        _ON, Field("cara", "how", "Cara", "choice", WAYS), _DOCUMENT,
        Field(
            "waktu_jawab", "reply_working_days", "Waktu menjawab (hari kerja)", "number", required=False, help="Kosong: menurut aturan.",
        ),
    ),
    help="Waktu menjawab dihitung sejak tanggal ini.",
)  # fmt: skip
REPLY: Final = Form(
    "tanggapi", "reply", "Catat tanggapan penerima", "Catat tanggapan", DESK, (_ON, Field("isi", "text", "Isi tanggapan", "long"))
)
DECIDE: Final = Form(
    "putuskan", "decision", "Putuskan", "Putuskan", DESK,
    (
        Field("keputusan", "decision", "Keputusan", "choice", {"resume": "Lanjutkan kepesertaan", "end": "Hentikan kepesertaan"}),
        Field("isi", "text", "Pertimbangan", "long"),
    ),
    help="Tanpa tanggapan, keputusan baru mungkin setelah waktu menjawab lewat.", confirm="Putuskan kasus ini?",
)  # fmt: skip
ANSWER_OBJECTION: Final = Form(
    "jawab-sanggah", "answer", "Jawab sanggah", "Jawab", DESK,
    (
        Field("hasil", "result", "Hasil", "choice", {"upheld": "Diterima", "rejected": "Ditolak"}),
        Field("alasan", "reason", "Alasan", "long"), _DOCUMENT,
    ),
    help="Hanya orang yang tidak ikut memutuskan.", confirm="Jawab sanggah ini?",
)  # fmt: skip
CLOSE_OBJECTION: Final = Form(
    "selesaikan", "closing", "Selesaikan", "Tutup kasus", DESK, (Field("isi", "text", "Apa yang sudah dilakukan", "long"),),
    help="Setelah yang harus dilakukan sudah dilakukan.", fixed={"result": "done"},
)  # fmt: skip
CLOSE_ACCESS: Final = Form(
    "selesaikan", "closing", "Selesaikan", "Tutup kasus", DESK,
    (Field("hasil", "result", "Hasil", "choice", ACCESS_RESULTS), Field("isi", "text", "Uraian", "long")),
)  # fmt: skip
REPAY: Final = Form(
    "terima-uang", "repayments", "Catat uang kembali", "Catat", ("treasurer",),
    (_ON, Field("jumlah", "amount", "Jumlah (rupiah)", "number"), Field("dokumen", "document", "Nomor STS atau bukti setor", most=200)),
    help="Kasus selesai sendiri bila tidak ada sisa.",
)  # fmt: skip
PLAN: Final = Form(
    "sepakati-angsuran", "instalments", "Sepakati angsuran", "Simpan angsuran", MONEY,
    (
        Field(
            "angsuran", "instalments", "Angsuran, satu per baris", "plan",
            help="Tanggal dan jumlah, misalnya: 2026-02-10 300.000. Jumlah semuanya tepat sama dengan sisa.",
        ),
    ),
)  # fmt: skip
WRITE_OFF: Final = Form(
    "minta-hapus", "write-off", "Minta penghapusan tagihan", "Minta penghapusan", MONEY,
    (Field("alasan", "reason", "Alasan", "long"), _DOCUMENT),
    help="Orang lain yang memutuskan.", confirm="Minta sisa tagihan dihapuskan?",
)  # fmt: skip
WRITE_OFF_DECISION: Final = Form(
    "putuskan-hapus", "write-off/decision", "Putuskan penghapusan", "Putuskan", ("approver", "leader"),
    (Field("setuju", "granted", "Hapuskan sisa tagihan", "yes_no"),), confirm="Putuskan penghapusan tagihan ini?",
)  # fmt: skip

_BY_STATE: Final[Mapping[tuple[str, str], tuple[Form, ...]]] = {
    ("hold", "open"): (NOTICE,), ("hold", "notified"): (REPLY, DECIDE, NOTICE), ("hold", "replied"): (DECIDE,),
    ("objection", "open"): (ANSWER_OBJECTION,), ("objection", "answered"): (CLOSE_OBJECTION,),
    ("access", "open"): (CLOSE_ACCESS,),
    ("recovery", "open"): (REPAY, PLAN, WRITE_OFF), ("recovery", "write_off_asked"): (WRITE_OFF_DECISION,),
}  # fmt: skip


def case_forms(case: Mapping[str, Any]) -> tuple[Form, ...]:
    """What this case may be asked next, the likely step first; a note always, while it is open."""
    return () if case["state"] == "closed" else (*_BY_STATE.get((case["kind"], case["state"]), ()), NOTE)


def forms_of_kind(kind: str) -> list[Form]:
    """Everything that a case of this kind may be asked in some state: a page that was open too long is told so by the service."""
    return [form for (of, _), forms in _BY_STATE.items() if of == kind for form in forms] + [NOTE]


# --- new cases --------------------------------------------------------------------------------------------------------

_WHO: Final = (
    Field(
        "orang", "person_id", "NIK atau nomor Ritme penerima", least=16, most=36,
        help="NIK hanya dipakai untuk mencari, dan pencariannya dicatat.",
    ),
)  # fmt: skip
_PROGRAMME: Final = Field("program", "programme", "Program", "choice", PROGRAMMES)
_MONTH: Final = Field("bulan", "month", "Bulan", "month")

NEW: Final[Mapping[str, Form]] = {
    "sanggah": Form(
        "sanggah", "objections", "Catat sanggah", "Catat sanggah", DESK,
        (
            *_WHO, _PROGRAMME, _MONTH, Field("atas", "against", "Yang disanggah", "choice", AGAINST),
            Field("tanggal", "filed_on", "Tanggal disampaikan", "date"), Field("cara", "filed_by", "Disampaikan lewat", "choice", FILED_BY),
            Field("isi", "text", "Isi sanggah", "long"),
            Field("tahu", "decided_on", "Tanggal penerima mengetahui keputusan", "date", required=False),
            Field(
                "pemutus", "decided_by", "Nama pengguna pemutus", required=False, least=2, most=60,
                help="Dia tidak boleh menjawab sanggah ini.",
            ),
        ),
    ),
    "akses": Form(
        "akses", "access", "Catat uang masuk yang tidak bisa diambil", "Catat kasus", DESK,
        (
            *_WHO, _PROGRAMME, Field("bulan", "month", "Bulan", "month", required=False),
            Field("masalah", "problem", "Masalah", "choice", ACCESS), Field("isi", "text", "Uraian", "long"),
        ),
    ),
    "tagihan": Form(
        "tagihan", "recovery", "Tagih kembali bulan yang bukan haknya", "Buat tagihan", MONEY,
        (
            *_WHO, _PROGRAMME, Field("sebab", "about", "Sebab", "choice", CLAIMS),
            Field(
                "meninggal", "day_of_death", "Tanggal meninggal", "date", required=False,
                help="Hanya bila meninggal: bulan sesudah bulan kematian ditagih.",
            ),
            Field(
                "bulan", "months", "Bulan, dipisah koma", required=False, least=7, help="Untuk sebab lain, misalnya 2025-08, 2025-09.",
            ),
            _DOCUMENT,
        ),
    ),
}  # fmt: skip
NEW_KINDS: Final = {"sanggah": "objection", "akses": "access", "tagihan": "recovery"}

NOT_DRAWN: Final = Form(
    "tidak-ditarik", "not-drawn", "Buka kunjungan untuk uang yang lama tidak ditarik", "Buka kunjungan", ("operator",),
    (Field("hari", "days", "Tidak ditarik selama (hari)", "number", value="105"),),
    help="Menurut laporan bank. Tidak ada yang dihentikan atau ditarik kembali.",
)  # fmt: skip

ORDER: Final = Form(
    "perintah", "", "Terbitkan perintah", "Terbitkan perintah", ("operator",),
    (
        Field("alasan", "reason", "Alasan", "choice"), Field("bulan", "from_month", "Mulai bulan", "month"),
        Field("dokumen", "evidence", "Dokumen", most=200),
    ),
    help="Keputusan berlaku lewat perintah ini. Melanjutkan, atau mengubah bulan yang sudah dikunci, menunggu orang kedua.",
)  # fmt: skip
