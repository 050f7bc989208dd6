"""Annotations of ImageNet with something wrong in them are read, or refused in a sentence."""

import sys

import pytest
from hypothesis import example, given
from mutants import fuzz, harmless, spoiled

from mmvis_ext.annotations.imagenet_xml import read_xml
from mmvis_ext.annotations.tolerance import Tolerance

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits the memory as Linux does")

BOX = "<bndbox><xmax>20</xmax><xmin>3</xmin><ymax>18</ymax><ymin>2</ymin></bndbox>"
XML = f"""<annotation><size><width>32</width><height>24</height></size>
<object><trackid>0</trackid><name>n02084071</name>{BOX}</object>
<object><trackid>1</trackid><name>n02121808</name>{BOX}</object></annotation>""".encode()
ENTITIES = "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(12))
LAUGHS = f'<!DOCTYPE annotation [<!ENTITY e0 "ha">{ENTITIES}]><annotation>&e12;</annotation>'.encode()
ELSEWHERE = (
    b'<!DOCTYPE annotation [<!ENTITY x SYSTEM "file:///etc/hostname">]><annotation><name>&x;</name></annotation>'
)


@fuzz
@given(data=spoiled(XML))
@example(data=LAUGHS)
@example(data=ELSEWHERE)
@example(data=b"<annotation>" * 100_000)
def test_bytes(data, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "a.xml"
    path.write_bytes(data)
    harmless(read_xml, str(path), Tolerance(str(path)))
