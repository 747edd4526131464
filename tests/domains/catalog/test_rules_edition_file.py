import pytest

from backend.domains.catalog.rules.edition_file import COLUMNS, CatalogFaults, read_edition

ROW = {
    "kind": "event",
    "class_code": "06",
    "class_zh": "市容环境类",
    "class_en": "City appearance",
    "subclass_code": "06010",
    "subclass_zh": "暴露垃圾",
    "subclass_en": "Exposed rubbish",
    "default_trade": "sanitation",
    "filing_condition_zh": "有垃圾",
    "time_limit_value": "4",
    "time_limit_unit": "working_hours",
    "closing_condition_zh": "清理干净",
    "source": "made here",
}


def file_of(*rows):
    lines = [",".join(COLUMNS), *(",".join(f'"{(ROW | row)[column]}"' for column in COLUMNS) for row in rows)]
    return "\n".join(lines)


def pointers(text):
    with pytest.raises(CatalogFaults) as caught:
        read_edition(text)
    return [pointer for pointer, _ in caught.value.errors]


def test_the_file_in_the_repository_has_282_subclasses_694_conditions_and_633_limits(csv_text):
    subclasses = read_edition(csv_text)
    conditions = [condition for subclass in subclasses for condition in subclass.conditions]
    without = [condition for condition in conditions if condition.limit_value is None]

    assert (len(subclasses), len(conditions), len(conditions) - len(without)) == (282, 694, 633)
    assert [(condition.number, condition.text, condition.limit_unit) for condition in without] == [(1, "", None)] * 61


def test_conditions_are_numbered_from_1_in_file_order(csv_text):
    for subclass in read_edition(csv_text):
        assert [condition.number for condition in subclass.conditions] == list(range(1, len(subclass.conditions) + 1))


def test_words_keep_their_number_in_a_later_edition_and_no_number_is_used_again():
    earlier = {("event", "06010"): {"有垃圾": 1, "垃圾满溢": 2, "别的": 5}}
    [subclass] = read_edition(
        file_of({"filing_condition_zh": "新的"}, {"filing_condition_zh": "垃圾满溢"}, {"filing_condition_zh": "又新的"}), earlier
    )

    assert [(condition.text, condition.number) for condition in subclass.conditions] == [("新的", 6), ("垃圾满溢", 2), ("又新的", 7)]


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter():
    text = file_of({}, {"filing_condition_zh": "另一个"})

    assert read_edition("\ufeff" + text.replace("\n", "\r\n") + "\r\n") == read_edition(text)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "thing"),
        ("class_code", "6 "),
        ("subclass_code", "07001"),
        ("subclass_code", "06-10"),
        ("subclass_en", " "),
        ("default_trade", "gardening"),
        ("time_limit_unit", "days"),
        ("time_limit_unit", ""),
        ("time_limit_value", ""),
        ("time_limit_value", "0"),
        ("time_limit_value", "1.5"),
        ("time_limit_value", "-1"),
        ("time_limit_value", "10001"),
        ("time_limit_value", "٤"),
        ("source", ""),
    ],
)
def test_a_wrong_cell_is_named_by_row_and_column(column, value):
    assert f"/rows/3/{column}" in pointers(file_of({}, {"filing_condition_zh": "另一个", column: value}))


def test_all_faults_are_told_at_once():
    assert pointers(file_of({"kind": "x"}, {"default_trade": "x"}, {"time_limit_unit": "x"})) == [
        "/rows/2/kind",
        "/rows/3/default_trade",
        "/rows/4/time_limit_unit",
    ]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({}, "/rows/3/filing_condition_zh"),
        ({"filing_condition_zh": "另", "subclass_zh": "别名"}, "/rows/3/subclass_zh"),
        ({"filing_condition_zh": "另", "default_trade": "other"}, "/rows/3/default_trade"),
        ({"subclass_code": "06011", "class_zh": "别的类"}, "/rows/3/class_zh"),
    ],
)
def test_rows_that_contradict_each_other_are_refused(change, pointer):
    assert pointers(file_of({}, change)) == [pointer]


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("", "/rows/1"),
        ("kind,code\nevent,1", "/rows/1"),
        (",".join(COLUMNS), "/rows"),
        (",".join(COLUMNS) + "\nevent,06", "/rows/2"),
        (",".join(COLUMNS) + '\n"event,06', "/rows/2"),
    ],
)
def test_a_file_that_is_no_table_is_refused(text, pointer):
    assert pointers(text) == [pointer]
