"""How a file is written: in pieces, each of some thousand rows, that are put together in the end.

A piece is bytes that need nothing of the others, so pieces may be written at any time, by any worker, and again. XLSX is a
zip of XML; its pieces are rows of a sheet as XML, and putting them together is copying: nothing is held in memory, whatever the
number of rows.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any
from xml.sax.saxutils import escape

import orjson

ROWS_OF_A_PIECE = 5000
#: A sheet has 1,048,576 rows at most; whole pieces and the line of names.
PIECES_OF_A_SHEET = 1_048_575 // ROWS_OF_A_PIECE
LONGEST_CELL = 32_767
BOM = b"\xef\xbb\xbf"

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/x-ndjson",
    "json": "application/json",
}
#: What a spreadsheet takes for the beginning of a formula, the wide forms of other keyboards included.
_FORMULA = re.compile(r"^[\s\x00-\x20]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]")
#: A number, or telephone numbers as people read them: no letters, no calls, nothing to run.
_FIGURES = re.compile(r"-?\d+(?:\.\d+)?|\+\d[\d ().\-]*(?: ext\. [\d*#]+)?(?:; \+\d[\d ().\-]*(?: ext\. [\d*#]+)?)*")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection): an apostrophe stands before what looks like one.

    Numbers and telephone numbers stay as they are: they may begin with a sign, and there is nothing in them to run.
    """
    return "'" + cell if _FORMULA.match(cell) and not _FIGURES.fullmatch(cell) else cell


def piece(form: str, lines: Iterable[Any]) -> bytes:
    """The bytes of one piece. A line is a list of cells for tables, an object for JSON."""
    if form == "csv":
        return _csv(lines)
    if form == "xlsx":
        return "".join(map(_sheet_row, lines)).encode()
    if form == "jsonl":
        return b"".join(orjson.dumps(line) + b"\n" for line in lines)
    return b"".join(orjson.dumps(line, default=str, option=orjson.OPT_INDENT_2) for line in lines)


def put_together(form: str, target: IO[bytes], *, title: str, header: Sequence[str], pieces: Iterator[IO[bytes]]) -> None:
    """Write the whole file into ``target``; each piece is opened, copied and closed in its turn."""
    if form == "xlsx":
        _workbook(target, title, header, pieces)
        return
    if form == "csv":
        target.write(BOM + _csv([header]))
    for source in pieces:
        _copy(source, target)


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    with source:
        while block := source.read(1 << 20):
            target.write(block)


def _csv(lines: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([harmless(str(cell)) for cell in line] for line in lines)
    return text.getvalue().encode()


def _sheet_row(line: Sequence[Any]) -> str:
    return f"<row>{''.join(map(_sheet_cell, line))}</row>"


def _sheet_cell(cell: Any) -> str:
    if isinstance(cell, int | float):
        return f"<c><v>{cell}</v></c>"
    text = harmless(_NOT_XML.sub("", str(cell)))[:LONGEST_CELL]
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>' if text else "<c/>"


# --- the parts of a workbook that are not rows
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
BEGIN = (
    f'{XML}<worksheet xmlns="{MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
)
END = "</sheetData></worksheet>"
STYLES = (
    f'{XML}<styleSheet xmlns="{MAIN}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="1"><xf/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def _workbook(target: IO[bytes], title: str, header: Sequence[str], pieces: Iterator[IO[bytes]]) -> None:
    """As many sheets as the rows need."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        sheets = 0
        source = next(pieces, None)
        while source is not None or not sheets:
            sheets += 1
            with archive.open(f"xl/worksheets/sheet{sheets}.xml", "w", force_zip64=True) as sheet:
                sheet.write((BEGIN + _sheet_row(header)).encode())
                for _ in range(PIECES_OF_A_SHEET):
                    if source is None:
                        break
                    _copy(source, sheet)
                    source = next(pieces, None)
                sheet.write(END.encode())
        for name, text in _frame(title, sheets):
            archive.writestr(name, text)


def _frame(title: str, sheets: int) -> Iterator[tuple[str, str]]:
    numbers = range(1, sheets + 1)
    named = "".join(f'<sheet name="{escape(title)} {n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    yield "xl/workbook.xml", f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{named}</sheets></workbook>'
    links = "".join(f'<Relationship Id="rId{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers)
    styles = f'<Relationship Id="rId{sheets + 1}" Type="{OFFICE}/styles" Target="styles.xml"/>'
    yield "xl/_rels/workbook.xml.rels", f'{XML}<Relationships xmlns="{PACKAGE}/relationships">{links}{styles}</Relationships>'
    yield "xl/styles.xml", STYLES
    book = f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    yield "_rels/.rels", f'{XML}<Relationships xmlns="{PACKAGE}/relationships">{book}</Relationships>'
    kinds = "".join(f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{SHEET_TYPE}.worksheet+xml"/>' for n in numbers)
    yield (
        "[Content_Types].xml",
        f'{XML}<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{SHEET_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{SHEET_TYPE}.styles+xml"/>{kinds}</Types>',
    )
