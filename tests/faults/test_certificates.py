# SPDX-License-Identifier: GPL-3.0-or-later
"""A real collector that shows a certificate which is expired, not yet valid, another host's,
or nobody's: the box sends nothing, keeps every record, says once what is wrong and what it
does next, and delivers by itself as soon as the certificate is mended."""
import datetime
import ipaddress
import sys

from bwtest import wait_for
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from scene import Scene

DAY = datetime.timedelta(days=1)


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.cert = self.sign(name("Alder Authority"), self.key, True, None, -DAY, 30 * DAY)

    def sign(self, subject, key, ca, address, begin, end):
        now = datetime.datetime.utcnow()
        b = (x509.CertificateBuilder().subject_name(subject)
             .issuer_name(name("Alder Authority")).public_key(key.public_key())
             .serial_number(x509.random_serial_number())
             .not_valid_before(now + begin).not_valid_after(now + end)
             .add_extension(x509.BasicConstraints(ca, None), True))
        if address:
            b = b.add_extension(x509.SubjectAlternativeName(
                [x509.IPAddress(ipaddress.ip_address(address))]), False)
        return b.sign(self.key, hashes.SHA256())

    def shows(self, collector, address="127.0.0.1", begin=-DAY, end=DAY):
        """From its next start the collector has this certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        cert = self.sign(name("collector"), key, False, address, begin, end)
        with open(collector.folder + "/tls.key", "wb") as f:
            f.write(key.private_bytes(serialization.Encoding.PEM,
                                      serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption()))
        with open(collector.folder + "/tls.crt", "wb") as f:
            f.write(pem(cert))


def pem(cert):
    return cert.public_bytes(serialization.Encoding.PEM)


def main():
    with Scene(tls=True) as s:
        c = s.collector
        ours, strangers = Authority(), Authority()
        c.ca = c.folder + "/authority.crt"
        with open(c.ca, "wb") as f:
            f.write(pem(ours.cert))
        c.stop()
        ours.shows(c)
        c.start()
        box = s.box()
        wait_for("the first receipt", lambda: box.acked() > 0, 30)
        for what, words, show in (
                ("expired", "expired", lambda: ours.shows(c, end=-DAY / 2)),
                ("not yet valid", "not yet valid", lambda: ours.shows(c, begin=DAY / 2)),
                ("another host's", "subject name", lambda: ours.shows(c, "192.0.2.1")),
                ("nobody's", "certificate", lambda: strangers.shows(c))):
            c.stop()
            before, said = box.acked(), box.text()
            show()
            c.start()
            status = wait_for(f"a certificate that is {what} to be met", lambda: (
                st := box.status()) and words in st["collector"].get("last_error", "")
                and st["collector"]["failures_in_a_row"] > 1 and st, 60)
            rows = status["journal"]["rows"]
            wait_for("more records", lambda: box.status()["journal"]["rows"] > rows + 1)
            assert box.acked() == before, f"{what}: acknowledged by whoever that was"
            told = [l for l in box.text()[len(said):].splitlines() if "courier" in l]
            assert len(told) == 1 and "in the journal" in told[0], told
            print(f"{what}: {status['collector']['last_error']}\n  {told[0]}", flush=True)
            c.stop()
            ours.shows(c)
            c.start()
            wait_for("delivery to resume by itself", lambda: box.acked() >= rows, 90)
        lines = box.journal()
        wait_for("all of it", lambda: set(lines) <= set(c.held(box.site)), 60)
        held = c.held(box.site)
        assert held[:len(lines)] == lines and len(set(held)) == len(held)
        assert box.starts == 1
        return 0


if __name__ == "__main__":
    sys.exit(main())
