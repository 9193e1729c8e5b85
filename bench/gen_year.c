/* SPDX-License-Identifier: GPL-3.0-or-later
 * gen_year.c - writes signed summaries of schools that never were: as a file of JWS, or
 * into a ledger, as a collector would have.
 *
 * gen_year --from 2026-07-01T05:00:00Z --days 365 [--sites N] [--seed N] [--interval S]
 *          [--offset S] [--steady | --no-gaps] [--no-counters] [--drop-hist N]
 *          [--moved 2026-07-09T00:00:00Z] [--jose FILE --key FILE] [--ledger DIR]
 *          [--journal FILE] [--rich]
 */
#include <buf.h>
#include <bw/err.h>
#include <bw/summary.h>
#include <clock.h>
#include <errno.h>
#include <gen_sink.h>
#include <gen_summaries.h>
#include <getopt.h>
#include <hash.h>
#include <journal.h>
#include <jws.h>
#include <ledger.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SITES_MAX = 2000
};

struct sink {
    FILE *jose;
    FILE *keys;
    struct bw_journal *journal; /* of one site: a box's */
    struct bw_gen_sink book;    /* without a ledger: none is written */
};

static int put(struct sink *out, struct bw_gen *g, bool *ret_end, struct bw_err *reterr)
{
    const char *jws;
    size_t n;
    int r = bw_gen_next(g, &jws, &n, reterr);

    *ret_end = r == 0 && !jws;
    if (r < 0 || !jws) {
        return r;
    }
    if (out->jose && (fwrite(jws, 1, n, out->jose) != n || fputc('\n', out->jose) == EOF)) {
        return bw_err_set(reterr, -EIO, "writing the file failed");
    }
    if (out->journal) {
        struct bw_journal_entry e = {.summary = bw_gen_summary(g),
                                     .jws = jws,
                                     .jws_len = n,
                                     .kid = bw_gen_key(g)->kid};
        r = bw_journal_append(out->journal, &e, reterr);
        if (r < 0) {
            return r;
        }
    }
    return out->book.ledger ? bw_gen_sink_put(&out->book, g, jws, n, reterr) : 0;
}

/* Interval by interval, one record of each site, as they come to a collector. */
static int all_sites(struct sink *out,
                     const struct bw_gen_options *o,
                     int n_sites,
                     struct bw_err *reterr)
{
    struct bw_gen **gens = calloc((size_t)n_sites, sizeof(struct bw_gen *));
    int left = n_sites;
    int r = gens ? 0 : -ENOMEM;

    for (int i = 0; r == 0 && i < n_sites; i++) {
        struct bw_gen_options mine = *o;
        mine.site_index = i;
        r = bw_gen_new(&mine, &gens[i], reterr);
        if (r == 0 && out->keys) {
            struct bw_buf jwk;
            bw_buf_init(&jwk, 4096);
            (void)bw_pubkey_to_jwk(bw_gen_key(gens[i]), &jwk);
            (void)fprintf(out->keys, "%s\n", jwk.data ? jwk.data : "");
            bw_buf_done(&jwk);
        }
        if (r == 0) {
            (void)printf("%s\n", bw_gen_site(gens[i]));
        }
    }
    while (r == 0 && left > 0) {
        left = n_sites;
        for (int i = 0; r == 0 && i < n_sites; i++) {
            bool end = true;
            r = put(out, gens[i], &end, reterr);
            left -= end;
        }
    }
    for (int i = 0; gens && i < n_sites; i++) {
        bw_gen_free(gens[i]);
    }
    free(gens);
    return r;
}

static int64_t number(const char *text)
{
    return (int64_t)strtoll(text, NULL, 10);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"from", required_argument, NULL, 'f'},
                                            {"days", required_argument, NULL, 'd'},
                                            {"sites", required_argument, NULL, 'n'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"interval", required_argument, NULL, 'i'},
                                            {"offset", required_argument, NULL, 'o'},
                                            {"jose", required_argument, NULL, 'j'},
                                            {"key", required_argument, NULL, 'k'},
                                            {"ledger", required_argument, NULL, 'l'},
                                            {"journal", required_argument, NULL, 'J'},
                                            {"drop-hist", required_argument, NULL, 'D'},
                                            {"moved", required_argument, NULL, 'm'},
                                            {"seal", no_argument, NULL, 'S'},
                                            {"rich", no_argument, NULL, 'r'},
                                            {"steady", no_argument, NULL, 'y'},
                                            {"no-gaps", no_argument, NULL, 'g'},
                                            {"no-counters", no_argument, NULL, 'c'},
                                            {NULL, 0, NULL, 0}};
    struct bw_gen_options o;
    struct bw_ledger_seal_report sealed;
    static struct sink out;
    struct bw_err err = {""};
    int64_t sites = 1;
    int64_t days = 7;
    int64_t from_ms;
    bool seal = false;
    int r = bw_crypto_init();

    bw_gen_options_init(&o);
    for (int c; r == 0 && (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (c) {
        case 'f':
            r = bw_time_parse(optarg, &from_ms);
            o.from_unix_s = from_ms / 1000;
            break;
        case 'd':
            days = number(optarg);
            break;
        case 'n':
            sites = number(optarg);
            break;
        case 's':
            o.seed = (uint64_t)number(optarg);
            break;
        case 'i':
            o.interval_s = number(optarg);
            break;
        case 'o':
            o.utc_offset_s = number(optarg);
            break;
        case 'j':
            out.jose = fopen(optarg, "we");
            r = out.jose ? 0 : -errno;
            break;
        case 'k':
            out.keys = fopen(optarg, "we");
            r = out.keys ? 0 : -errno;
            break;
        case 'l':
            r = bw_ledger_open(optarg, BW_LEDGER_WRITE, &out.book.ledger, &err);
            break;
        case 'J':
            r = bw_journal_open(optarg, BW_JOURNAL_WRITE, &out.journal, &err);
            break;
        case 'D':
            o.drop_hist_every = number(optarg);
            break;
        case 'm':
            r = bw_time_parse(optarg, &from_ms);
            o.moved_unix_s = from_ms / 1000;
            break;
        case 'S':
            seal = true;
            break;
        case 'g':
            o.without_gaps = true;
            break;
        case 'r':
            o.rich = true;
            break;
        case 'y':
            o.steady = true;
            break;
        case 'c':
            o.without_counters = true;
            break;
        default:
            r = -EINVAL;
        }
    }
    o.to_unix_s = o.from_unix_s + days * 86400;
    if (r == 0) {
        r = sites > 0 && sites <= SITES_MAX ? all_sites(&out, &o, (int)sites, &err)
                                            : -EINVAL;
    }
    if (r == 0 && out.book.ledger) {
        r = bw_gen_sink_flush(&out.book, &err);
    }
    if (r == 0 && out.book.ledger && seal) {
        r = out.book.ledger->ops->seal(out.book.ledger, (o.to_unix_s + 10 * 86400) * 1000,
                                       3, 0, &sealed, &err);
    }
    bw_ledger_close(out.book.ledger);
    bw_journal_close(out.journal);
    if (out.jose && fclose(out.jose) != 0) {
        r = -EIO;
    }
    if (out.keys && fclose(out.keys) != 0) {
        r = -EIO;
    }
    if (r < 0) {
        (void)fprintf(stderr, "gen_year: %s\n", err.text[0] ? err.text : bw_strerror(r));
    }
    return r < 0;
}
