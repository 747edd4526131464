"""A district at work over a bad line: inspectors, a liaison, contractors and the desk on one real server that may die at any point.

Each method is one thing that somebody does, whatever the state of the line and of the server. What may go wrong for a reason (no net, no
session, not allowed) is counted in `met`; what must never happen is added to `violations`. The state machine and the soak draw what is
done; `settle` then lets everything come to rest, and `tests.machine.oracles` looks at what came of it.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests.make.bad_line import BadLine, Mix
from tests.make.district import DIRT, EAST, HOME, MANHOLE, NEXT_DOOR, OUTSIDE, TOILET, TREE
from tests.make.dying import POINTS
from tests.make.people import PASSWORD
from tests.make.pictures import picture
from tests.make.server import Server
from tests.phone.ids import uuid7
from tests.phone.outbox import ChainDiffers
from tests.phone.patience import Broken, Patience
from tests.phone.phone import Forked, Phone, SignInNeeded, Wiped
from tests.phone.store import STEPS
from tests.phone.wire import Refused, Wire

PLACES = (HOME, NEXT_DOOR, EAST, OUTSIDE)
CATEGORIES = (MANHOLE, DIRT, TOILET, TREE, {"kind": "event", "code": "99999"})
HOLDERS = ("lin", "lin", "wu", "shen", "qian", "ma")
"""Who holds the six phones: three inspectors' stores (two of one person), a liaison's, and two of one contractor."""
RECORDERS = ("lin", "wu", "shen")
DOERS = ("qian", "ma")
_PATIENCE = Patience(tries=6, first_s=0.02, most_s=0.3)
_SEEDS = count(1000)


def bad() -> Mix:
    """The line of all this: about every third request meets something."""
    return Mix.loss(0.15, delay=0.03, delay_answer=0.03, hold=0.02, twice=0.04, twice_at_once=0.03)


class Killed(BaseException):
    """The battery of a phone is empty. No code of the phone handles it."""


@dataclass
class Pocket:
    """Somebody's phone: the folder outlives the phone. `backup` is an older copy of its store, `dies_at` an armed step."""

    login: str
    folder: Path
    phone: Phone
    own: list[str] = field(default_factory=list)
    patrol: str | None = None
    dies_at: str | None = None
    backup: set[str] | None = None


class World:
    """Six phones, a desk, a server and a line between them."""

    def __init__(self, server: Server, line: BadLine, folder: Path) -> None:
        self.server, self.line, self.folder = server, line, folder
        self.met: Counter[str] = Counter()
        self.violations: list[str] = []
        self.made: set[str] = set()
        """Operations that somebody was told are saved, less those lost with a store that was put back to an older copy."""
        self.pockets: list[Pocket] = []
        self._numbers = count(1)
        self._desks: dict[str, str] = {}
        self._wire = Wire(line.url, timeout_s=10, patience=_PATIENCE)
        for login in HOLDERS:
            self._new_pocket(login)

    # What the people with phones do. `who` and `which` are any numbers; they are taken modulo what there is.

    def record(self, who: int, where: int, what: int, photos: int) -> None:
        """Somebody finds something; there need be no net."""
        pocket = self._recorder(who)
        finding = str(uuid7())
        lon, lat = PLACES[where % len(PLACES)]

        def deed(phone: Phone) -> None:
            with phone.store.transaction():
                payload = {
                    "patrol": None,
                    "category": CATEGORIES[what % len(CATEGORIES)],
                    "condition": (1, 2, None)[what % 3],
                    "asset": None,
                    "address": None,
                    "place": {"lon": lon, "lat": lat, "datum": "WGS-84"},
                    "severity": 1 + what % 3,
                    "note": None,
                    "photos": [self._photo(pocket, phone) for _ in range(photos)],
                }
                self._do(phone, "record_finding", "finding", finding, payload)
            pocket.own.append(finding)

        self._with(pocket, deed)

    def amend(self, who: int, which: int, what: int) -> None:
        """Somebody corrects a finding as they see it: their own unsent one, or any their copy shows."""
        pocket = self._recorder(who)

        def deed(phone: Phone) -> None:
            finding, doc = self._some_finding(pocket, phone, which)
            if finding is None:
                return
            name, value = (("note", f"n{what}"), ("address", f"a{what}"), ("severity", 1 + what % 3))[what % 3]
            seen = doc[name] if doc else (None if name != "severity" else 2)
            base = doc["version"] if doc and finding not in pocket.own else None
            self._do(phone, "amend_finding", "finding", finding, {"fields": {name: {"seen": seen, "value": value}}}, base=base)

        self._with(pocket, deed)

    def note(self, who: int, which: int) -> None:
        """Somebody adds a note to a finding."""
        self._on_finding(who, which, lambda pocket, phone: ("add_note", {"text": "再看一眼"}))

    def withdraw(self, who: int, which: int) -> None:
        """Somebody takes a finding back."""
        self._on_finding(who, which, lambda pocket, phone: ("withdraw_finding", {"reason": "看错了"}))

    def add_photo(self, who: int, which: int) -> None:
        """Somebody takes another photo of a finding."""
        self._on_finding(who, which, lambda pocket, phone: ("add_photo", self._photo(pocket, phone)), own=True)

    def walk(self, who: int) -> None:
        """Somebody opens a patrol, walks on, or closes it."""
        pocket = self._recorder(who)

        def deed(phone: Phone) -> None:
            if pocket.patrol is None:
                pocket.patrol = str(uuid7())
                self._do(phone, "open_patrol", "patrol", pocket.patrol, {"planned": None})
            elif phone.outbox.last_seq % 3:
                points = [[*HOME, 5, phone.clock.now().wall.isoformat()]]
                track = {"chunk": phone.outbox.last_seq, "datum": "WGS-84", "points": points}
                self._do(phone, "append_track", "patrol", pocket.patrol, track)
            else:
                self._do(phone, "close_patrol", "patrol", pocket.patrol, {"visited": []})
                pocket.patrol = None

        self._with(pocket, deed)

    def do_work(self, who: int, which: int, what: int) -> None:
        """A contractor reports a task of theirs as done, or asks for more time, for a pause, or to be rid of it."""
        pocket = self._pocket_of(DOERS, who)

        def deed(phone: Phone) -> None:
            docs = phone.mirror.docs("finding")
            tasks = sorted((key, task["id"]) for key, doc in docs.items() for task in doc["dispatches"])[-6:]
            if not tasks:
                return
            finding, dispatch = tasks[which % len(tasks)]
            asked = {"dispatch": dispatch, "reason": "等料"}
            with phone.store.transaction():
                if what % 3:
                    done = {"report": str(uuid7()), "dispatch": dispatch, "note": None, "photos": []}
                    if what % 2:
                        done["photos"] = [{**self._photo(pocket, phone), "role": "after"}]
                    verb, payload = "report_rectification", done
                elif what % 2:
                    verb, payload = "request_extension", asked
                else:
                    until = (phone.clock.now().wall + dt.timedelta(days=3)).isoformat(timespec="seconds")
                    verb, payload = (("request_suspension", {**asked, "until": until}), ("request_return", asked))[what % 4 // 2]
                self._do(phone, verb, "finding", finding, payload, base=docs[finding]["version"])

        self._with(pocket, deed)

    def verify(self, who: int, which: int, what: int) -> None:
        """An inspector looks at reported work, or at what is not filed yet, and gives a verdict."""
        pocket = self._pocket_of(("lin", "wu"), who)

        def deed(phone: Phone) -> None:
            docs = phone.mirror.docs("finding")
            seen = sorted(((key, report["id"]) for key, doc in docs.items() for report in doc["reports"]), key=str)[-6:]
            seen = seen or [(key, None) for key in sorted(docs)[-3:]]
            if not seen:
                return
            finding, report = seen[which % len(seen)]
            phase = "pre_closing" if report else "pre_filing"
            payload = {"phase": phase, "report": report, "result": ("pass", "fail")[what % 2], "note": None, "photos": []}
            with phone.store.transaction():
                if what % 3:
                    payload["photos"] = [{**self._photo(pocket, phone), "role": "verification"}]
                self._do(phone, "verify_finding", "finding", finding, payload, base=docs[finding]["version"])

        self._with(pocket, deed)

    def sync(self, who: int, limit: int = 500) -> None:
        """A phone finds a net."""
        self._with(self._pocket(who), lambda phone: phone.sync(limit=limit, check=True))

    def push(self, who: int) -> None:
        """A net for a moment: work goes out, nothing else."""
        pocket = self._pocket(who)

        def deed(phone: Phone) -> None:
            try:
                phone.push()
            except Forked:
                self.met["forked"] += 1
                phone.start_over()

        self._with(pocket, deed)

    # What befalls phones.

    def arm_phone(self, who: int, step: int) -> None:
        """The battery of this phone will be empty at that step."""
        self._pocket(who).dies_at = tuple(STEPS)[step % len(STEPS)]

    def back_up_phone(self, who: int) -> None:
        """Somebody copies the phone's store."""
        pocket = self._pocket(who)
        pocket.phone.close()
        shutil.copytree(pocket.folder, self._backup_of(pocket), dirs_exist_ok=True)
        pocket.backup = {outcome.op for outcome in self._opened(pocket).outbox.outcomes()}

    def restore_phone(self, who: int) -> None:
        """Somebody puts the copy back: what was not handed in since is lost with the phone, and nothing else."""
        pocket = self._pocket(who)
        if pocket.backup is None:
            return
        self.met["restored_phone"] += 1
        unsent = {line.op for line in pocket.phone.outbox.to_send(1_000_000)}
        pocket.phone.close()
        self.made -= unsent - pocket.backup
        shutil.rmtree(pocket.folder)
        shutil.copytree(self._backup_of(pocket), pocket.folder)
        self._opened(pocket)

    def lose_phone(self, who: int) -> None:
        """The administrator revokes a phone: it hands in what it has and is wiped; its person gets a new one."""
        pocket = self._pocket(who)
        replica = pocket.phone.store["replica"]
        if replica and self._desk("admin", "POST", f"/replicas/{replica}/revoke", {}) is not None:
            self.met["revoked"] += 1

    # What the desk, the contractors and the administrator do, by HTTP.

    def desk(self, which: int, what: int) -> None:
        """Somebody of the desk moves a finding, or tries to."""
        finding = self._known_finding(which)
        if finding is None:
            return
        verbs: tuple[tuple[str, str, dict[str, Any]], ...] = (
            ("zhao", "filing", {"condition": 1}),
            ("sun", "dispatches", {}),
            ("chen", "void-request", {"reason": "double"}),
            ("zhao", "void", {"reason": "indeed"}),
            ("zhao", "void-request/refusal", {"reason": "no"}),
            ("zhao", "notes", {"text": "请核实"}),
            ("tang", "notes", {"text": "已通知"}),
            ("zhao", "amendments", {"fields": {"note": {"seen": None, "value": f"desk {what}"}}}),
            ("chen", "dispute-decision", {"result": ("pass", "fail")[what % 2], "reason": "现场复核"}),
            ("chen", "closing", {}),
            ("zhao", "reopening", {"reason": "复发"}),
            ("zhao", "verification-request", {"reason": "再看一次"}),
            ("chen", "verification-request/cancellation", {}),
            ("zhao", "correction", {"condition": 1 + what % 2, "reason": "更正"}),
        )
        login, verb, payload = verbs[what % len(verbs)]
        self._desk(login, "POST", f"/findings/{finding}/{verb}", payload)

    def suspend(self, what: int) -> None:
        """A leader lets the clocks of a town stand, or run on again."""
        found = self._desk("li", "GET", "/area-suspensions", None)
        running = [each for each in (found or {"items": []})["items"] if each["ended_at"] is None]
        if running:
            self._desk("li", "POST", f"/area-suspensions/{running[0]['id']}/end", {"reason": "解除"})
        else:
            until = (dt.datetime.now(dt.UTC) + dt.timedelta(days=3)).isoformat(timespec="seconds")
            area = ("330113001", "330113002", "330113")[what % 3]
            self._desk("li", "POST", "/area-suspensions", {"area": area, "until": until, "reason": "台风"})

    def decide(self, which: int, what: int) -> None:
        """The dispatcher decides what a contractor asked for; a shift leader resolves a conflict, or has what was rejected judged again."""
        if what % 3 == 0:
            finding = self._known_finding(which)
            doc = self._desk("sun", "GET", f"/findings/{finding}", None) if finding else None
            for request in (doc or {}).get("requests", ()):
                verb = ("grant", "refusal")[what % 2]
                self._desk("sun", "POST", f"/findings/{finding}/{request['kind']}-requests/{request['id']}/{verb}", {})
                if request["kind"] == "suspension" and which % 3 == 0:
                    self._desk("sun", "POST", f"/findings/{finding}/suspension-requests/{request['id']}/end", {"reason": "到料"})
        elif what % 3 == 1:
            found = self._desk("chen", "GET", "/sync/conflicts", None)
            for conflict in (found or {}).get("items", ())[:2]:
                fields = {each["field"]: {"choice": ("keep", "take")[what % 2]} for each in conflict.get("fields", ())}
                decision = {"fields": fields} if fields else {"decision": (conflict.get("choices") or ["refuse"])[0]}
                self._desk("chen", "POST", f"/sync/conflicts/{conflict['id']}/resolution", {**decision, "reason": "核对后"})
        else:
            refused = [o.op for pocket in self.pockets for o in pocket.phone.outbox.outcomes() if o.status == "rejected"][-6:]
            if refused:
                self._desk("chen", "POST", f"/sync/operations/{refused[which % len(refused)]}/redrive", {"reason": "再判"})

    def change_roles(self, what: int) -> None:
        """The administrator takes the inspector's role from Wu, or gives it again."""
        found = self._desk("admin", "GET", "/people?limit=200", None)
        wu = next((person for person in (found or {"items": []})["items"] if person["login"] == "wu"), None)
        if wu is None:
            return
        held = [role for role in wu["roles"] if role["role"] == "inspector"]
        if held and what % 2:
            self._desk("admin", "DELETE", f"/people/{wu['id']}/roles/{held[0]['id']}", None)
        elif not held:
            units = self._desk("admin", "GET", "/units?limit=200", None)
            unit = next((unit for unit in (units or {"items": []})["items"] if unit["code"] == "330113002"), None)
            if unit:
                self._desk("admin", "POST", f"/people/{wu['id']}/roles", {"role": "inspector", "unit": unit["id"]})

    # What befalls the server.

    def arm_server(self, point: int, passes: int) -> None:
        """The server will die at that point."""
        self.server.die_at(tuple(POINTS)[point % len(POINTS)], passes)

    def kill_server(self) -> None:
        """The server dies now."""
        self.server.kill()
        self.met["server_killed"] += 1

    def revive(self) -> None:
        """Whoever looks after the server starts again what has died of it. After each deed."""
        if point := self.server.died_of():
            self.met[f"died_{point}"] += 1
        if self.server.is_dead():
            self.server.start()

    # The end: everything comes to rest.

    def settle(self) -> None:
        """The line is good again, the server stays up, every phone comes home, the worker does what is due; twice, for what follows."""
        self.server.spare()
        self.revive()
        with self.line.good():
            self.line.quiet()
            self.revive()
            for pocket in self.pockets:
                pocket.dies_at = None
            for _ in range(2):
                for who in range(len(self.pockets)):
                    self._come_home(who)
                self.server.worker_once()
            for who in range(len(self.pockets)):
                self._come_home(who)

    def close(self) -> None:
        """Close what is open."""
        self._wire.close()
        for pocket in self.pockets:
            pocket.phone.close()

    # How it is done.

    def _come_home(self, who: int) -> None:
        """Sync until nothing is in the way; a few reasons may follow each other."""
        for _ in range(8):
            before = self.met.total()
            self.sync(who)
            if self.met.total() == before:
                return
        self.violations.append(f"the phone of {self._pocket(who).login} does not come to rest: {self.met}")

    def _with(self, pocket: Pocket, deed: Callable[[Phone], object]) -> None:
        """The deed on the phone, and what a user or a phone does about what may go wrong."""
        try:
            deed(pocket.phone)
        except Killed:
            self.met["phone_killed"] += 1
            pocket.phone.close()
            self._opened(pocket)
        except Broken:
            self.met["broken"] += 1
        except SignInNeeded:
            self.met["sign_in"] += 1
            self._sign_in(pocket)
        except Wiped:
            self.met["wiped"] += 1
            self._new_pocket(pocket.login, instead_of=pocket)
        except Refused as refusal:
            self._refused(pocket, refusal)
        except (ChainDiffers, Forked) as incident:
            self.violations.append(f"{pocket.login}: {type(incident).__name__}: {incident}")
        self.revive()

    def _refused(self, pocket: Pocket, refusal: Refused) -> None:
        self.met[f"refused_{refusal.status}_{refusal.slug}"] += 1
        if refusal.slug == "replica_wipe":  # told at registering: there is nothing to hand in with
            self.made -= {line.op for line in pocket.phone.outbox.to_send(1_000_000)}
            self._new_pocket(pocket.login, instead_of=pocket)
        elif refusal.status not in {503, 429}:
            self.violations.append(f"{pocket.login}: {refusal}")

    def _sign_in(self, pocket: Pocket) -> None:
        try:
            pocket.phone.sign_in(pocket.login, PASSWORD)
            pocket.phone.register()
        except Forked:
            self.met["forked_at_registering"] += 1
            try:
                pocket.phone.start_over()
            except (Broken, Killed):
                self.met["broken"] += 1
        except (Broken, Killed):
            self.met["broken"] += 1
        except Refused as refusal:
            self._refused(pocket, refusal)

    def _new_pocket(self, login: str, *, instead_of: Pocket | None = None) -> None:
        folder = self.folder / f"{next(self._numbers)}-{login}"
        pocket = Pocket(login, folder, None)  # type: ignore[arg-type] # opened on the next line
        self._opened(pocket)
        if instead_of is None:
            self.pockets.append(pocket)
        else:
            instead_of.phone.close()
            self.pockets[self.pockets.index(instead_of)] = pocket
        self._sign_in(pocket)

    def _opened(self, pocket: Pocket) -> Phone:
        """Start the phone on what is in its folder."""

        def step(name: str) -> None:
            if pocket.dies_at == name:
                pocket.dies_at = None
                raise Killed(name)

        pocket.phone = Phone(pocket.folder, self.line.url, batch=5, chunk_bytes=2000, timeout_s=10, patience=_PATIENCE, on_step=step)
        return pocket.phone

    def _backup_of(self, pocket: Pocket) -> Path:
        return pocket.folder.with_name(f"{pocket.folder.name}-backup")

    def _do(self, phone: Phone, verb: str, kind: str, entity: str, payload: dict[str, Any], **more: Any) -> None:
        self.made.add(phone.do(verb, kind, entity, payload, **more))

    def _on_finding(self, who: int, which: int, what: Callable[[Pocket, Phone], tuple[str, dict[str, Any]]], *, own: bool = False) -> None:
        pocket = self._recorder(who)

        def deed(phone: Phone) -> None:
            finding, doc = self._some_finding(pocket, phone, which, own=own)
            if finding is None:
                return
            with phone.store.transaction():
                verb, payload = what(pocket, phone)
                base = doc["version"] if doc and finding not in pocket.own else None
                self._do(phone, verb, "finding", finding, payload, base=base)

        self._with(pocket, deed)

    def _some_finding(self, pocket: Pocket, phone: Phone, which: int, *, own: bool = False) -> tuple[str | None, dict[str, Any] | None]:
        docs = phone.mirror.docs("finding")
        known = list(dict.fromkeys([*pocket.own[-8:], *([] if own else sorted(docs)[-8:])]))
        if not known:
            return None, None
        finding = known[which % len(known)]
        return finding, docs.get(finding)

    def _known_finding(self, which: int) -> str | None:
        """One of the latest findings that the server told a phone it has."""
        told = {
            outcome.entity
            for pocket in self.pockets
            for outcome in pocket.phone.outbox.outcomes()
            if outcome.verb == "record_finding" and outcome.status in {"applied", "merged"}
        }
        known = [finding for pocket in self.pockets for finding in pocket.own if finding in told][-12:]
        return known[which % len(known)] if known else None

    def _photo(self, pocket: Pocket, phone: Phone) -> dict[str, Any]:
        number = next(_SEEDS)
        path = pocket.folder / f"{number}.jpg"
        path.write_bytes(picture(number, size=(96, 64), noise=True))
        taken = phone.clock.now().wall.isoformat(timespec="seconds")
        return {**phone.album.keep(path), "role": "before", "taken_at": taken}

    def _pocket(self, who: int) -> Pocket:
        return self.pockets[who % len(self.pockets)]

    def _recorder(self, who: int) -> Pocket:
        return self._pocket_of(RECORDERS, who)

    def _pocket_of(self, logins: tuple[str, ...], who: int) -> Pocket:
        able = [pocket for pocket in self.pockets if pocket.login in logins]
        return able[who % len(able)]

    def _desk(self, login: str, method: str, path: str, payload: dict[str, Any] | None) -> Any:
        """One request of somebody at a desk, tried again where the line breaks; None where it came to nothing."""
        try:
            if login not in self._desks:
                answer = self._wire.ask("POST", "/sessions", document={"login": login, "password": PASSWORD})
                self._desks[login] = answer["access_token"]
            found = self._wire.ask(method, path, token=self._desks[login], document=payload)
            self.met_desk(method, path)
        except Broken:
            self.met["broken"] += 1
            return None
        except Refused as refusal:
            self.met[f"desk_{refusal.status}"] += 1
            if refusal.status >= 500 and refusal.status != 503:
                self.violations.append(f"{login} {method} {path}: {refusal}")
            return None
        finally:
            self._wire.close()
            self.revive()
        return found if found is not None else {}

    def met_desk(self, method: str, path: str) -> None:
        """Count what the desk achieved."""
        if method != "GET":
            self.met[f"desk_{path.rpartition('/')[2]}"[:24] if "/people" not in path else "desk_roles"] += 1
