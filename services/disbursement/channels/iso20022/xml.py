"""XML from outside, read in flat memory: no entities, no network, no DTD, one record at a time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Final

from lxml import etree

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:"
_HERE: Final = Path(__file__).parent


class XmlUnreadable(Exception):
    """Not XML, not by its schema, or something in it that a bank's message never has; says the line, never a value."""


@lru_cache
def schema_of(message: str) -> Any | None:
    """ISO's schema of a message such as ``pain.001.001.09``; None where it does not come with Ritme."""
    file = _HERE / f"{message}.xsd"
    return etree.XMLSchema(etree.parse(file, _parser())) if file.is_file() else None


def _parser() -> Any:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def message_of(file: BinaryIO) -> str:
    """The message's name, from the namespace of its root, such as ``pain.002.001.12``; leaves the file at its beginning."""
    file.seek(0)
    try:
        for _, root in etree.iterparse(file, events=("start",), resolve_entities=False, no_network=True, load_dtd=False):
            if root.getroottree().docinfo.doctype:
                raise XmlUnreadable("the file has a document type declaration; messages of a bank have none")
            name = etree.QName(root)
            if name.localname != "Document" or not (name.namespace or "").startswith(NAMESPACE):
                raise XmlUnreadable("the file is no message of ISO 20022")
            return str(name.namespace).removeprefix(NAMESPACE)
    except etree.XMLSyntaxError as wrong:
        raise XmlUnreadable(f"line {wrong.lineno}: this is not XML") from None
    finally:
        file.seek(0)
    raise XmlUnreadable("the file is empty")


def records(file: BinaryIO, message: str, *names: str) -> Iterator[Any]:
    """Each element with one of these names, whole, in order, then forgotten; checked by ISO's schema where it is here.

    Raise XmlUnreadable in the middle: whoever reads must be ready to drop everything.
    """
    file.seek(0)
    root = f"{{{NAMESPACE}{message}}}Document"
    tags = [root, *(f"{{{NAMESPACE}{message}}}{name}" for name in names)]
    found = etree.iterparse(
        file, events=("end",), tag=tags, schema=schema_of(message), resolve_entities=False, no_network=True, load_dtd=False,
        huge_tree=False, remove_comments=True, remove_pis=True, collect_ids=False,
    )  # fmt: skip
    whole = False
    try:
        for _, element in found:
            if element.tag == root:
                whole = True
                continue
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError as wrong:
        raise XmlUnreadable(f"line {wrong.lineno}: not as the schema of {message} has it") from None
    if not whole:  # with a schema, libxml2 does not always say that the end is missing
        raise XmlUnreadable("the message breaks off")


def value(element: Any, *path: str) -> str:
    """The text at a path of names, whatever their namespace; empty where it is not there."""
    for name in path:
        element = child(element, name)
        if element is None:
            return ""
    return (element.text or "").strip()


def child(element: Any, name: str) -> Any | None:
    return None if element is None else next((one for one in element if etree.QName(one).localname == name), None)


def children(element: Any, name: str) -> Iterator[Any]:
    if element is not None:
        yield from (one for one in element if etree.QName(one).localname == name)


def local_name(element: Any) -> str:
    return str(etree.QName(element).localname)
