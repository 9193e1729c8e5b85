# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts, from a box's records to a mail server that is not ours (aiosmtpd) and to a program that
takes webhooks: what is told, signed, tried again, and told once although the collector is killed."""
import asyncio
import calendar
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import os
import ssl
import threading
import time
import unittest

try:
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult
except ImportError:
    Controller = None

from bwtest import Collector, wait_for
from bwtest.place import free_port, self_signed

HOSTILE = "Oak \"Hill\" <b>\u05d0 & Söhne \U0001F333"
SECRET = "lantern"


class Mailbox:
    """Takes mail by STARTTLS and a password; refuses what it is told to."""

    def __init__(self, folder):
        cert, key = self_signed(folder, "mail")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        self.ca, self.got, self.later, self.never, self.tls = cert, [], set(), set(), []
        self.silent, self.half = False, []
        self.server = Controller(self, hostname="127.0.0.1", port=free_port(), tls_context=context,
                                 require_starttls=True, auth_required=True, authenticator=self.authenticate)
        self.server.start()

    def authenticate(self, server, session, envelope, mechanism, data):
        good = (data.login, data.password) == (b"wren", b"nest & twig")
        return AuthResult(success=good)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.never:
            return "550 no such person"
        if address in self.later:
            self.later.discard(address)
            return "451 come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.silent:  # it has the mail, and nobody hears so
            self.half.append(envelope.content)
            await asyncio.sleep(20)
        self.tls.append(session.ssl is not None)
        self.got.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 taken"

    def mails(self, to=None):
        out = [email.message_from_bytes(c, policy=email.policy.default) for _, r, c in list(self.got)
               if to is None or r == [to]]
        return out


class Hook:
    """Takes posts; answers with what is in `answers` first."""

    def __init__(self):
        self.got, self.answers = [], []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = outer.answers.pop(0) if outer.answers else 204
                outer.got.append((self.path, dict(self.headers), body, status))
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", outer.url + "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def in_order(box):
    """The same box, whose records have their outages where they belong."""
    plain = box.payload

    def payload(**over):
        p = plain(**over)
        names = [n for n in p if n != "outages"]
        names.insert(names.index("latency"), "outages")
        return {n: p[n] for n in names if n in p}
    box.payload = payload
    return box


@unittest.skipUnless(Controller, "needs python3-aiosmtpd")
class Alerts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.hook = Hook()
        cls.addClassCleanup(cls.hook.server.shutdown)
        cls.c = Collector()
        cls.box_mail = Mailbox(cls.c.folder)
        cls.addClassCleanup(cls.box_mail.server.stop)
        files = {"password": "nest & twig\n", "secret": SECRET + "\n"}
        for name, text in files.items():
            with open(os.path.join(cls.c.folder, name), "w", encoding="utf-8") as f:
                f.write(text)
        with open(cls.c.conf, "a", encoding="utf-8") as f:
            f.write(f"""
alerts {{
    zone = "UTC"
    weekly = no
    monthly = no
    outage {{ shortest = 2min }}
    mail {{
        server = "127.0.0.1"
        port = {cls.box_mail.server.port}
        ca_file = "{cls.box_mail.ca}"
        user = "wren"
        password_file = "{cls.c.folder}/password"
        from = "bandwitness@alder.example"
    }}
    recipient "noc" {{ address = "noc@alder.example" reminders = no }}
    recipient "heron" {{ address = "heron@alder.example" entity = "heron" reminders = no }}
    webhook "pager" {{ url = "{cls.hook.url}/in" secret_file = "{cls.c.folder}/secret" allow_local = yes }}
    webhook "barred" {{ url = "{cls.hook.url}/barred" }}
}}
""")
        cls.enterClassContext(cls.c)
        cls.begun = int(time.time()) // 300 * 300 - 3600
        wait_for("the first look", lambda: cls.steps() > 0)

    @classmethod
    def steps(cls):
        try:
            return cls.c.metric("bandwitness_alerts_steps_total")
        except AssertionError:
            return 0

    def listed(self, *words):
        return json.loads(self.c.admin("alert", "list", "--json", *words))

    def test_c_killed_between_mail_and_note(self):
        box = in_order(self.c.box("Teal School", start=self.begun))
        out = [{"circuit": "wan", "from_ms": (self.begun + 300) * 1000,
                "to_ms": (self.begun + 3000) * 1000, "why": "carrier down"}]
        self.box_mail.silent = True
        had = len(self.box_mail.got)
        lines = [box.summary(**({"outages": out} if box.at == self.begun + 2700 else {})) for _ in range(12)]
        self.assertEqual(self.c.post(lines).json["refused"], [])
        wait_for("the mail", lambda: self.box_mail.half)
        self.c.kill()
        self.box_mail.silent = False
        self.c.start()
        wait_for("the mail again", lambda: len(self.box_mail.got) > had)
        self.assertEqual(self.box_mail.half, [self.box_mail.got[-1][2]])  # byte for byte, its id too
        self.assertEqual(len(self.listed("--since", "2020-01-01", box.site)), 1)
        wait_for("an end of it", lambda: self.c.metric("bandwitness_alerts_messages_waiting") <= 1)
        self.assertEqual(len(self.box_mail.got), had + 1)
        self.c.admin("alert", "ack", "--by", "rowan", "--note", "known", str(self.listed(
            "--since", "2020-01-01", box.site)[0]["alert"]))
        self.assertEqual(self.listed("--since", "2020-01-01", box.site)[0]["acknowledged_by"], "rowan")

    def test_b_an_outage_that_records_tell_of(self):
        box = in_order(self.c.box(HOSTILE, start=self.begun))
        out = [{"circuit": "wan", "from_ms": (self.begun + 1200) * 1000,
                "to_ms": (self.begun + 1800) * 1000, "why": "targets silent"}]
        lines = [box.summary(**({"outages": out} if box.at == self.begun + 1500 else {})) for _ in range(12)]
        self.box_mail.later.add("noc@alder.example")
        had = len(self.hook.got)
        self.assertEqual(self.c.post(lines).json["refused"], [])
        wait_for("the alert", lambda: self.listed("--since", "2020-01-01"))
        alert, = [a for a in self.listed("--since", "2020-01-01", f"{box.site}.wan")]
        self.assertEqual((alert["kind"], alert["open"]), ("outage", False))
        self.assertIn("own records tell of 10 min", alert["words"])
        self.assertEqual(alert["value"], 600000)

        # The webhook: signed over its bytes; the barred one never connects.
        wait_for("the webhook", lambda: len(self.hook.got) > had)
        path, headers, body, _ = self.hook.got[-1]
        self.assertEqual(path, "/in")
        said = json.loads(body)
        self.assertEqual((said["event"], said["alert"], said["circuit"]),
                         ("was", alert["alert"], f"{box.site}.wan"))
        t, v1 = headers["Bandwitness-Signature"].split(",")
        want = hmac.new(SECRET.encode(), t[2:].encode() + b"." + body, hashlib.sha256).hexdigest()
        self.assertEqual(v1, "v1=" + want)
        self.assertEqual(headers["Bandwitness-Message-Id"], said["message"])

        # The mail: refused for now at first, so not there yet; one who sees another entity gets none.
        wait_for("a refusal", lambda: not self.box_mail.later)
        page = self.c.get(f"/alerts/{alert['alert']}")
        self.assertEqual(page.status, 200)
        self.assertIn("Oak &quot;Hill&quot; &lt;b&gt;", page.text)
        self.assertIn("line out", self.c.get("/alerts").text)

    def test_a_each_way_is_tried(self):
        self.box_mail.never.add("heron@alder.example")
        self.hook.answers = [302]
        rows = json.loads(self.c.admin("alert", "test", "--json", ok=(1,)))
        by = {r["to"]: r for r in rows}
        self.assertEqual(by["noc@alder.example"]["state"], "taken")
        self.assertEqual(by["heron@alder.example"]["state"], "refused")
        self.assertIn("550", by["heron@alder.example"]["said"])
        self.assertEqual(by["barred"]["state"], "refused")
        self.assertIn("allow_local", by["barred"]["said"])
        self.assertEqual(by["pager"]["state"], "refused")
        self.assertIn("redirects are not followed", by["pager"]["said"])
        self.assertFalse([p for p, *_ in self.hook.got if p in ("/barred", "/elsewhere")])
        mail = self.box_mail.mails("noc@alder.example")[-1]
        self.assertTrue(all(self.box_mail.tls))
        self.assertEqual(mail["Subject"], "[Alder State] test of alerts")
        self.assertEqual(mail["Auto-Submitted"], "auto-generated")
        self.assertEqual(mail["From"].addresses[0].addr_spec, "bandwitness@alder.example")
        self.assertEqual(mail.defects, [])
        self.assertEqual([p.get_content_type() for p in mail.walk()],
                         ["multipart/alternative", "text/plain"])
        self.assertIn("Nothing is the matter", mail.get_body(("plain",)).get_content())


@unittest.skipUnless(Controller, "needs python3-aiosmtpd")
class Packs(unittest.TestCase):
    """Packs by mail, of a collector of their own: its room has a month to read."""

    @classmethod
    def setUpClass(cls):
        cls.c = Collector()
        cls.box_mail = Mailbox(cls.c.folder)
        cls.addClassCleanup(cls.box_mail.server.stop)
        with open(os.path.join(cls.c.folder, "password"), "w", encoding="utf-8") as f:
            f.write("nest & twig\n")
        cls.enterClassContext(cls.c)
        cls.last_month()

    @classmethod
    def last_month(cls):
        """Records of it, and then a start that asks for packs of it."""
        now = time.gmtime()
        cls.month = (now.tm_year, now.tm_mon - 1) if now.tm_mon > 1 else (now.tm_year - 1, 12)
        box = cls.c.box("Rush School", start=calendar.timegm((*cls.month, 12, 12, 0, 0)))
        cls.rush = box.site
        answer = cls.c.post([box.summary() for _ in range(4)])
        assert answer.json["refused"] == [], answer.text
        cls.c.stop()
        more = "every = month after = 0 to"
        with open(cls.c.conf, "a", encoding="utf-8") as f:
            f.write(f"""
alerts {{
    zone = "UTC"
    weekly = no
    monthly = no
    digest_at = "00:00"
    mail {{
        server = "127.0.0.1"
        port = {cls.box_mail.server.port}
        ca_file = "{cls.box_mail.ca}"
        user = "wren"
        password_file = "{cls.c.folder}/password"
        from = "bandwitness@alder.example"
    }}
    pack "all" {{ title = "Sizing <of> all" for = sizing {more} = "grey@alder.example rowan@alder.example" }}
    pack "nobody" {{ for = pia district = "no-such" {more} = "rowan@alder.example" }}
}}
""")
        cls.c.start()

    def test_packs_by_mail(self):
        wait_for("the mails", lambda: len(self.box_mail.got) == 2 and "\"nobody\"" in self.c.text(), 60)
        grey, = self.box_mail.mails("grey@alder.example")
        rowan, = self.box_mail.mails("rowan@alder.example")
        self.assertNotEqual(grey["Message-ID"], rowan["Message-ID"])
        self.assertEqual(grey["Subject"], "[Alder State] Sizing <of> all, %04d-%02d" % self.month)
        self.assertEqual(grey.defects, [])
        self.assertEqual([p.get_content_type() for p in grey.walk()][:4],
                         ["multipart/mixed", "multipart/alternative", "text/plain", "text/html"])
        files = {p.get_filename(): p.get_content() for p in grey.iter_attachments()}
        name, = [n for n in files if n.startswith(f"{self.rush}.wan")]
        self.assertTrue(name.endswith(".pdf") and files[name].startswith(b"%PDF-"), list(files))
        self.assertIn("provisional", grey.get_body(("plain",)).get_content())
        self.assertIn("&lt;of&gt;", grey.get_body(("html",)).get_content())
        # once: nothing is made again, and nothing is left behind
        self.assertEqual(self.c.metric("bandwitness_packs_mailed_total"), 1)
        self.assertGreaterEqual(self.c.metric("bandwitness_packs_not_mailed_total"), 1)
        self.assertIn("no-such", self.c.text())
        self.assertFalse(os.path.exists(os.path.join(self.c.data, "pack-to-mail")))


if __name__ == "__main__":
    unittest.main()
