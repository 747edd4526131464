"""A small day's work with the client that openapi-python-client made: everything below is typed by the OpenAPI document.

Arguments: URL, login, password, a JPEG file.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import sys
from pathlib import Path
from typing import TypeVar
from uuid import UUID, uuid4

from linping_client import AuthenticatedClient, Client
from linping_client.api.blobs import list_blob_states, store_blob
from linping_client.api.findings import get_finding, list_findings
from linping_client.api.pull import pull_changes
from linping_client.api.push import push_operations
from linping_client.api.sessions import open_session
from linping_client.api.sync import register_replica, say_hello
from linping_client.models import (
    BlobStates,
    BlobStateState,
    Category,
    CategoryKind,
    FindingPage,
    FindingWithHistory,
    Hello,
    ListBlobStates,
    OpenPatrol,
    OpenPatrolOperation,
    OpenPatrolOperationEntity,
    OpenSession,
    OperationStatus,
    OutcomeStatus,
    Photo,
    PhotoRole,
    Place,
    Problem,
    Pull,
    PullAnswer,
    PushAnswer,
    PushHeader,
    PutCategory,
    PutFinding,
    RecordFinding,
    RecordFindingOperation,
    RecordFindingOperationEntity,
    RegisterReplica,
    ReplicaRegistered,
    SessionDoc,
)
from linping_client.models import Result as Outcome
from linping_client.types import UNSET, File

T = TypeVar("T")
_FINDINGS = 3
_PAGE = 2


def given(kind: type[T], answer: object) -> T:
    """The answer where it is of this kind. Raises SystemExit with the problem else."""
    if isinstance(answer, kind):
        return answer
    raise SystemExit(f"{kind.__name__} expected, got {answer}")


def main(url: str, login: str, password: str, photo: Path) -> None:
    """Sign in, register, pull the ground, push a patrol with findings, deliver a photo, pull it back, read the worklist."""
    anybody = Client(base_url=url)
    hello = given(Hello, say_hello.sync(client=anybody))
    session = given(SessionDoc, open_session.sync(client=anybody, body=OpenSession(login=login, password=password)))
    person = AuthenticatedClient(base_url=url, token=session.access_token)
    store = RegisterReplica(install_id=str(uuid4()), platform="openapi-python-client", app_version="1", schema=hello.schema)
    replica = given(ReplicaRegistered, register_replica.sync(client=person, body=store))
    phone = AuthenticatedClient(base_url=url, token=replica.credential)

    changes, _, cursor = pull_all(person, replica.replica, None)
    category = next(change.doc for change in changes if isinstance(change, PutCategory) and change.doc.conditions)
    content = photo.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    body, patrol, finding = day(replica, category.code, CategoryKind(category.kind), sha256, len(content))
    pushed = given(PushAnswer, push_operations.sync(client=phone, body=File(payload=io.BytesIO(body))))
    statuses = [result.status for result in pushed.results]
    if statuses != [OperationStatus.APPLIED] * (1 + _FINDINGS) or pushed.acked_through != 1 + _FINDINGS:
        raise SystemExit(f"the push became {pushed}")
    again = given(PushAnswer, push_operations.sync(client=phone, body=File(payload=io.BytesIO(body))))
    for result in again.results:
        if result.status is not OperationStatus.DUPLICATE or not result.original or result.original.status is not OutcomeStatus.APPLIED:
            raise SystemExit(f"the second push became {again}")

    sent = store_blob.sync_detailed(sha256, client=phone, body=File(payload=io.BytesIO(content)))
    if sent.status_code != 201:
        raise SystemExit(f"the photo was answered with {sent.status_code}: {sent.content!r}")
    states = given(BlobStates, list_blob_states.sync(client=phone, body=ListBlobStates(sha256=[sha256])))
    if states[sha256].state is not BlobStateState.STORED:
        raise SystemExit(f"the photo is {states[sha256]}")

    changes, results, _ = pull_all(person, replica.replica, cursor)
    doc = next(change.doc for change in changes if isinstance(change, PutFinding) and change.doc.id == finding)
    if doc.patrol != patrol or doc.photos[0].sha256 != sha256:
        raise SystemExit(f"the finding came back as {doc}")
    if not {result.op for result in pushed.results} <= {result.op for result in results}:
        raise SystemExit(f"the outcomes pulled are {results}")

    pages, found = worklist(person)
    if finding not in found or pages < 2 or len(found) != len(set(found)):
        raise SystemExit(f"the worklist has {found} on {pages} pages")
    shown = given(FindingWithHistory, get_finding.sync(finding, client=person))
    refused = given(Problem, get_finding.sync(uuid4(), client=person))
    if refused.type_ != "/problems/not_found":
        raise SystemExit(f"a finding that is not there: {refused}")
    count = f"{len(changes)} changes pulled after the push, {len(found)} findings on {pages} pages"
    print(f"{count}, {doc.number} with {len(shown.history)} entries")


def pull_all(person: AuthenticatedClient, replica: UUID, cursor: str | None) -> tuple[list[object], list[Outcome], str | None]:
    """Every page after the cursor: changes, outcomes, and the cursor for the next time."""
    changes: list[object] = []
    results: list[Outcome] = []
    more = True
    while more:
        page = given(PullAnswer, pull_changes.sync(client=person, body=Pull(replica=replica, cursor=cursor)))
        changes += page.changes
        results += page.results
        cursor, more = page.cursor, page.more
    return changes, results, cursor


def day(replica: ReplicaRegistered, code: str, kind: CategoryKind, sha256: str, size: int) -> tuple[bytes, UUID, UUID]:
    """The body of a push, and the ids of the patrol and the finding in it."""
    now = dt.datetime.now(dt.UTC)
    patrol, finding, opened = uuid4(), uuid4(), uuid4()
    header = PushHeader(
        h=1, replica=replica.replica, sent_at=now, epoch=replica.epoch, boot="b1", mono_ms=60_000.0, outbox_depth=1 + _FINDINGS
    )
    begin = OpenPatrolOperation(
        op=opened,
        seq=replica.next_seq,
        t="open_patrol",
        v=1,
        at=now - dt.timedelta(seconds=40),
        boot="b1",
        mono_ms=20_000.0,
        e=OpenPatrolOperationEntity(type_="patrol", id=patrol),
        d=OpenPatrol(),
    )
    declared = Photo(id=uuid4(), sha256=sha256, bytes_=size, mime="image/jpeg", role=PhotoRole.BEFORE, taken_at=now)
    records = [
        RecordFindingOperation(
            op=uuid4(),
            seq=replica.next_seq + number,
            t="record_finding",
            v=1,
            at=now - dt.timedelta(seconds=30 - number),
            boot="b1",
            mono_ms=30_000.0 + 1000 * number,
            deps=[opened],
            e=RecordFindingOperationEntity(type_="finding", id=finding if number == 1 else uuid4()),
            d=RecordFinding(
                category=Category(kind=kind, code=code),
                place=Place(lon=120.3, lat=30.42, datum="WGS-84", accuracy_m=5.0),
                patrol=patrol,
                note="typed by the document",
                photos=[declared] if number == 1 else [],
            ),
        )
        for number in range(1, _FINDINGS + 1)
    ]
    lines = (header.to_dict(), begin.to_dict(), *(record.to_dict() for record in records))
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines), patrol, finding


def worklist(person: AuthenticatedClient) -> tuple[int, list[UUID]]:
    """Own findings of the last day, page by page."""
    since = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    found: list[UUID] = []
    pages, cursor = 0, None
    while pages == 0 or cursor is not None:
        page = given(FindingPage, list_findings.sync(client=person, mine=True, since=since, limit=_PAGE, cursor=cursor or UNSET))
        found += [item.id for item in page.items]
        pages, cursor = pages + 1, page.next_
    return pages, found


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))
