"""The people file: read whatever Excel wrote, refused with every fault by line and column."""

import pytest

from backend.domains.identity.rules import people_file

UNITS = {"330113001": "town", "hangyang": "contractor", "330113": "district"}
HEAD = "login,name,phone,role,unit_code\n"


def gathered(text):
    lines, _ = people_file.read_lines(text.encode() if isinstance(text, str) else text)
    return people_file.gather(lines, UNITS)


def faults(text):
    with pytest.raises(people_file.PeopleFileInvalid) as raised:
        gathered(text)
    return raised.value.errors


@pytest.mark.parametrize(("encoding", "told"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("gb18030", "gb18030")])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_encodings_excel_saves_are_read(encoding, told, end):
    text = (HEAD + "Lin,林晓,138 0013 8000,inspector,330113001\n").replace("\n", end)
    lines, read_as = people_file.read_lines(text.encode(encoding))
    assert read_as == told
    assert lines == [people_file.PersonLine(2, "lin", "林晓", "138 0013 8000", "inspector", "330113001")]


def test_columns_may_stand_in_another_order_and_empty_lines_are_skipped():
    entries = gathered("unit_code,role,phone,name,login\n,,,,\n330113,acceptor,,赵敏,zhao\n330113,shift_leader,,赵敏,ZHAO\n")
    assert entries == [people_file.PersonEntry("zhao", "赵敏", None, [("acceptor", "330113"), ("shift_leader", "330113")])]


def test_every_faulty_line_and_column_is_listed():
    found = faults(
        HEAD
        + "lin,林晓,,inspector,330113001\n"  # 2: fine
        + "a b,林晓,,inspector,330113001\n"  # 3: login
        + "wu,,,inspector,330113001\n"  # 4: name
        + "xu,徐,call me,inspector,330113001\n"  # 5: phone
        + "he,何,,mayor,330113001\n"  # 6: role
        + "he,何,,inspector,nowhere\n"  # 7: unit
        + "ma,马强,,inspector,hangyang\n"  # 8: role not in such a unit
        + "lin,林大,123456,inspector,330113001\n"  # 9: name, phone, role twice
        + "qi,齐,,contractor_worker,hangyang\n"
        + "qi,齐,,inspector,330113001\n",  # 11: conflict
    )
    assert [pointer for pointer, _ in found] == [
        "/3/login",
        "/4/name",
        "/5/phone",
        "/6/role",
        "/7/unit_code",
        "/8/unit_code",
        "/9/name",
        "/9/phone",
        "/9/role",
        "/11/role",
    ]
    assert all(reason for _, reason in found)


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("", "/1"),
        ("login;name;phone;role;unit_code\n", "/1"),
        ("login,name,phone,role\nx,y,,acceptor\n", "/1"),
        ("login,login,name,phone,role,unit_code\n", "/1"),
        (HEAD, "/2"),
        (HEAD + "lin,林晓,inspector\n", "/2"),
        (HEAD + 'lin,"林"晓,,inspector,330113001\n', "/1"),
        (b"\xff\xff\xff", "/1"),
    ],
)
def test_what_is_no_people_file(text, pointer):
    assert faults(text)[0][0] == pointer
