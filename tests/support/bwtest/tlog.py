# SPDX-License-Identifier: GPL-3.0-or-later
"""The log once more, as RFC 6962 and the C2SP texts define it and by nothing of ours:
recursive, slow, plain. Leaves, heads, proofs, tiles, signed notes, checkpoints,
cosignatures. Everything that checks a collector's log from outside goes through here."""
import base64
import hashlib
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LOG, WITNESS = 1, 4


def sha(data):
    return hashlib.sha256(data).digest()


def leaf_bytes(kind, unix_ms, digest):
    return struct.pack(">BQ", kind, unix_ms) + digest


def leaf_hash(leaf):
    return sha(b"\0" + leaf)


def node(left, right):
    return sha(b"\1" + left + right)


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def head(hashes):
    """MTH of RFC 6962 section 2.1, of leaf hashes."""
    if not hashes:
        return sha(b"")
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return node(head(hashes[:k]), head(hashes[k:]))


def path(m, hashes):
    """PATH of section 2.1.1."""
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if m < k:
        return path(m, hashes[:k]) + [head(hashes[k:])]
    return path(m - k, hashes[k:]) + [head(hashes[:k])]


def growth(m, hashes):
    """PROOF of section 2.1.2; empty for 0 and the same size."""
    def sub(m, part, whole):
        if m == len(part):
            return [] if whole else [head(part)]
        k = split(len(part))
        if m <= k:
            return sub(m, part[:k], whole) + [head(part[k:])]
        return sub(m - k, part[k:], False) + [head(part[:k])]
    return sub(m, hashes, True) if 0 < m < len(hashes) else []


def root_by_path(index, size, leaf, proof):
    """The head that an inclusion proof leads to, by the definition of PATH; None: it has
    too many or too few hashes."""
    if size == 1:
        return leaf if not proof else None
    if not proof:
        return None
    k = split(size)
    if index < k:
        below = root_by_path(index, k, leaf, proof[:-1])
        return below and node(below, proof[-1])
    below = root_by_path(index - k, size - k, leaf, proof[:-1])
    return below and node(proof[-1], below)


def roots_by_growth(m, n, old, proof):
    """(old head, new head) that a consistency proof leads to; None: it does not fit."""
    def sub(m, n, proof, whole):
        if m == n:
            if whole:
                return (old, old) if not proof else None
            return (proof[0], proof[0]) if len(proof) == 1 else None
        if not proof:
            return None
        k = split(n)
        if m <= k:
            below = sub(m, k, proof[:-1], whole)
            return below and (below[0], node(below[1], proof[-1]))
        below = sub(m - k, n - k, proof[:-1], False)
        return below and (node(proof[-1], below[0]), node(proof[-1], below[1]))
    return sub(m, n, proof, True)


# ---- tiles

def tile_path(level, n, width=256):
    text = "%03d" % (n % 1000)
    while n >= 1000:
        n //= 1000
        text = "x%03d/%s" % (n % 1000, text)
    return "tile/%s/%s%s" % (level, text, "" if width == 256 else ".p/%d" % width)


def tile(level, n, hashes):
    """The bytes of a tile of a tree, full or partial; b"": there is none."""
    wide = 256 ** level
    rows = [hashes[i * wide:(i + 1) * wide] for i in range(n * 256, (n + 1) * 256)]
    return b"".join(head(r) for r in rows if len(r) == wide)


def bundle(n, leaves):
    return b"".join(struct.pack(">H", len(b)) + b for b in leaves[n * 256:(n + 1) * 256])


def unbundle(data):
    leaves = []
    while data:
        n = struct.unpack(">H", data[:2])[0]
        assert len(data) >= 2 + n, "a bundle that is cut"
        leaves.append(data[2:2 + n])
        data = data[2 + n:]
    return leaves


# ---- notes

class Key:
    """Who signs, or (without a seed) whose signature is checked."""

    def __init__(self, name, kind=LOG, seed=None, public=None):
        self.name, self.kind = name, kind
        self.private = ed25519.Ed25519PrivateKey.from_private_bytes(seed) if seed else None
        self.public = public or self.private.public_key().public_bytes(
            Encoding.Raw, PublicFormat.Raw)
        self.id = sha(name.encode() + b"\n" + bytes([kind]) + self.public)[:4]

    @classmethod
    def parse(cls, text):
        name, ident, material = text.split("+", 2)
        material = base64.b64decode(material, validate=True)
        key = cls(name, material[0], public=material[1:])
        assert key.id.hex() == ident, (text, key.id.hex())
        return key

    def text(self):
        material = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return "%s+%s+%s" % (self.name, self.id.hex(), material)

    def message(self, text, unix_s):
        if self.kind == LOG:
            return text
        return b"cosignature/v1\ntime %d\n" % unix_s + text

    def sign(self, text, unix_s=None):
        stamp = struct.pack(">Q", unix_s) if self.kind == WITNESS else b""
        signature = self.private.sign(self.message(text, unix_s))
        both = base64.b64encode(self.id + stamp + signature).decode()
        return ("\u2014 %s %s\n" % (self.name, both)).encode()

    def check(self, note):
        """(text, time or None) when this key signed the note; else raises."""
        text, _, lines = note.rpartition(b"\n\n")
        text += b"\n"
        for line in lines.decode().splitlines():
            dash, name, both = line.split(" ")
            both = base64.b64decode(both, validate=True)
            if dash != "\u2014" or name != self.name or both[:4] != self.id:
                continue
            both = both[4:]
            unix_s = None
            if self.kind == WITNESS:
                unix_s, both = struct.unpack(">Q", both[:8])[0], both[8:]
            self.private_free_verify(both, self.message(text, unix_s))
            return text, unix_s
        raise InvalidSignature("no signature of " + self.name)

    def private_free_verify(self, signature, message):
        ed25519.Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)


def checkpoint_text(origin, size, root):
    return ("%s\n%d\n%s\n" % (origin, size, base64.b64encode(root).decode())).encode()


def read_checkpoint(text):
    """(origin, size, root)."""
    lines = text.decode().split("\n")
    return lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)


def signed(text, *lines):
    return text + b"\n" + b"".join(lines)
