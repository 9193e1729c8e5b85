# SPDX-License-Identifier: GPL-3.0-or-later
"""People of a directory: the certified oidc-provider behind a front of ours, which counts what it is
asked, and lies where a test wants it to, by the directory's own key. docs/security.md tells what
came of it."""
import base64
import hashlib
import html
import http.client
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse

from jwcrypto import jwk, jws

from bwtest import Collector, scratch, wait_for
from bwtest.collector import dial_unix
from bwtest.jose import PyBox
from bwtest.node import NoNode, locked_modules
from bwtest.people import FORM, Person, unmasked
from bwtest.place import free_port

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "oidc")
SECRET = "a+secret: with/marks%"
EVENT = {"http://schemas.openid.net/event/backchannel-logout": {}}
GROUPS = """group "alder" { name = "alder, staff" role = district entities = "alder-valley" }
group "birch" { role = district entities = "birch-creek" }
group "it" { role = admin }
"""


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Front(http.server.BaseHTTPRequestHandler):
    """What the collector and browsers know as the directory."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.pass_on(None)

    def do_POST(self):
        self.pass_on(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def pass_on(self, body):
        world = self.server.world
        path = self.path.split("?")[0]
        world.asked.append(path)
        if path == "/token":
            world.forms.append((self.headers.get("Authorization"), body.decode()))
            code = urllib.parse.parse_qs(body.decode()).get("code", [""])[0]
            if code in world.lies:
                return self.say(*world.lies[code])
        c = http.client.HTTPConnection("127.0.0.1", world.behind, timeout=30)
        headers = {k: v for k, v in self.headers.items() if k.lower() != "connection"}
        c.request(self.command, self.path, body, headers)
        a = c.getresponse()
        text = a.read()
        self.send_response(a.status)
        for k, v in a.getheaders():
            if k.lower() not in ("connection", "transfer-encoding", "content-length", "keep-alive"):
                self.send_header(k, v)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        c.close()

    def say(self, status, body):
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args):
        pass


class Visitor(Person):
    """A browser that goes where it is sent, between the collector and the directory."""

    def __init__(self, world, **kw):
        super().__init__(world.c, **kw)
        self.world, self.theirs = world, {}

    def fetch(self, url, body=None):
        """One answer of whoever's address it is."""
        if url.startswith(("/", self.c.url)):
            path = url[len(self.c.url):] if url.startswith(self.c.url) else url
            return self.ask("GET", path) if body is None else self.send(path, body)
        assert url.startswith(self.world.issuer), url
        c = http.client.HTTPConnection("127.0.0.1", self.world.port, timeout=30)
        c.request("GET" if body is None else "POST", url[len(self.world.issuer):],
                  None if body is None else urllib.parse.urlencode(body),
                  {"Cookie": "; ".join(f"{k}={v}" for k, v in self.theirs.items()), **(FORM if body else {})})
        a = c.getresponse()
        for line in a.headers.get_all("Set-Cookie") or ():
            name, value = line.split(";")[0].split("=", 1)
            self.theirs[name] = value
            if not value or "1970" in line:
                self.theirs.pop(name)
        a.text = a.read().decode()
        c.close()
        return a

    def open(self, url, body=None, until=None):
        """Follow redirects to a page, or until one leads to an address that begins so."""
        for _ in range(12):
            a = self.fetch(url, body)
            if a.status not in (302, 303):
                a.url = url
                return a
            url, body = urllib.parse.urljoin(url, a.headers["Location"]), None
            if until and url.startswith(until):
                return url
        raise AssertionError("sent about for ever: " + url)

    def sign_in_as(self, name, to="/sites", until=None):
        page = self.open("/oidc/start?to=" + urllib.parse.quote(to))
        if "/interaction/" not in page.url:
            return page
        action = re.search(r'<form[^>]* action="([^"]+)"', page.text)[1]
        return self.open(html.unescape(action), {"prompt": "login", "login": name, "password": "x"},
                         until=until)

    def sites(self):
        """What a list has; None: nobody is signed in."""
        a = self.get("/api/v1/sites")
        return {s["id"] for s in a.json["sites"]} if a.status == 200 else None

    def start(self, to="/sites"):
        """Off to the directory: what it is asked for."""
        where = self.get("/oidc/start?to=" + urllib.parse.quote(to)).headers["Location"]
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(where).query))

    def back(self, **query):
        return self.get("/oidc/back?" + urllib.parse.urlencode(query))


class World:
    def __init__(self, case):
        try:
            locked_modules("oidc", HERE)
        except NoNode as e:
            print(e)
            sys.exit(77)
        folder = case.enterClassContext(scratch())
        self.asked, self.forms, self.lies = [], [], {}
        self.key = jwk.JWK.generate(kty="RSA", size=2048, kid="k-1", use="sig", alg="RS256")
        self.other = jwk.JWK.generate(kty="RSA", size=2048, kid="k-1")
        self.curve = jwk.JWK.generate(kty="EC", crv="P-256", kid="k-3", use="sig", alg="ES256")
        self.own = jwk.JWK.generate(kty="EC", crv="P-256")
        self.front = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Front)
        self.front.world, self.front.daemon_threads = self, True
        threading.Thread(target=self.front.serve_forever, daemon=True).start()
        case.addClassCleanup(self.front.server_close)
        case.addClassCleanup(self.front.shutdown)
        self.port, self.behind = self.front.server_address[1], free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        secret = os.path.join(folder, "secret")
        with open(secret, "w", encoding="utf-8") as f:
            f.write(SECRET + "\n")
        os.chmod(secret, 0o600)
        port = free_port()
        self.second = f"http://127.0.0.1:{free_port()}"
        self.url, self.proxy = f"http://127.0.0.1:{port}", os.path.join(folder, "proxy.sock")
        self.c = case.enterClassContext(Collector(
            access="accounts", port=port, listen=f'listen "p" {{ address = "{self.proxy}" proxied = yes }}',
            extra=f'accounts {{ url = "{self.url}" }}\n{GROUPS}oidc {{\n issuer = "{self.issuer}"\n '
                  f'name = "Alder Login <i>"\n client_id = "band witness"\n secret_file = "{secret}"\n '
                  'recheck = 1s\n return_after_logout = yes\n}'))
        self.node = subprocess.Popen(["node", os.path.join(HERE, "provider.mjs")], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, universal_newlines=True, bufsize=1)
        case.addClassCleanup(self.end)
        self.order({
            "issuer": self.issuer, "port": self.behind, "jwks": {
                "keys": [json.loads(k.export()) for k in (self.key, self.curve)]},
            "clients": [{
                "client_id": "band witness", "client_secret": SECRET, "response_types": ["code"],
                "grant_types": ["authorization_code"], "redirect_uris": [self.url + "/oidc/back"],
                "backchannel_logout_uri": self.url + "/oidc/logout", "backchannel_logout_session_required": True,
                "post_logout_redirect_uris": [self.url + "/sign-in"]}, {
                "client_id": "by key", "token_endpoint_auth_method": "private_key_jwt", "response_types": ["code"],
                "grant_types": ["authorization_code"], "redirect_uris": [self.second + "/oidc/back"],
                "id_token_signed_response_alg": "ES256", "token_endpoint_auth_signing_alg": "ES256",
                "jwks": {"keys": [{**json.loads(self.own.export_public()), "kid": self.own.thumbprint()}]}}],
            "accounts": {name: {"preferred_username": name, "name": name.title() + " <b>", "groups": groups}
                         for name, groups in {"wren": ["x", "alder, staff"], "finch": ["birch"],
                                              "gull": ["alder"], "heron": ["it"], "rail": ["alder, staff"],
                                              "teal": ["birch"], "crake": ["it"]}.items()}})

    def order(self, what):
        self.node.stdin.write(json.dumps(what) + "\n")
        while (line := self.node.stdout.readline()) and line.strip() not in ("ready", "done"):
            pass  # it warns of what is for tests alone
        assert line, "the provider ended"

    def end(self):
        self.node.stdin.close()
        self.node.wait(20)
        self.node.stdout.close()

    def sign(self, claims, key=None, alg="RS256", **header):
        t = jws.JWS(json.dumps(claims))
        t.allowed_algs = [alg]
        t.add_signature(key or self.key, alg, json.dumps({"alg": alg, "kid": "k-1", **header}))
        return t.serialize(compact=True)

    def claims(self, **more):
        now = int(time.time())
        c = {"iss": self.issuer, "aud": "band witness", "iat": now, "exp": now + 300, "sub": "stilt",
             "preferred_username": "stilt", "groups": ["it"], **more}
        return {k: v for k, v in c.items() if v is not None}

    def logout(self, **more):
        return self.claims(**{"jti": os.urandom(8).hex(), "events": EVENT, "groups": None, **more})

    def send_logout(self, token):
        body = urllib.parse.urlencode({"logout_token": token}).encode()
        return self.c.request("POST", "/oidc/logout", body, dict(FORM)).status


class Oidc(unittest.TestCase):
    strangers = 0

    @classmethod
    def setUpClass(cls):
        cls.w = World(cls)
        cls.c = cls.w.c
        cls.alder, cls.birch = (cls.site(*x) for x in (("Alder Elementary", "Alder Valley"),
                                                       ("Birch High", "Birch Creek")))
        owl = Visitor(cls.w)
        owl.sign_in_as("wren")
        wait_for("the door to know them", lambda: owl.open("/sites") and owl.sites() == {cls.alder})

    @classmethod
    def site(cls, name, entity):
        told = cls.c.token("--site", name, "--entity", entity)
        box = PyBox(told["site"])
        assert cls.c.enroll(box.key, told["token"]).status == 200
        return box.site

    def someone(self, name):
        """In, and asked about just now."""
        v = Visitor(self.w)
        self.assertEqual(v.sign_in_as(name).status, 200)
        return v

    def stranger(self):
        """From an address of its own, by a proxy that speaks TLS: too many tries from one have to wait."""
        Oidc.strangers += 1
        return Visitor(self.w, dial=dial_unix(self.w.proxy), headers={
            "Host": "localhost", "X-Forwarded-For": f"192.0.2.{Oidc.strangers}"})

    def known(self, v):
        """As a browser that opens a page again: by the directory where it has to."""
        a = v.open("/sites")
        return a if a.status == 200 and "/sign-in" not in a.url and "/interaction" not in a.url else None

    # --- as it should be

    def test_people_come_and_see_what_their_groups_may(self):
        v = Visitor(self.w)
        page = v.get(f"/sign-in?to=/sites/{self.alder}").text
        self.assertIn("Sign in with Alder Login &lt;i&gt;", page)
        link = html.unescape(re.search(r'class="button" href="([^"]+)"', page)[1])
        asked = urllib.parse.urlsplit(v.get(link).headers["Location"])
        query = dict(urllib.parse.parse_qsl(asked.query))
        self.assertEqual((query["response_type"], query["redirect_uri"], query["code_challenge_method"],
                          query["scope"]), ("code", self.w.url + "/oidc/back", "S256", "openid profile"))
        more = v.start()  # each transaction has words of its own
        for name in ("state", "nonce", "code_challenge"):
            self.assertNotEqual(query[name], more[name])
        page = v.sign_in_as("wren", f"/sites/{self.alder}")
        self.assertEqual((page.status, page.url), (200, self.w.url + f"/sites/{self.alder}"))
        self.assertIn("Wren &lt;b&gt;", page.text)
        basic, form = self.w.forms[-1]  # RFC 6749: each half encoded before they are joined
        halves = base64.b64decode(basic[6:]).decode().split(":")
        self.assertEqual([urllib.parse.unquote(h) for h in halves], ["band witness", SECRET])
        self.assertNotIn("secret", form)
        verifier = urllib.parse.parse_qs(form)["code_verifier"][0]
        self.assertTrue(43 <= len(verifier) <= 128)
        wait_for("what wren sees", lambda: self.known(v) and v.sites() == {self.alder})
        self.assertEqual(v.open(f"/sites/{self.birch}").status, 404)
        self.assertEqual(v.get("/account").status, 404)  # an account is none of theirs
        cookie = Visitor(self.w, dial=dial_unix(self.w.proxy)).get("/oidc/start").headers["Set-Cookie"]
        self.assertRegex(cookie, r"^__Host-bw-sent=[\w-]{24}; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age")
        # a form of theirs, and one without its token
        heron = self.someone("heron")
        token = heron.hidden(heron.open("/people").text)
        self.assertEqual(heron.send("/people", {"do": "revoke", "name": "x", "csrf": token[:-1]}).status, 403)
        self.assertEqual(heron.send("/people", {"do": "revoke", "name": "x", "csrf": token}).status, 400)
        # out, here and there: the directory sends back
        out = heron.send("/sign-out", {"csrf": token})
        self.assertIn("Signed out here", out.text)
        self.assertEqual(heron.get("/people").status, 303)
        there = html.unescape(re.search(r'class="button" href="([^"]+)"', out.text)[1])
        page = heron.open(there)
        form = dict(re.findall(r'<input[^>]* name="(\w+)" value="([^"]*)"', page.text))
        action = html.unescape(re.search(r'action="([^"]+)"', page.text)[1])
        self.assertTrue(heron.open(action, {**form, "logout": "yes"}).url.startswith(self.w.url + "/sign-in"))
        self.assertIn("/interaction/", heron.open("/oidc/start").url)

    def test_whoever_loses_a_group_or_leaves_is_out(self):
        rail, teal, crake, finch = (self.someone(n) for n in ("rail", "teal", "crake", "finch"))
        token = re.search('name="csrf" value="([^"]+)"', self.known(rail).text)[1]
        self.w.order({"account": "rail", "claims": {"preferred_username": "rail", "groups": ["birch"]}})
        self.w.order({"account": "crake", "claims": {"preferred_username": "crake", "groups": ["x"]}})
        self.w.order({"account": "teal", "claims": None})
        finch.theirs.clear()  # the directory does not know her browser any more
        wait_for("another district", lambda: self.known(rail) and rail.sites() == {self.birch})
        # the same session: forms that are open stay good
        self.assertEqual(unmasked(token), unmasked(rail.hidden(self.known(rail).text)))
        wait_for("a page that goes by the directory", lambda: "/sign-in" in finch.open("/sites").url)
        for v in (crake, teal):
            wait_for("out, without a page", lambda v=v: v.sites() is None)
        page = crake.open("/sites")
        self.assertEqual((page.status, "opens anything here" in page.text), (403, True))
        self.assertIn('action="/sign-in"', page.text)  # accounts stay
        self.assertIsNone(self.known(teal))
        for v in (crake, teal, finch):
            self.assertIsNone(v.sites())
            self.assertNotIn("bw-local", v.cookies)
        page = Visitor(self.w).sign_in_as("gull")  # "alder" is not "alder, staff"
        self.assertEqual((page.status, "knows you as gull" in page.text), (403, True))

    def test_the_directory_ends_sessions(self):
        v = self.someone("finch")
        self.w.order({"logout": "finch"})
        self.assertIsNone(v.sites())
        self.assertNotIn("logout_token", self.c.text())
        # by a token of ours: taken once; what is not quite one, never
        v, sub = self.in_by_hand(sub="u-9", sid="s-9"), {"sub": "u-9", "iat": int(time.time()) - 5}
        w = self.w
        for bad in (w.sign(w.logout(**sub), w.other), w.sign(w.logout(**sub, nonce="x")),
                    w.sign(w.logout(**{**sub, "aud": "x"})), w.sign(w.logout(**{**sub, "iss": "http://x"})),
                    w.sign(w.logout(**{**sub, "exp": 1})), w.sign(w.logout(**{**sub, "events": {}})),
                    w.sign(w.logout(**{**sub, "jti": None})), w.sign(w.claims(sub="u-9")),
                    self.none(w.logout(**sub)), w.sign(w.logout(sub=None)), "x", ""):
            self.assertEqual(w.send_logout(bad), 400)
        self.assertEqual(w.c.request("POST", "/oidc/logout", b"{}", {"Content-Type": "application/json"}).status, 400)
        self.assertIsNotNone(v.sites())
        other = w.sign(w.logout(sid="s-8", **sub))
        self.assertEqual(w.send_logout(other), 200)  # another session of the same person
        self.assertIsNotNone(v.sites())
        mine = w.sign(w.logout(sid="s-9", **sub), typ="logout+jwt")
        self.assertEqual(w.send_logout(mine), 200)
        self.assertIsNone(v.sites())
        v = self.in_by_hand(sub="u-9", sid="s-10")
        self.assertEqual(w.send_logout(mine), 400)
        whole = w.sign(w.logout(**sub))
        self.assertEqual(w.send_logout(whole), 200)
        self.assertIsNone(v.sites())
        v = self.in_by_hand(sub="u-9", sid="s-11")
        self.assertEqual(w.send_logout(whole), 400)  # a replay ends nothing
        self.assertIsNotNone(v.sites())
        # one that was made before she was signed out begins nothing after
        self.assertEqual(self.by_hand(sub="u-9", sid="s-12", iat=sub["iat"] - 1)[1].status, 403)
        before = w.asked.count("/jwks")
        for _ in range(30):
            self.assertEqual(w.send_logout(w.sign(w.logout(**sub), w.other, kid=os.urandom(4).hex())), 400)
        self.assertLessEqual(w.asked.count("/jwks") - before, 1)

    # --- lies

    def none(self, claims):
        return f'{b64(json.dumps({"alg": "none", "kid": "k-1"}).encode())}.{b64(json.dumps(claims).encode())}.'

    def by_hand(self, make=None, visitor=None, access="a-token", **claims):
        """The way back with a token of the test's own making."""
        v = visitor or self.stranger()
        asked, code = v.start(), os.urandom(8).hex()
        c = self.w.claims(**{"nonce": asked["nonce"], **claims})
        self.w.lies[code] = (200, {"token_type": "Bearer", "access_token": access,
                                   "id_token": make(c) if make else self.w.sign(c)})
        return v, v.back(code=code, state=asked["state"], iss=self.w.issuer)

    def in_by_hand(self, **claims):
        v, a = self.by_hand(**claims)
        self.assertEqual((a.status, a.headers["Location"]), (303, "/sites"))
        return v

    def test_what_does_not_fit_lets_nobody_in(self):
        w, now = self.w, int(time.time())
        half = b64(hashlib.sha256(b"a-token").digest()[:16])
        for good in ({}, {"aud": ["band witness"]}, {"at_hash": half}, {"azp": "band witness"},
                     {"aud": ["band witness", "x"], "azp": "band witness"}, {"groups": "it"}):
            self.assertIsNotNone(self.in_by_hand(**good).sites(), good)
        secret = jwk.JWK(kty="oct", k=b64(SECRET.encode().ljust(32, b"0")))
        cut = lambda c: (lambda t: t[:-4] + ("AAAA" if t[-4:] != "AAAA" else "BBBB"))(w.sign(c))
        swap = lambda c: ".".join([*w.sign({**c, "groups": []}).split(".")[:1],
                                   b64(json.dumps(c).encode()), w.sign({**c, "groups": []}).split(".")[2]])
        before = w.asked.count("/jwks")
        for what, make, claims in (
                ("nonce", None, {"nonce": "x"}), ("no nonce", None, {"nonce": None}),
                ("expired", None, {"exp": now - 121}), ("old", None, {"iat": now - 800}),
                ("from tomorrow", None, {"iat": now + 90000, "exp": now + 90300}),
                ("audience", None, {"aud": "x"}), ("audiences", None, {"aud": ["x", "y"]}),
                ("for two", None, {"aud": ["band witness", "x"]}), ("azp", None, {"azp": "x"}),
                ("issuer", None, {"iss": w.issuer + "/"}), ("no sub", None, {"sub": None}),
                ("another access token", None, {"at_hash": b64(b"0" * 16)}),
                ("none", self.none, {}), ("another key", lambda c: w.sign(c, w.other), {}),
                ("a key nobody knows", lambda c: w.sign(c, w.other, kid="k-2"), {}),
                ("its secret as a key", lambda c: w.sign(c, secret, "HS256"), {}),
                ("cut", cut, {}), ("altered", swap, {}),
                ("a logout token", None, {"events": EVENT}), ("no group", None, {"groups": ["IT", "it "]}),
                ("no groups", None, {"groups": {"it": True}})):
            v, a = self.by_hand(make, **claims)
            self.assertEqual(a.status, 403, what)
            self.assertNotIn("__Host-bw", v.cookies)
            self.assertIsNone(v.sites())
        self.assertLessEqual(w.asked.count("/jwks") - before, 1)
        for status, body in ((400, {"error": "invalid_grant"}), (200, b"x"), (200, {}), (200, {"id_token": 7}),
                             (302, {"id_token": "x"}), (200, {"id_token": "a.b.c"})):
            v = self.stranger()
            asked = v.start()
            w.lies["bad"] = (status, body)
            self.assertEqual(v.back(code="bad", state=asked["state"], iss=w.issuer).status, 403)
        w.lies["bad"] = (500, b"")
        v = self.stranger()
        a = v.back(code="bad", state=v.start()["state"], iss=w.issuer)
        self.assertEqual((a.status, "Accounts of this collector work" in a.text), (503, True))

    def test_answers_that_nobody_asked_for(self):
        w, v, other = self.w, Visitor(self.w), Visitor(self.w)
        asked, theirs = v.start(), other.start()
        before = w.asked.count("/token")
        state = asked["state"]
        self.assertEqual(w.asked.count("/token"), before)
        for query in ({"state": theirs["state"]}, {"state": state[:-1] + "x"}, {"state": state[:55]}, {"state": ""},
                      {}, {"state": "0" + state[1:]}, {"state": state.replace(".0.", ".1.")},
                      {"state": state[:52] + "." + b64(b"//evil.example")}, {"state": "." * 60}):
            self.assertEqual(v.back(code="x", iss=w.issuer, **query).status, 403, query)
            self.assertEqual(w.asked.count("/token"), before, query)
        for query in ({"code": "x"}, {"code": "x", "iss": "http://127.0.0.1:1"}, {"code": "x", "iss": w.issuer + "/"},
                      {"iss": w.issuer}, {"code": "x", "error": "x", "iss": w.issuer},
                      {"code": "x" * 4200, "iss": w.issuer}, {"code": "a\nb", "iss": w.issuer}):
            self.assertIn(v.back(state=state, **query).status, (400, 403, 414, 431), query)
        old = Visitor(w)
        old.cookies = {}
        self.assertEqual(old.back(code="x", state=state, iss=w.issuer).status, 403)
        self.assertEqual(w.asked.count("/token"), before)  # for none of these was it asked
        page = v.back(error="access_denied", error_description="<i>", state=state, iss=w.issuer)
        self.assertEqual((page.status, "<i>" in page.text), (403, False))
        # a code works once, also in the browser that it was for
        url = Visitor.sign_in_as(v, "finch", until=w.url + "/oidc/back")
        self.assertEqual(v.open(url).status, 200)
        self.assertIsNotNone(v.sites())
        self.assertEqual(v.fetch(url).status, 403)
        self.assertIsNone(v.sites())
        # and not in another's, with a state of its own
        url = Visitor.sign_in_as(Visitor(w), "finch", until=w.url + "/oidc/back")
        code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))["code"]
        self.assertEqual(other.back(code=code, state=other.start()["state"], iss=w.issuer).status, 403)
        # pages of one browser that go by the directory at once do not spoil each other's way
        v = self.someone("finch")
        v.cookies.pop("bw-local-sent")
        cookies = set()
        for _ in range(3):
            cookies.add(v.get("/oidc/start?again=1").headers["Set-Cookie"].split(";")[0])
            v.cookies.pop("bw-local-sent")
        self.assertEqual(len(cookies), 1)
        # who is known and in no group is no try in vain: a whole school behind one address may come
        for _ in range(22):
            self.assertEqual(self.by_hand(visitor=other, groups=["x"])[1].status, 403)
        # where to go next is on this collector
        for to in ("//evil.example", "https://evil.example", "/\\evil.example"):
            asked = other.start(to)
            code = os.urandom(8).hex()
            w.lies[code] = (200, {"id_token": w.sign(w.claims(nonce=asked["nonce"]))})
            a = other.back(code=code, state=asked["state"], iss=w.issuer)
            self.assertEqual((a.status, a.headers["Location"]), (303, "/"))


    # --- another way

    def test_by_a_key_and_with_a_second_factor(self):
        w = self.w
        folder = self.enterContext(scratch())
        key = os.path.join(folder, "key.jwk")
        with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as f:
            json.dump({k: v for k, v in json.loads(w.own.export()).items() if k in ("kty", "crv", "x", "y", "d")}, f)
        conf = (f'accounts {{ url = "{w.second}" }}\n{GROUPS}oidc {{ issuer = "{w.issuer}" client_id = "by key" '
                f'key_file = "{key}" amr = "mfa" groups_claim = "roles" user_claim = "email" }}')
        with Collector(access="accounts", port=int(w.second.split(":")[-1]), extra=conf) as c:
            there = World.__new__(World)
            there.__dict__.update(w.__dict__, c=c, url=w.second)
            page = Visitor(there).sign_in_as("heron")  # the key is taken, and ES256; no second factor
            self.assertEqual((page.status, "a second factor" in page.text), (403, True))
            told = json.loads(re.search(r"the directory knows it by this key: (\{.*\})", c.text())[1])
            self.assertEqual((told["kid"], told["alg"], "d" in told), (w.own.thumbprint(), "ES256", False))
            self.assertIn("client_assertion=", w.forms[-1][1])
            self.assertIsNone(w.forms[-1][0])
            for amr, status in (("pwd", 403), (["pwd"], 403), (["pwd", "mfa"], 303)):
                v = Visitor(there)
                asked = v.start()
                claims = w.claims(nonce=asked["nonce"], aud="by key", amr=amr, roles="it", email="a@b", groups=[])
                w.lies["amr"] = (200, {"id_token": w.sign(claims, w.curve, "ES256", kid="k-3")})
                self.assertEqual(v.back(code="amr", state=asked["state"], iss=w.issuer).status, status, amr)
            self.assertEqual(v.get("/people").status, 200)
        os.chmod(key, 0o644)
        with self.assertRaises(AssertionError) as e, Collector(access="accounts", extra=conf):
            pass
        self.assertIn("chmod", str(e.exception))


if __name__ == "__main__":
    unittest.main(verbosity=2)
