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
    "  data/records/summaries.jose  the signed records, one a line, as the box made them\n"
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
    "  data/zone/                the rules of local time that days and hours follow\n"
    "\n";

static const char what_it_shows[] =
    "WHAT IT SHOWS, AND WHAT NOT\n"
    "\n"
    "It shows that whoever holds the box's private key signed each record, that none was\n"
    "changed, taken out or put in afterwards (each names the hash of the one before), and\n"
    "that every figure of the report follows from these records by the methods it names.\n"
    "\n"
    "It does not show by itself whose key that is: compare the key's name below with the\n"
    "one that the district or the state's collector has on file. It does not show that\n"
    "the box was connected as its records say. What was claimed is not measured: it was\n"
    "told by people, and data/query.json says by whom. Time without a record is told in\n"
    "the report as not measured; it is neither good nor bad. Without a collector's log\n"
    "nothing but the box's own clock tells when a record was made.\n"
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
    "   records and names each difference. It ends with status 0 only if all holds. Where\n"
    "   tests have receipts, give the collector's log key too (--log-key FILE): without "
    "it\n"
    "   their signatures are not checked.\n"
    "\n"
    "2. With other people's tools. Unpack and check the hashes (GNU coreutils):\n"
    "\n"
    "     tar --zstd -xf FILE.tar.zst && cd bandwitness-*\n"
    "     sha256sum -c manifest-sha256.txt tagmanifest-sha256.txt\n"
    "     sha512sum -c manifest-sha512.txt tagmanifest-sha512.txt\n"
    "\n"
    "   The signatures are JWS (RFC 7515), the keys JWK (RFC 7517), which any library for\n"
    "   them can check. In Python, with the package jwcrypto:\n"
    "\n"
    "     import base64, hashlib, json\n"
    "     from jwcrypto import jwk, jws\n"
    "     keys = json.load(open('data/keys/keys.jwks'))['keys']\n"
    "     keys = {k['kid']: jwk.JWK(**k) for k in keys}\n"
    "     last, n = {}, 0\n"
    "     for line in open('data/records/summaries.jose'):\n"
    "         line = line.strip()\n"
    "         record = jws.JWS()\n"
    "         record.deserialize(line)\n"
    "         kid = record.jose_header['kid']\n"
    "         assert keys[kid].thumbprint() == kid\n"
    "         record.verify(keys[kid])\n"
    "         summary = json.loads(record.payload)\n"
    "         if kid in last:\n"
    "             assert summary['prev'] == last[kid]\n"
    "         digest = hashlib.sha256(line.encode()).digest()\n"
    "         last[kid] = base64.urlsafe_b64encode(digest).rstrip(b'=').decode()\n"
    "         n += 1\n"
    "     print(n, 'records, every signature and every link holds')\n"
    "\n"
    "   What a record holds is plain JSON; docs/summary-v1.md of Bandwitness names every\n"
    "   member, docs/report.md every method, docs/bag-v1.md every file of this folder.\n"
    "\n";

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
    bw_buf_puts(out, what_is_here);
    bw_buf_puts(out, what_it_shows);
    bw_buf_puts(out, how_to_check);
    bw_buf_puts(out,
                "Keep this file for as long as the invoices it belongs to must be kept (47 "
                "CFR 54.516:\n"
                "ten years). It needs nothing beside it.\n");
    return bw_buf_error(out);
}
