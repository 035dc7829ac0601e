"""Published templates as files: a workbook whose cells keep every digit, and the same header as CSV."""

from __future__ import annotations

import csv
import io

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from shared.tabular.columns import CellParser, Column, Template

_LAST_ROW = 299_999
_LIST_CHARACTERS_MAX = 250  # a spreadsheet takes 255 with the quotes
_AS_TEXT = frozenset({"text", "digits", "code", "month", "choice"})


def _parser(column: Column) -> CellParser | None:
    return column.parse if isinstance(column.parse, CellParser) else None


def _number_format(column: Column) -> str:
    parser = _parser(column)
    if parser is None or parser.kind in _AS_TEXT:
        return "@"
    return {"day": "yyyy-mm-dd", "money": "#,##0", "number": "0"}.get(parser.kind, "@")


def _add_column(sheet: Worksheet, place: int, header_row: int, column: Column) -> None:
    letter = get_column_letter(place)
    cell = sheet.cell(row=header_row, column=place, value=column.name)
    cell.font = Font(bold=True)
    if column.help:
        cell.comment = Comment(column.help, "Ritme", height=90, width=260)
    sheet.column_dimensions[letter].width = max(14, len(column.name) + 4, min(40, len(column.example) + 2))
    sheet.column_dimensions[letter].number_format = _number_format(column)
    parser = _parser(column)
    listed = ",".join(parser.choices) if parser else ""
    # A comma parts the entries of such a list, so a word with a comma cannot be offered.
    if parser and listed and len(listed) <= _LIST_CHARACTERS_MAX and listed.count(",") == len(parser.choices) - 1:
        validation = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=not column.required)
        validation.error = f"Pilih salah satu: {listed}"[:225]
        validation.add(f"{letter}{header_row + 1}:{letter}{_LAST_ROW}")
        sheet.add_data_validation(validation)


def _help_sheet(book: Workbook, template: Template) -> None:
    sheet = book.create_sheet("Petunjuk")
    sheet.append([template.title])
    if template.preamble:
        names = ", ".join(column.name for column in template.preamble_columns())
        sheet.append([f"Baris pertama memuat, berurutan: {names}. Judul kolom di baris kedua."])
    sheet.append(["nama kolom", "wajib", "isi", "contoh"])
    for column in template.columns:
        sheet.append([column.name, "ya" if column.required else "tidak", column.help, column.example])
    for cells in sheet.iter_rows():
        for cell in cells:
            cell.number_format = "@"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for place, width in enumerate((24, 8, 70, 28), start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width


def template_workbook(template: Template) -> bytes:
    """The template as XLSX: header with notes, columns of numbers-that-are-names as text, lists of words to choose.

    A template with a first row holds that row's names in angle brackets, to be written over.
    """
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = template.name[:31]
    header_row = 1
    if template.preamble:
        sheet.append([f"<{column.name}>" for column in template.preamble_columns()])
        header_row = 2
    for place, column in enumerate(template.columns, start=1):
        _add_column(sheet, place, header_row, column)
    sheet.freeze_panes = f"A{header_row + 1}"
    _help_sheet(book, template)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def template_csv(template: Template) -> str:
    """The template as CSV text (`;`): the first row's names where there is one, then the header."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    if template.preamble:
        writer.writerow([f"<{column.name}>" for column in template.preamble_columns()])
    writer.writerow([column.name for column in template.columns])
    return out.getvalue()
