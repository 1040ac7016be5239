"""People on Matrix, for the tests: clients of the independent library matrix-nio, end-to-end encryption included.

Told what to do by JSON objects on standard input, one a line:
    {"id": 1, "do": "person", "as": "anna", …}
and tells on standard output, one a line: the result, {"id": 1, "ok": …} or {"id": 1, "error": "…"}, and everything that a
person's client was given: {"as": "anna", "room": "!…", "event": {…}, "encrypted": true, "at": seconds since 1970}.
Whoever is done closes the standard input.
"""

import asyncio
import hashlib
import hmac
import json
import os
import shutil
import sys
import time

import aiohttp
import yarl
from nio import AsyncClient, AsyncClientConfig, Event, LoginError, MegolmEvent, RoomSendError, UploadResponse

# Far longer than anything takes: only what hangs ends by it. Seconds.
PATIENCE = 60

# What came while a client did not look must not be left out.
EVERYTHING = {"room": {"timeline": {"limit": 1000}}}


def tell(line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


class Person:
    """One client that syncs until the end, whatever becomes of the homeserver meanwhile."""

    def __init__(self, client, name):
        self.client = client
        self.name = name
        self.unread = []
        client.add_event_callback(self.given, Event)
        self.syncing = asyncio.create_task(self.sync())

    async def sync(self):
        # The first one alone, so that nobody is asked anything before.
        while True:
            try:
                await self.client.sync_forever(timeout=10_000, sync_filter=EVERYTHING, full_state=not self.client.next_batch)
            except asyncio.CancelledError:
                raise
            except Exception as error:  # The homeserver is down, or says nonsense as it dies.
                print(f"{self.name}: {error!r}", file=sys.stderr, flush=True)
                await asyncio.sleep(0.2)

    def given(self, room, event):
        if isinstance(event, MegolmEvent):
            self.unread.append((room, event, time.time()))
            asyncio.create_task(self.read_again())
            return
        tell({
            "as": self.name,
            "room": room.room_id,
            "event": event.source,
            "encrypted": bool(event.decrypted),
            "at": time.time(),
        })

    async def read_again(self):
        """The key of a message may come after it; after a while it is told as it is."""
        while self.unread:
            for entry in list(self.unread):
                room, event, at = entry
                try:
                    self.client.olm and self.given(room, self.client.decrypt_event(event))
                    self.unread.remove(entry)
                except Exception:
                    if time.time() - at > 20:
                        self.unread.remove(entry)
                        tell({"as": self.name, "room": room.room_id, "event": event.source, "encrypted": True, "at": at})
            await asyncio.sleep(0.1)

    async def knows(self, room_id, encrypted):
        """Waits until the client knows the room, and whether it is encrypted."""
        ends = time.time() + PATIENCE
        while time.time() < ends:
            room = self.client.rooms.get(room_id)
            if room is not None and (encrypted is None or room.encrypted == encrypted):
                return
            await asyncio.sleep(0.02)
        raise RuntimeError(f"{self.name} does not know {room_id} with encrypted={encrypted}")


    async def knows_devices(self, room_id):
        """Waits for the devices of everybody in an encrypted room: matrix-nio may send before its own query of them is answered."""
        client, room = self.client, self.client.rooms[room_id]
        ends = time.time() + 5
        while room.encrypted and time.time() < ends:
            if not room.members_synced:
                await client.joined_members(room_id)
            others = [user for user in room.users if user != client.user_id]
            if all(list(client.device_store.active_user_devices(user)) for user in others):
                return
            await asyncio.sleep(0.05)


class Peer:
    def __init__(self, homeserver, folder, secret):
        self.homeserver = homeserver
        self.folder = folder
        self.secret = secret
        self.people = {}
        self.http = None

    async def request(self, method, path, body=None, token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # What is escaped stays as it is.
        url = yarl.URL(self.homeserver + path, encoded=True)
        limit = aiohttp.ClientTimeout(total=PATIENCE)
        async with self.http.request(method, url, json=body, headers=headers, timeout=limit) as response:
            return {"status": response.status, "body": await response.json(content_type=None)}

    # What can be done.

    async def register(self, name, password, admin=False):
        """Makes an account with the server's shared secret."""
        path = "/_synapse/admin/v1/register"
        nonce = (await self.request("GET", path))["body"]["nonce"]
        said = [nonce, name, password, "admin" if admin else "notadmin"]
        mac = hmac.new(self.secret.encode(), "\0".join(said).encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "password": password, "admin": admin, "mac": mac}
        # No device: whoever logs in gets one.
        body["inhibit_login"] = True
        answer = await self.request("POST", path, body)
        if answer["status"] != 200:
            raise RuntimeError(f"{answer}")
        return answer["body"]

    async def person(self, name, password):
        """Logs somebody in and begins to sync."""
        config = AsyncClientConfig(encryption_enabled=True, store_sync_tokens=False, request_timeout=30)
        store = os.path.join(self.folder, name)
        os.makedirs(store, exist_ok=True)
        client = AsyncClient(self.homeserver, name, store_path=store, config=config)
        answer = await client.login(password, device_name=name)
        if isinstance(answer, LoginError):
            raise RuntimeError(f"{answer}")
        person = self.people[name] = Person(client, name)
        ends = time.time() + PATIENCE
        while not client.next_batch or client.should_upload_keys:
            if time.time() > ends:
                raise RuntimeError(f"{name} does not sync")
            await asyncio.sleep(0.02)
        return {"user": client.user_id, "device": client.device_id, "token": client.access_token}

    async def api(self, as_, method, path, body=None, token=None):
        """Any request of the client-server API, or of the server's administration."""
        return await self.request(method, path, body, token or self.people[as_].client.access_token)

    async def send(self, as_, room, type, content, encrypted=None, txn=None):
        """Sends an event, encrypted where the room is. `encrypted` waits until the client knows that it is, or is not."""
        person = self.people[as_]
        await person.knows(room, encrypted)
        await person.knows_devices(room)
        at = time.time()
        answer = await person.client.room_send(room, type, content, tx_id=txn, ignore_unverified_devices=True)
        if isinstance(answer, RoomSendError):
            raise RuntimeError(f"{answer}")
        return {"event": answer.event_id, "at": at}

    async def upload(self, as_, name, text, encrypt=False):
        """Gives the homeserver a file, encrypted or not; the content of the message that sends it."""
        client = self.people[as_].client
        kind = "application/octet-stream" if encrypt else "text/plain"
        data = text.encode()
        answer, keys = await client.upload(lambda *_: data, kind, None if encrypt else name, encrypt, filesize=len(data))
        if not isinstance(answer, UploadResponse):
            raise RuntimeError(f"{answer}")
        content = {"msgtype": "m.file", "body": name, "filename": name, "info": {"size": len(data)}}
        if keys:
            content["file"] = {**keys, "url": answer.content_uri}
        else:
            content["url"] = answer.content_uri
        return content

    async def withhold(self, as_, user):
        """From now on, gives the keys of new sessions to none of that user's devices."""
        client = self.people[as_].client
        ends = time.time() + PATIENCE
        while not list(client.device_store.active_user_devices(user)):
            if time.time() > ends:
                raise RuntimeError(f"{as_} knows no device of {user}")
            await asyncio.sleep(0.02)
        for device in client.device_store.active_user_devices(user):
            client.blacklist_device(device)
        for room in client.rooms:
            client.invalidate_outbound_session(room)
        return {}

    async def knows(self, as_, room, encrypted=None):
        """Waits until a person's client knows a room."""
        await self.people[as_].knows(room, encrypted)
        return {}

    # The line in and out.

    async def obey(self, order):
        number, what = order.pop("id"), order.pop("do")
        if what not in ("register", "person", "api", "send", "upload", "withhold", "knows"):
            tell({"id": number, "error": f"nobody can {what}"})
            return
        if "as" in order:
            order["name" if what in ("register", "person") else "as_"] = order.pop("as")
        try:
            tell({"id": number, "ok": await getattr(self, what)(**order)})
        except Exception as error:
            tell({"id": number, "error": repr(error)})

    async def run(self):
        reader = asyncio.StreamReader(limit=1 << 24)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        doing = set()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as self.http:
            while line := await reader.readline():
                task = asyncio.create_task(self.obey(json.loads(line)))
                doing.add(task)
                task.add_done_callback(doing.discard)
        # Nobody is waited for: whoever started us is gone.
        shutil.rmtree(self.folder, ignore_errors=True)
        os._exit(0)


asyncio.run(Peer(*sys.argv[1:4]).run())
