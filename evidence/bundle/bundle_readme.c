/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_readme.c - the page of a bag that everybody reads first: what it is, what it
 * shows and does not, and how to check it alone. */
#include "bundle_private.h"

#include "buf.h"
#include "clock.h"
#include "words.h"

#include <bw/err.h>
#include <stdio.h>
#include <string.h>

static const char what_is_here[] =
    "WHAT IS IN THIS FOLDER\n"
    "\n"
    "  bagit.txt, bag-info.txt   what kind of folder this is (BagIt, RFC 8493)\n"
    "  manifest-*.txt            the SHA-256 and SHA-512 of every file below data/\n"
    "  tagmanifest-*.txt         the same of all other files\n"
    "  data/report/report.html   the report, for people (any browser, no network)\n"
    "  data/report/report.csv    its figures, one a row\n"
    "  data/report/report.json   the same for programs\n"
    "  data/report/intervals.csv every interval of the period\n"
    "  data/packs/               the same for a purpose each: what to buy (sizing), what "
    "a\n"
    "                            review asks (pia), months of a bill (invoice), what was\n"
    "                            delivered (delivery), everything (audit)\n"
    "  .pdf beside these         the same as pages, where they could be made; the other\n"
    "                            forms can be checked anywhere, these only where the same\n"
    "                            fonts and libraries are\n"
    "  data/records/summaries-*.txt  the signed records, as columns of text: step 2 below\n"
    "                            turns them into the very bytes that the box signed\n"
    "  data/records/taken.csv    when the state's collector took each of them in (only\n"
    "                            where the records came from a collector)\n"
    "  data/keys/                the box's public keys, and since when each was in use\n"
    "  data/query.json           what was asked: period, time zone, class hours, claims\n"
    "  data/statements.jsonl     what people said of this time, with who and when: it "
    "stands\n"
    "                            beside what was measured and changes none of it\n"
    "  data/rules/, terms.conf   the rules that findings are made by, the contract's "
    "terms\n"
    "  data/calendars/           the school's calendars that say what class time was\n"
    "  data/configurations/      what the box was told to do, where claims came from it\n"
    "  data/zone/                the rules of local time that days and hours follow\n";

static const char what_is_in_the_log[] =
    "  data/log/                 what the collector's log shows of these records: its "
    "signed\n"
    "                            checkpoints, witnesses, time stamps, and the proof\n";

static const char what_it_shows[] =
    "WHAT IT SHOWS, AND WHAT NOT\n"
    "\n"
    "It shows that whoever holds the box's private key signed each record; that between "
    "the\n"
    "first and the last record here of a chain none was changed, taken out or put in "
    "(each\n"
    "names the hash of the one before); and that every figure of the report follows from\n"
    "these records by the methods it names.\n"
    "\n"
    "It does not show by itself whose key that is: compare the key's name above with the\n"
    "one that the district or the state's collector has on file. It does not show that "
    "the\n"
    "box was connected as its records say. What was claimed is not measured: it was told "
    "by\n"
    "people, and data/query.json says by whom. Time without a record is told in the "
    "report\n"
    "as not measured; it is neither good nor bad. Records that were cut off before the "
    "first\n"
    "or after the last one here are not missed by the chain itself. Nor does this folder\n"
    "show what was left out of statements and of ends of keys: ask the collector's log.\n"
    "Calendars are taken as they lie here. Rules are compared by `bandwitness verify` "
    "with\n"
    "those that it was shipped with, the time zone with that of the machine it runs on.\n"
    "\n";

static const char no_log[] = "These records are in no collector's log. When they were made "
                             "the box's own clock says,\n"
                             "and nobody else.\n"
                             "\n";

static const char with_log[] =
    "The log of a collector is a list that only grows, whose head is signed again and\n"
    "again; how much of this folder is in it stands above. Whoever kept such a head can\n"
    "show later that nothing before it\n"
    "was changed or taken out. It shows when the collector says that each record came, "
    "and\n"
    "holds the collector to it. A witness is somebody else who signed such a head: where\n"
    "there is one, the collector cannot have made two logs without it. A time stamp shows\n"
    "that the head, and so all in it, was there at that time. Whether the keys of log and\n"
    "witnesses, and the stamp's certificate, are to be trusted this folder cannot show:\n"
    "compare them with what their owners publish.\n"
    "\n";

static const char how_to_check[] =
    "HOW TO CHECK IT ALONE\n"
    "\n"
    "1. With Bandwitness (free software), without a network, on the archive or the "
    "folder:\n"
    "\n"
    "     bandwitness verify FILE.tar.zst\n"
    "\n"
    "   It checks all hashes, signatures and chains, makes every report again from the\n"
    "   records and names each difference. It ends with status 0 only if all holds. A\n"
    "   collector's log key from elsewhere (--log-key FILE) is held against the bag's "
    "own.\n"
    "\n"
    "2. With other people's tools. Unpack and check the hashes (GNU coreutils):\n"
    "\n"
    "     tar --zstd -xf FILE.tar.zst && cd bandwitness-*\n"
    "     sha256sum -c manifest-sha256.txt tagmanifest-sha256.txt\n"
    "     sha512sum -c manifest-sha512.txt tagmanifest-sha512.txt\n"
    "\n"
    "   The records lie here with what repeats left out (docs/bag-v1.md of Bandwitness). "
    "These\n"
    "   lines of Python, nothing else, write them as JWS, one a line, into "
    "../summaries.jose:\n"
    "\n"
    "     import base64, glob, hashlib, json\n"
    "     def b64(b):\n"
    "         return base64.urlsafe_b64encode(b).rstrip(b'=').decode()\n"
    "     def varint(n):\n"
    "         return bytes([n]) if n < 128 else bytes([n % 128 + 128]) + varint(n // 128)\n"
    "     def histogram(item):\n"
    "         gap, *counts = item.split(',')\n"
    "         gap, out = int(gap), b''\n"
    "         for n in counts:\n"
    "             if n:\n"
    "                 out, gap = out + varint(gap) + varint(int(n)), 0\n"
    "             gap += 1\n"
    "         return b64(out)\n"
    "     out = open('../summaries.jose', 'w')\n"
    "     for name in sorted(glob.glob('data/records/summaries-*.txt')):\n"
    "         head, kinds, signatures, *columns = open(name).read().split('\\n')[:-1]\n"
    "         head, signatures, prev = json.loads(head), iter(signatures.split(' ')), {}\n"
    "         columns = [[c[0], iter(c[1:]), (0, 0), ''] for c in (c.split(' ') for c in "
    "columns)]\n"
    "         for kind in kinds.split(' '):\n"
    "             if '.' in kind:\n"
    "                 print(kind, file=out)\n"
    "                 continue\n"
    "             header, *pieces = head['templates'][int(kind)]\n"
    "             payload, left, left2 = '', 0, 0\n"
    "             for p in pieces:\n"
    "                 if p == -1:\n"
    "                     p = prev[header]\n"
    "                 elif not isinstance(p, str):\n"
    "                     c = columns[p]\n"
    "                     item = next(c[1])\n"
    "                     if c[0] == 'h':\n"
    "                         p = histogram(item)\n"
    "                     elif c[0] == 's':\n"
    "                         p = c[3] = item or c[3]\n"
    "                     else:\n"
    "                         terms = zip(c[0].split(','), (c[2][0], left, c[2][1], "
    "left2))\n"
    "                         v = int(item) + sum(int(k) * t for k, t in terms)\n"
    "                         p, c[2], left, left2 = str(v), (v, left), v, left\n"
    "                 payload += p\n"
    "             jws = '.'.join((b64(head['headers'][header].encode()), "
    "b64(payload.encode()),\n"
    "                             next(signatures)))\n"
    "             prev[header] = b64(hashlib.sha256(jws.encode()).digest())\n"
    "             print(jws, file=out)\n"
    "     out.close()\n"
    "\n"
    "   The signatures are JWS (RFC 7515), the keys JWK (RFC 7517), which any library for\n"
    "   them can check. In Python, with the package jwcrypto, after the lines above:\n"
    "\n"
    "     from jwcrypto import jwk, jws\n"
    "     keys = json.load(open('data/keys/keys.jwks'))['keys']\n"
    "     keys = {k['kid']: jwk.JWK(**k) for k in keys}\n"
    "     last, n = {}, 0\n"
    "     for line in open('../summaries.jose'):\n"
    "         line = line.strip()\n"
    "         record = jws.JWS()\n"
    "         record.deserialize(line)\n"
    "         kid = record.jose_header['kid']\n"
    "         assert keys[kid].thumbprint() == kid\n"
    "         record.verify(keys[kid])\n"
    "         summary = json.loads(record.payload)\n"
    "         if kid in last:\n"
    "             assert summary['prev'] == last[kid]\n"
    "         last[kid] = b64(hashlib.sha256(line.encode()).digest())\n"
    "         n += 1\n"
    "     print(n, 'records, every signature and every link holds')\n"
    "\n";

static const char where_to_read_on[] =
    "   What a record holds is plain JSON; docs/summary-v1.md of Bandwitness names every\n"
    "   member, docs/report.md every method, docs/bag-v1.md every file of this folder.\n"
    "\n";

static const char how_to_check_the_log[] =
    "   That the records are in the collector's log, after the lines above (RFC 6962; "
    "with\n"
    "   the package cryptography):\n"
    "\n"
    "     import csv, os\n"
    "     from cryptography.hazmat.primitives.asymmetric.ed25519 import *\n"
    "     def sha(data): return hashlib.sha256(data).digest()\n"
    "     def raw(text): return base64.urlsafe_b64decode(text + '==')\n"
    "     def rows(name): return csv.DictReader(open('data/' + name, newline=''))\n"
    "     log = json.load(open('data/log/log.json'))\n"
    "     size = log['checkpoints'][-1]['size']\n"
    "     note = open('data/log/checkpoint-%d.txt' % size, 'rb').read()\n"
    "     text, lines = note.rsplit(b'\\n\\n', 1)\n"
    "     x = raw(json.load(open('data/log/log-key.jwks'))['keys'][0]['x'])\n"
    "     signature = base64.b64decode(lines.split(b' ')[2])[4:]\n"
    "     Ed25519PublicKey.from_public_bytes(x).verify(signature, text + b'\\n')\n"
    "     def leaf(type, ms, digest):\n"
    "         return sha(b'\\0' + bytes([type]) + int(ms).to_bytes(8, 'big') + digest)\n"
    "     here = {}\n"
    "     runs = [[int(v) for v in r.values()] for r in rows('log/order.csv')]\n"
    "     records = open('../summaries.jose', 'rb').read().split()\n"
    "     for line, row in zip(records, rows('records/taken.csv')):\n"
    "         for first, last, at in runs:\n"
    "             if first <= int(row['position']) <= last:\n"
    "                 at += int(row['position']) - first\n"
    "                 here[at] = leaf(0, row['received_unix_ms'], sha(line))\n"
    "     history = json.load(open('data/keys/history.json'))\n"
    "     def key(kid, type):\n"
    "         k = [k for k in history['keys'] if k['kid'] == kid][0]\n"
    "         said = {'v': 1, 'kid': kid, 'site': history['site']}\n"
    "         if type == 33: said['revoked_s'] = k['revoked_unix_s']\n"
    "         elif type == 36: said['replaced_s'] = k['box_replaced_unix_s']\n"
    "         else: said['enrolled_s'] = k['from_unix_s']\n"
    "         if type == 32 and 'prev_kid' in k: said['prev_kid'] = k['prev_kid']\n"
    "         return sha(json.dumps(said, separators=(',', ':')).encode())\n"
    "     others = os.path.exists('data/log/others.csv')\n"
    "     for row in rows('log/others.csv') if others else []:\n"
    "         type, of = int(row['type']), row['of']\n"
    "         if type in (32, 33, 36): digest = key(of, type)\n"
    "         elif type == 63: digest = sha(open('data/log/' + of, 'rb').read())\n"
    "         else: digest = raw(of) # the SHA-256 of a line of statements.jsonl\n"
    "         here[int(row['leaf'])] = leaf(type, row['received_unix_ms'], digest)\n"
    "     hashes = open('data/log/hashes.bin', 'rb')\n"
    "     places = sorted(here)\n"
    "     import bisect\n"
    "     def head(lo, hi):\n"
    "         i = bisect.bisect_left(places, lo)\n"
    "         if i == len(places) or places[i] >= hi: return hashes.read(32)\n"
    "         if hi - lo == 1: return here[lo]\n"
    "         half = 1 << (hi - lo - 1).bit_length() - 1\n"
    "         left = head(lo, lo + half)\n"
    "         return sha(b'\\1' + left + head(lo + half, hi))\n"
    "     assert head(0, size) == base64.b64decode(text.split(b'\\n')[2])\n"
    "     assert not hashes.read(1)\n"
    "     print(len(here), 'leaves are in the log of', text.split(b'\\n')[0].decode())\n"
    "\n";

static const char how_to_check_stamps[] =
    "   A time stamp, against the certificate of the stamper as it publishes it "
    "(OpenSSL):\n"
    "\n"
    "     openssl ts -verify -data data/log/checkpoint-SIZE.txt \\\n"
    "       -in data/log/stamp-SIZE-1.tsr -CAfile STAMPER.pem\n"
    "\n";

/* Who else signed, as far as it is known. */
static void put_log(struct bw_buf *out, const struct bw_log_facts *f)
{
    char at[32];

    bw_time_format_s(f->signed_unix_s, at);
    bw_buf_printf(out,
                  "%lld of the %lld records are in the collector's log\n\n"
                  "  %s\n"
                  "  as it was signed at %s, with %lld leaves.\n\n",
                  (long long)f->n_records_in, (long long)f->n_records, f->vkey, at,
                  (long long)f->size);
    if (f->n_witnesses == 0) {
        bw_buf_puts(out, "It is NOT WITNESSED: the collector alone signed it.\n");
    }
    for (size_t i = 0; i < f->n_witnesses; i++) {
        bw_time_format_s(f->witness[i].unix_s, at);
        bw_buf_printf(out, "%s: %lld leaves witnessed by\n  %s\n", at,
                      (long long)f->witness[i].size, f->witness[i].vkey);
    }
    for (size_t i = 0; i < f->n_stamps; i++) {
        bw_time_format_s(f->stamp[i].unix_s, at);
        bw_buf_printf(out, "%s: %lld leaves stamped by %s\n  (%s)\n", at,
                      (long long)f->stamp[i].size, f->stamp[i].signer, f->stamp[i].name);
    }
    for (size_t i = 0; i < f->n_before; i++) {
        bw_time_format_s(f->before[i].unix_ms / 1000, at);
        bw_buf_printf(out,
                      "%s: the log was begun anew after a restore; it goes on from %s,\n"
                      "  of which %lld leaves were signed.\n",
                      at, f->before[i].name, (long long)f->before[i].size);
    }
    bw_buf_putc(out, '\n');
}

/* One kid a line, by chains. */
static void put_kids(struct bw_buf *out, const struct bw_bundle_made *m)
{
    struct bw_check_chain ch;

    bw_buf_puts(out, "The records are signed by these keys (RFC 7638 thumbprints):\n\n");
    for (size_t i = 0; bw_check_chain_at(m->check, i, &ch) == 0; i++) {
        bw_buf_printf(out, "  %s  %lld records\n", ch.kid, (long long)ch.n_records);
    }
    bw_buf_putc(out, '\n');
}

int bw_bundle_readme(const struct bw_bundle_made *m, struct bw_buf *out)
{
    const struct bw_bundle_query *q = &m->query;
    char from[32];
    char to[32];
    char made[32];

    bw_time_format_s(q->from_unix_s, from);
    bw_time_format_s(q->to_unix_s, to);
    bw_time_format_s(q->made_unix_s, made);
    bw_buf_puts(out, "EVIDENCE OF AN INTERNET CIRCUIT\n\n");
    if (q->place[0]) {
        bw_buf_printf(out, "  place     %s\n", q->place);
    }
    bw_buf_printf(out,
                  "  circuit   %s of site %s\n"
                  "  period    %s to %s (UTC; days are local time of %s)\n"
                  "  packed    %s by %s\n\n",
                  q->circuit, q->site, from, to, q->tz_name, made, q->software);
    bw_buf_printf(out,
                  "A box at this place measured its Internet line and signed a record of "
                  "every few\n"
                  "minutes. This folder holds %lld of these records and the report that "
                  "follows from\n"
                  "them: what was claimed, what was delivered, what was used, and for how "
                  "much of the\n"
                  "time that is known. Begin with data/report/report.html.\n\n",
                  (long long)m->result.n_records);
    if (m->report->check == BW_CHECK_BAD) {
        bw_buf_printf(out, "NOT EVERYTHING HOLDS: %s\n\n", m->report->check_text);
    }
    put_kids(out, m);
    if (m->log.there) {
        put_log(out, &m->log);
    }
    bw_buf_puts(out, what_is_here);
    bw_buf_puts(out, m->log.there ? what_is_in_the_log : "");
    bw_buf_putc(out, '\n');
    bw_buf_puts(out, what_it_shows);
    bw_buf_puts(out, m->log.there ? with_log : no_log);
    bw_buf_puts(out, how_to_check);
    bw_buf_puts(out, m->log.there ? how_to_check_the_log : "");
    bw_buf_puts(out, m->log.n_stamps > 0 ? how_to_check_stamps : "");
    bw_buf_puts(out, where_to_read_on);
    bw_buf_puts(out,
                "Keep this file for as long as the invoices it belongs to must be kept (47 "
                "CFR 54.516:\n"
                "ten years). It needs nothing beside it.\n");
    return bw_buf_error(out);
}
