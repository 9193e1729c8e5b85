# SPDX-License-Identifier: GPL-3.0-or-later
"""people - somebody with a browser: cookies, forms, and an authenticator of its own."""
import base64
import hashlib
import hmac
import html
import json
import os
import re
import sqlite3
import struct
import time
import urllib.parse

from .collector import Connection

ROLES = {"admin": 1, "viewer": 2, "agency": 3, "district": 4, "coordinator": 5}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def totp(key, step):
    """RFC 6238 from its text."""
    mac = hmac.new(base64.b32decode(key), struct.pack(">Q", step), hashlib.sha1).digest()
    at = mac[19] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1000000:06d}"


def masked(secret):
    """A form's token for what stands in a session, as a page would have it."""
    pad = os.urandom(len(secret))
    both = pad + bytes(a ^ b for a, b in zip(pad, secret))
    return base64.urlsafe_b64encode(both).decode().rstrip("=")


def unmasked(token):
    """What a form's token stands for: the same in each page of a session."""
    both = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    half = len(both) // 2
    return bytes(a ^ b for a, b in zip(both[:half], both[half:]))


class Person:
    """Asks a collector as a browser would; `headers` go with every request."""

    def __init__(self, collector, name=None, password="a grey gate by the post", headers=None,
                 dial=None):
        self.c, self.name, self.password, self.dial = collector, name, password, dial
        self.headers, self.cookies, self.key, self.recovery = headers or {}, {}, None, []
        self.step = 0

    # --- a browser

    def ask(self, method, path, body=None, **more):
        headers = dict(self.headers)
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        headers.update({k.replace("_", "-"): v for k, v in more.items()})
        way = Connection(self.dial) if self.dial else None
        a = self.c.request(method, path, body,
                           {k: v for k, v in headers.items() if v is not None}, way)
        if way:
            way.close()
        for line in a.headers.get_all("Set-Cookie") or ():
            name, value = line.split(";")[0].split("=", 1)
            if "Max-Age=0" in line:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return a

    def get(self, path, **more):
        return self.ask("GET", path, **more)

    def send(self, path, fields, **more):
        return self.ask("POST", path, urllib.parse.urlencode(fields).encode(), **{**FORM, **more})

    def hidden(self, page, name="csrf"):
        return html.unescape(re.search(f'name="{name}" value="([^"]*)"', page)[1])

    # --- an authenticator

    def code(self):
        """A code that was not used yet: of the step before where it will be good for a while,
        then of this one, then of the next; after these it takes time."""
        now, gone = divmod(time.time(), 30)
        if self.step > now:
            time.sleep(30 - gone)
            now, gone = now + 1, 0
        self.step = max(int(now) - (gone < 15), self.step + 1)
        return totp(self.key, self.step)

    # --- what people do

    def set_up(self, url, shown=None):
        path = urllib.parse.urlsplit(url).path
        page = self.get(path).text
        self.key = re.search(r'class="key">([A-Z2-7 ]+)<', page)[1].replace(" ", "")
        a = self.send(path, {"name": self.name, "shown": shown or self.name.title(),
                             "password": self.password, "again": self.password,
                             "code": self.code()})
        self.recovery = re.findall(r"<li><code>([a-z2-7-]+)<", a.text)
        return a

    def sign_in(self, to="/", code=None, password=None, **more):
        page = self.get("/sign-in?to=" + urllib.parse.quote(to)).text
        return self.send("/sign-in", {
            "csrf": self.hidden(page), "to": self.hidden(page, "to"), "name": self.name,
            "password": password or self.password, "code": code or self.code()}, **more)

    def csrf(self):
        return self.hidden(self.get("/account").text)


def first(c, name="heron", **kw):
    """The first administrator, by the link in the collector's log, signed in."""
    link = re.findall(r"\S+/set-up/\S+", c.text())[-1]
    p = Person(c, name, **kw)
    a = p.set_up(link)
    assert a.status == 200, a.text
    a = p.sign_in()
    assert a.status == 303, a.text
    return p


def member(c, name, *words, **kw):
    """Somebody whom the command added, signed in."""
    told = json.loads(c.admin("account", "add", "--by", "heron", "--json", *words, name))
    p = Person(c, name, **kw)
    a = p.set_up(told["url"])
    assert a.status == 200, a.text
    a = p.sign_in()
    assert a.status == 303, a.text
    return p


def seated(c, people, now):
    """Persons {name: (role, entities)} as the store has them, each with a session that began now: what
    their cookies bw-local are. Who is asked for more signs in by themselves (first, member)."""
    tokens = {name: (name * 43)[:43] for name in people}
    with sqlite3.connect(os.path.join(c.data, "people.db")) as db:
        for name, (role, entities) in people.items():
            db.execute("INSERT INTO persons VALUES(?,?,?,'$argon2id$x',zeroblob(20),NULL,0,NULL,?,NULL,NULL)",
                       (name, name.title() + " & Co <i>", ROLES[role], now))
            db.executemany("INSERT INTO scopes VALUES(?,?)", [(name, e) for e in entities])
            db.execute("INSERT INTO sessions VALUES(?,?,?,?,?,?)", (
                hashlib.sha256(tokens[name].encode()).digest(), name, name.encode().ljust(24), now, now, now + 43200))
    db.close()
    return tokens
