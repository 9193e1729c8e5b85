/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_bag_fetch.c - a box takes its own site's yearly bags home from its collector.
 *
 * Invariant: a bag takes its place in STATE_DIR/bags only after its hash was that of the
 * list and everything in it was checked as `verify` does; one that is there is never
 * touched again. */
#include "bags_kept.h"
#include "box.h"
#include "boxconf.h"
#include "bundle.h"
#include "bundle_agent.h"
#include "cli.h"
#include "enrolment.h"

#include <bag_request.h>
#include <buf.h>
#include <bw/err.h>
#include <civil.h>
#include <clock.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <file.h>
#include <hash.h>
#include <hasher.h>
#include <json.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern const struct bw_verb bw_verb_bag_fetch;

enum {
    LIST_MAX = 1024 * 1024,
    CONNECT_MS = 20000,
    IDLE_S = 60,
    BAGS_MAX = 1000,
    DAY_S = 86400,
    REFUSED_AGAIN_S = 30 * DAY_S,
    JULY = 7
};

#define BAG_BYTES_MAX (INT64_C(1) << 30)

struct fetch {
    struct bw_enrolment e;
    struct bw_key *key;
    const char *state_dir;
    const char *ca_file;
    int fd; /* of the bag that comes; -1: the answer goes into `text` */
    int64_t bytes;
    struct bw_hasher *hasher;
    struct bw_buf text;
    size_t n_new;
    bool refused;        /* the bag that came, for what it is */
    int64_t n_unchecked; /* of it */
    int64_t n_missing;   /* records, in holes of its chains */
    struct bw_err err;
};

static size_t on_body(char *data, size_t size, size_t n, void *owner)
{
    struct fetch *f = owner;

    n *= size;
    if (f->fd < 0 || f->bytes + (int64_t)n > BAG_BYTES_MAX) {
        bw_buf_add(&f->text, data, n);
        return f->fd >= 0 || bw_buf_error(&f->text) < 0 ? 0 : n;
    }
    f->bytes += (int64_t)n;
    bw_hasher_add(f->hasher, data, n);
    return write(f->fd, data, n) == (ssize_t)n ? n : 0;
}

static int sign(struct fetch *f, const char *want, struct bw_buf *out)
{
    struct bw_buf payload;
    struct bw_jw j;
    int r;

    bw_buf_init(&payload, BW_PAYLOAD_MAX);
    bw_jw_init(&j, &payload);
    bw_jw_obj(&j);
    bw_jw_ki64(&j, "v", 1);
    bw_jw_kstr(&j, "aud", f->e.log_key.kid);
    bw_jw_ki64(&j, "at_s", bw_clock_unix_ms() / 1000);
    bw_jw_kstr(&j, "want", want);
    bw_jw_obj_end(&j);
    r = bw_buf_error(&payload);
    r = r < 0 ? r
              : bw_jws_sign(f->key, BW_TYP_BAGS, payload.data, payload.len, out, &f->err);
    bw_buf_done(&payload);
    return r;
}

/* Ask for the list (want NULL) or a bag. */
static int ask(struct fetch *f, const char *want)
{
    char url[640];
    char why[CURL_ERROR_SIZE] = "";
    long status = 0;
    struct bw_buf body;
    CURL *easy = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/jose");
    int r = easy && headers ? 0 : bw_err_set(&f->err, -ENOMEM, "out of memory");

    bw_buf_init(&body, BW_JWS_MAX);
    bw_buf_clear(&f->text);
    r = r < 0 ? r : sign(f, want, &body);
    if (r == 0) {
        (void)snprintf(url, sizeof(url), "%s/api/v1/bags", f->e.url);
        (void)curl_easy_setopt(easy, CURLOPT_URL, url);
        (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
        (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "bandwitness/" BW_VERSION);
        (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
        (void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)IDLE_S);
        (void)curl_easy_setopt(easy, CURLOPT_FAILONERROR, f->fd >= 0 ? 1L : 0L);
        (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why);
        (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
        (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, f);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.data);
        if (f->ca_file[0]) {
            (void)curl_easy_setopt(easy, CURLOPT_CAINFO, f->ca_file);
        }
        CURLcode code = curl_easy_perform(easy);
        (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        if (code != CURLE_OK) {
            r = bw_err_set(&f->err, -EIO, "%s: %s", f->e.url,
                           why[0] ? why : curl_easy_strerror(code));
        } else if (status != 200) {
            r = bw_err_set(&f->err, -EIO, "%s answered %ld: %.200s", f->e.url, status,
                           f->text.len ? f->text.data : "");
        }
    }
    bw_buf_done(&body);
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    return r;
}

/* ---- one bag ------------------------------------------------------------------------ */

struct checking {
    char first[300];
};

static void on_fault(void *owner, const char *member, const char *text)
{
    struct checking *c = owner;

    if (!c->first[0]) {
        (void)snprintf(c->first, sizeof(c->first), "%.120s: %.160s", member, text);
    }
}

static void on_note(void *owner, const char *member, const char *text)
{
    (void)owner;
    (void)member;
    (void)text;
}

/* Is it what its name says, and not another circuit's or year's? */
static bool is_of_name(const struct bw_bundle_verdict *d, const char *name)
{
    const size_t digits = strlen("2025.tar.zst"); /* bags_kept_name_good() */
    long year = strtol(name + strlen(name) - digits, NULL, 10);
    char again[200];

    (void)snprintf(again, sizeof(again), "%s.%s-FY%04ld.tar.zst", d->site, d->circuit,
                   year);
    return year > 0 && strcmp(again, name) == 0 &&
           d->from_unix_s >= (bw_civil_days((int)year, JULY, 1) - 1) * DAY_S &&
           d->to_unix_s <= (bw_civil_days((int)year + 1, JULY, 1) + 1) * DAY_S;
}

static int check(struct fetch *f, const char *path, const char *name)
{
    struct checking c = {.first = ""};
    struct bw_bundle_verdict d;
    const struct bw_bundle_checks checks = {.fault = on_fault,
                                            .note = on_note,
                                            .log_keys = &f->e.log_key,
                                            .n_log_keys = 1,
                                            .owner = &c};
    int r;

    memset(&d, 0, sizeof(d));
    r = bw_bundle_verify(path, &checks, &d, &f->err);
    if (r == 0 && d.n_faults > d.n_holes) { /* one with holes says so itself: it is kept */
        r = bw_err_set(&f->err, -EBADMSG, "%s does not hold: %s", name, c.first);
    } else if (r == 0 && strcmp(d.site, f->e.site) != 0) {
        r = bw_err_set(&f->err, -EBADMSG, "%s is of %s, which is not this box's site", name,
                       d.site);
    } else if (r == 0 && !is_of_name(&d, name)) {
        r = bw_err_set(&f->err, -EBADMSG, "%s is of another circuit or year than its name",
                       name);
    }
    f->refused = r == -EBADMSG || r == -BW_EMALFORMED;
    f->n_unchecked = d.n_unchecked;
    f->n_missing = d.n_holes > 0 ? d.n_missing : 0;
    free(d.kids);
    return r;
}

/* ---- bags that were refused ---------------------------------------------------------
 *
 * ".NAME.refused": the bag's hash and this program with its forms, then why. The same bag
 * is not fetched again by the same program before a month is over. */

static void refused_path(const struct fetch *f, const char *name, char ret[PATH_MAX])
{
    char dotted[200];

    (void)snprintf(dotted, sizeof(dotted), ".%s.refused", name);
    bags_kept_path(f->state_dir, dotted, ret);
}

static bool was_refused(struct fetch *f, const char *name, const char *sha256)
{
    char path[PATH_MAX];
    char head[200];
    struct bw_buf text;
    struct stat st;
    bool was;
    int n = snprintf(head, sizeof(head), "%s %.100s\n", sha256, BW_BUNDLE_AGENT);

    refused_path(f, name, path);
    bw_buf_init(&text, LIST_MAX);
    was = stat(path, &st) == 0 &&
          st.st_mtim.tv_sec > bw_clock_unix_ms() / 1000 - REFUSED_AGAIN_S &&
          bw_file_read(path, LIST_MAX - 1, &text, NULL) == 0 && text.len > (size_t)n &&
          strncmp(text.data, head, (size_t)n) == 0;
    if (was) {
        (void)bw_err_set(&f->err, -EBADMSG, "%s", text.data + n);
    }
    bw_buf_done(&text);
    return was;
}

static void note_refused(const struct fetch *f, const char *name, const char *sha256)
{
    char path[PATH_MAX];
    char text[1024];
    int n = snprintf(text, sizeof(text), "%s %.100s\n%.600s", sha256, BW_BUNDLE_AGENT,
                     f->err.text);

    refused_path(f, name, path);
    if (f->refused) {
        (void)bw_file_write(path, text, (size_t)n, 0640, NULL);
    } else {
        (void)unlink(path);
    }
}

static int take(struct fetch *f, const char *name, int64_t bytes, const char *sha256)
{
    char path[PATH_MAX];
    char part[PATH_MAX];
    char dotted[200];
    char hex[BW_SHA256_HEX + 1];
    uint8_t digest[32];
    int r;

    (void)snprintf(dotted, sizeof(dotted), ".%s.part", name);
    bags_kept_path(f->state_dir, name, path);
    bags_kept_path(f->state_dir, dotted, part);
    if (access(path, F_OK) == 0) {
        return 0;
    }
    (void)unlink(part);
    if (was_refused(f, name, sha256)) {
        return -EBADMSG;
    }
    f->refused = false;
    f->hasher = bw_hasher_new();
    f->bytes = 0;
    f->fd = f->hasher ? open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640) : -1;
    r = f->fd < 0 ? bw_err_set(&f->err, -errno, "%s: %s", part, bw_strerror(-errno))
                  : ask(f, name);
    if (f->fd >= 0) {
        r = r == 0 && fsync(f->fd) < 0
                ? bw_err_set(&f->err, -errno, "%s: not written", part)
                : r;
        (void)close(f->fd);
        f->fd = -1;
    }
    r = r < 0 ? r : bw_hasher_end(f->hasher, digest);
    if (r == 0) {
        bw_sha256_hex(digest, hex);
        r = f->bytes == bytes && strcmp(hex, sha256) == 0
                ? 0
                : bw_err_set(&f->err, -EBADMSG, "%s came with another hash than it has",
                             name);
    }
    r = r < 0 ? r : check(f, part, name);
    if (r == 0 && link(part, path) < 0) {
        r = bw_err_set(&f->err, -errno, "%s: %s", path, bw_strerror(-errno));
    }
    (void)unlink(part);
    bw_hasher_free(f->hasher);
    f->hasher = NULL;
    if (f->refused || r == 0) {
        note_refused(f, name, sha256);
    }
    if (r == 0) {
        (void)bw_file_sync_parent(path);
        (void)printf("%s  %lld bytes, ", path, (long long)bytes);
        if (f->n_missing > 0) {
            (void)printf(
                "kept, and NOT whole: %lld records are missing, as it says itself; all "
                "else in it holds%s\n",
                (long long)f->n_missing,
                f->n_unchecked > 0 ? " or could not be checked here" : "");
        } else if (f->n_unchecked > 0) {
            (void)printf("kept; %lld things could not be checked here: bandwitness verify "
                         "tells them\n",
                         (long long)f->n_unchecked);
        } else {
            (void)printf("checked whole\n");
        }
        f->n_new++;
    }
    return r;
}

/* ---- all of them -------------------------------------------------------------------- */

static int take_all(struct fetch *f)
{
    json_t *o = NULL;
    const json_t *bags = NULL;
    struct bw_err why = {.text = ""};
    int r = ask(f, NULL);
    int worst = 0;

    r = r < 0 ? r
              : bw_json_parse(f->text.data ? f->text.data : "", f->text.len, LIST_MAX, &o,
                              &f->err);
    r = r < 0 ? r : bw_json_get_arr(o, "bags", BAGS_MAX, &bags, &f->err);
    for (size_t i = 0; r == 0 && i < json_array_size(bags); i++) {
        const json_t *x = json_array_get(bags, i);
        const char *name = NULL;
        const char *sha256 = NULL;
        int64_t bytes = 0;
        r = bw_json_get_str(x, "name", 160, &name, &f->err);
        r = r < 0 ? r : bw_json_get_str(x, "sha256", BW_SHA256_HEX, &sha256, &f->err);
        r = r < 0 ? r : bw_json_get_i64(x, "bytes", 1, BAG_BYTES_MAX, &bytes, &f->err);
        if (r == 0 && !bags_kept_name_good(name, f->e.site)) {
            r = bw_err_set(&f->err, -EBADMSG, "the collector lists a bag of another site");
        }
        if (r == 0) {
            int one = take(f, name, bytes, sha256); /* the others come all the same */
            if (one < 0) {
                worst = one;
                why = f->err;
            }
        }
    }
    json_decref(o);
    if (r == 0 && worst < 0) {
        f->err = why;
    }
    return r < 0 ? r : worst;
}

static int begin(struct fetch *f)
{
    char path[PATH_MAX];
    struct stat st;
    int r = bw_enrolment_load(f->state_dir, &f->e, &f->err);

    if (r == -ENOENT || (r == 0 && (!f->e.site[0] || !f->e.has_log_key))) {
        return bw_err_set(&f->err, -ENOENT,
                          "this box is not enrolled at a collector (bandwitness enroll)");
    }
    if (r == 0 && geteuid() == 0 && stat(f->state_dir, &st) == 0 && st.st_uid != 0 &&
        seteuid(st.st_uid) < 0) {
        return bw_err_set(&f->err, -errno, "cannot act as the owner of %s", f->state_dir);
    }
    if (r == 0) {
        bw_enrolment_key_path(f->state_dir, f->e.kid, path);
        r = bw_key_load(path, &f->key, &f->err);
    }
    bags_kept_path(f->state_dir, "", path);
    return r < 0 ? r : bw_dir_make(path, 0750, &f->err);
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'}, {0}};
    const struct bw_verb *v = &bw_verb_bag_fetch;
    const char *config = BW_CLI_BOX_CONFIG;
    struct bw_boxconf *c = NULL;
    struct fetch f = {.fd = -1};
    int r;

    for (int o; (o = bw_cli_getopt(v, argc, argv, "", longs)) != -1;) {
        if (o != 'c') {
            return BW_EXIT_USAGE;
        }
        config = optarg;
    }
    if (optind < argc) {
        return bw_cli_usage(v, "%s is too much", argv[optind]);
    }
    if (bw_crypto_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return bw_cli_failed(v, "cryptography could not be set up");
    }
    bw_buf_init(&f.text, LIST_MAX);
    r = bw_boxconf_load(config, &c, &f.err);
    if (r == 0) {
        f.state_dir = c->state_dir;
        f.ca_file = c->collector.ca_file;
        r = begin(&f);
        if (r == 0) {
            r = take_all(&f);
            bags_kept_note_trouble(f.state_dir, r < 0 ? f.err.text : NULL);
        }
    }
    bw_key_free(f.key);
    bw_buf_done(&f.text);
    curl_global_cleanup();
    bw_boxconf_unref(c);
    if (r < 0) {
        return bw_cli_failed(v, "%s", f.err.text[0] ? f.err.text : bw_strerror(r));
    }
    if (f.n_new == 0) {
        (void)fprintf(stderr, "No new bag.\n");
    }
    return bw_cli_flush(v, BW_EXIT_OK);
}

const struct bw_verb bw_verb_bag_fetch = {
    .name = "bag fetch",
    .summary = "take this box's yearly bags home from the collector",
    .help =
        "[--config FILE]\n"
        "\n"
        "After each funding year the collector makes a bag of every circuit. This asks for "
        "the\n"
        "bags of this box's own site, signed with its key, and keeps each in the folder "
        "bags of\n"
        "the state folder once its hash and everything in it hold (as 'verify' does); one\n"
        "in which nothing but records of a chain is missing is kept, and told as that. One "
        "that\n"
        "is there is never touched; one that does not hold is fetched again after 30 days, "
        "or by\n"
        "another version of this program. bandwitness-bags.timer runs it once a day; "
        "'status' "
        "tells\n"
        "what is kept. Keep them for ten years.\n"
        "\n"
        "  --config FILE      default " BW_CLI_BOX_CONFIG "\n"
        "\n"
        "Exit status: 0 all there is to have is kept, 1 one does not hold, or it failed, "
        "2\n"
        "wrong usage.\n"
        "\n"
        "Example: bandwitness bag fetch\n",
    .run = run,
};
