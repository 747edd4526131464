"""Record and bytes travel apart: what is wrong with the bytes says nothing against the record."""

from io import BytesIO

from tests.make.phone import photo
from tests.make.pictures import picture


def test_a_photo_over_the_limit_is_refused_and_its_record_stands(district, lin):  # fault 54
    limits = district.client("lin").get("/api/v1/sync/hello").json["limits"]
    size = 30 * 1024 * 1024
    assert size > limits["photo_bytes"], "told before anything is captured"
    declared = photo(picture(1), bytes=size)
    record = lin.record(photos=[declared])
    [result] = lin.pushed()
    assert result["status"] == "applied"
    assert result["effects"]["needs"][0] == "photos"
    address = f"/api/v1/blobs/sha256/{declared['sha256']}"
    refused = lin.client.put(address, input_stream=BytesIO(b""), environ_overrides={"CONTENT_LENGTH": str(size)})
    assert (refused.status_code, refused.json["type"].rpartition("/")[2]) == (413, "photo_too_large")
    states = lin.client.post("/api/v1/blobs/status", json={"sha256": [declared["sha256"]]}).json
    assert states[declared["sha256"]]["state"] == "unknown"
    shown = district.client("lin").get(f"/api/v1/findings/{record['e']['id']}").json
    assert (shown["state"], shown["evidence"]["declared"], shown["evidence"]["stored"]) == ("recorded", 1, 0)
