"""XML files from strangers: parsed by Expat, which follows no reference to a file and refuses entities that grow."""

from xml.etree import ElementTree

from mmvis_ext.utils.errors import InputError

__all__ = ["parse_xml"]


def parse_xml(content: bytes, path: str) -> ElementTree.Element:
    """The root element of an XML file.

    Args:
        content: of the file.
        path: names the file in the error.

    Raises:
        InputError: it is no XML, or is cut off.
    """
    try:
        return ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise InputError(f"{path}: not valid XML ({error}); the file is truncated or broken, fetch it again.") from None
