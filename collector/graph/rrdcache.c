/* SPDX-License-Identifier: GPL-3.0-or-later
 * rrdcache.c - the RRD files of a circuit: what they lack, where they lie, who looked.
 *
 * Invariant: what the state file says is written is in all of them. */
#include "rrdcache.h"

#include "rrdcache_private.h"

#include <buf.h>
#include <bw/err.h>
#include <bw/records.h>
#include <bw/summary.h>
#include <catalogue.h>
#include <clock.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <file.h>
#include <jws.h>
#include <ledger.h>
#include <overview.h>
#include <readers.h>
#include <series.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    STEP_DEFAULT_S = 300,
    INTERVALS_LOOKED_AT = 64,
    DAYS_FROM_S = 2 * 86400, /* a longer stretch is made from circuit-days */
    STATE_NUMBERS = 5,
    STATE_BYTES_MAX = 128
};

#define YEARS_11_S (INT64_C(11) * 366 * 86400)

static void circuit_folder(const char *folder, const char *id, char out[PATH_MAX])
{
    (void)snprintf(out, PATH_MAX, "%s/%s", folder, id);
}

/* --- the circuit ------------------------------------------------------------------------
 */

struct circuit_facts {
    const char *circuit;
    bool found;
    struct bw_ledger_circuit row;
};

static int on_circuit(void *owner, const struct bw_ledger_circuit *c)
{
    struct circuit_facts *w = owner;
    if (strcmp(c->facts.id, w->circuit) == 0) {
        w->row = *c;
        w->found = true;
    }
    return 0;
}

struct lengths {
    int64_t length_s[INTERVALS_LOOKED_AT]; /* the last that came, in a ring */
    size_t n;
};

static int on_length(void *owner, const struct bw_record *rec)
{
    struct lengths *l = owner;
    l->length_s[l->n++ % INTERVALS_LOOKED_AT] = rec->end_unix_s - rec->start_unix_s;
    return 0;
}

static size_t count_of(const struct lengths *l, int64_t length_s)
{
    size_t same = 0;
    for (size_t i = 0; i < l->n && i < INTERVALS_LOOKED_AT; i++) {
        same += l->length_s[i] == length_s ? 1 : 0;
    }
    return same;
}

/* The usual length of an interval: of those that divide a day the one that occurs most
 * among the newest. What came once may be cut, and sets nothing. A step in use
 * (*io_step_s known) stays while its length still comes, or no other does. */
static int find_step(struct bw_reader *r,
                     const char *site,
                     int64_t newest_unix_s,
                     int64_t *io_step_s,
                     struct bw_err *reterr)
{
    struct lengths l = {.n = 0};
    int n = bw_records_each(r->records, site, newest_unix_s - 86400, newest_unix_s + 1,
                            on_length, &l, reterr);
    if (n < 0) {
        return n;
    }
    size_t best = 1;
    bool in_use = *io_step_s != BW_UNKNOWN;
    if (in_use && count_of(&l, *io_step_s) > best) {
        return 0;
    }
    *io_step_s = in_use ? *io_step_s : STEP_DEFAULT_S;
    for (size_t i = 0; i < l.n && i < INTERVALS_LOOKED_AT; i++) {
        int64_t length_s = l.length_s[i];
        size_t same = count_of(&l, length_s);
        if (same > best && length_s > 0 && 86400 % length_s == 0) {
            best = same;
            *io_step_s = length_s;
        }
    }
    return 0;
}

/* 1: the box's intervals have another length by now, and its files should. */
static int step_changed(struct bw_reader *r,
                        const char *site,
                        const struct bw_ledger_circuit *row,
                        const struct bw_rrd_state *state,
                        struct bw_err *reterr)
{
    int64_t step_s = state->step_s;
    if (step_s == BW_UNKNOWN || row->end_unix_s - row->start_unix_s == step_s ||
        (state->last_unix_s != BW_UNKNOWN && state->last_unix_s >= row->end_unix_s)) {
        return 0;
    }
    int n = find_step(r, site, row->start_unix_s, &step_s, reterr);
    return n < 0 ? n : step_s != state->step_s;
}

/* Another number where anything of them is other. The catalogue's own version will not do:
 * each handle has its own. */
static int on_claim(void *owner, const struct bw_claim *c)
{
    uint64_t *mark = owner;
    const int64_t values[] = {c->from_unix_s, c->to_unix_s, c->down_bps, c->up_bps,
                              (int64_t)c->layer};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        *mark = (*mark ^ (uint64_t)values[i]) * UINT64_C(1099511628211) + 1;
    }
    return 0;
}

static void read_facts(struct bw_reader *r,
                       const struct bw_ledger_circuit *row,
                       struct bw_rrd_facts *ret)
{
    memset(ret, 0, sizeof(*ret));
    const char *layer = bw_layer_name(row->facts.layer);
    (void)snprintf(ret->layer, sizeof(ret->layer), "%s", layer ? layer : "");
    const char *vantage = bw_vantage_name(row->facts.vantage);
    const char *source = bw_source_name(row->facts.source);
    (void)snprintf(ret->seen, sizeof(ret->seen), "Seen from: %s; counters: %s.",
                   vantage ? vantage : "not stated", source ? source : "none");
    (void)r->catalogue->ops->statements_count(r->catalogue, &ret->n_said, NULL);
    (void)r->catalogue->ops->claims(r->catalogue, row->site, row->facts.id, 0,
                                    INT64_MAX / 2, on_claim, &ret->claims_mark, NULL);
    struct bw_site site;
    if (r->catalogue->ops->site_get(r->catalogue, row->site, &site, NULL) == 0) {
        (void)snprintf(ret->site_name, sizeof(ret->site_name), "%s", site.name);
    }
}

/* The series in a circuit's folder. */
static int64_t count_files(const char *folder)
{
    int64_t count = 0;
    DIR *dir = opendir(folder);
    while (dir) {
        const struct dirent *e = readdir(dir); /* NOLINT(concurrency-mt-unsafe): own */
        if (!e) {
            break;
        }
        size_t n = strlen(e->d_name);
        count += n > 4 && strcmp(e->d_name + n - 4, ".rrd") == 0 ? 1 : 0;
    }
    if (dir) {
        (void)closedir(dir);
    }
    return count;
}

/* Somebody removed files, or a refresh failed after it had removed them. A state file that
 * is behind is none of these: a full disk takes no new one, but takes what goes into series
 * that have their place already. */
static bool files_gone(const char *folder, const char *id, const struct bw_rrd_state *state)
{
    char path[PATH_MAX];
    struct bw_rrd_state told;
    circuit_folder(folder, id, path);
    return state->last_unix_s != BW_UNKNOWN &&
           (bw_rrdcache_state_read(folder, id, &told) != 0 ||
            told.last_unix_s > state->last_unix_s || count_files(path) < state->n_files);
}

/* Not written it stays behind, and what follows it is read again after a restart. */
static void write_state(const struct refresh *f, int64_t n_files)
{
    char path[PATH_MAX + 8];
    char text[STATE_BYTES_MAX];
    (void)snprintf(path, sizeof(path), "%s/state", f->folder);
    int n = snprintf(text, sizeof(text), "%lld %lld %lld %lld %lld\n", (long long)f->step_s,
                     (long long)f->last_unix_s, (long long)n_files,
                     (long long)f->mirror_from_unix_s, (long long)f->mirror_to_unix_s);
    (void)bw_file_write(path, text, (size_t)n, 0640, NULL);
}

static int walk(struct bw_reader *r, struct refresh *f, int64_t until_unix_s)
{
    int64_t at = f->last_unix_s == BW_UNKNOWN ? f->from_unix_s : f->last_unix_s;
    int n = until_unix_s - at > DAYS_FROM_S
                ? bw_rrd_put_days(f, r->records, at, until_unix_s)
                : bw_rrd_put_records(f, r->records, at, until_unix_s);
    return n == 0 ? bw_rrd_flush(f) : n;
}

static int refresh_once(struct bw_reader *r,
                        struct refresh *f,
                        const struct bw_ledger_circuit *row,
                        struct bw_rrd_state *state)
{
    int64_t oldest = row->end_unix_s - YEARS_11_S;
    f->from_unix_s = row->first_start_unix_s > oldest ? row->first_start_unix_s : oldest;
    f->step_s = state->step_s;
    f->last_unix_s = state->last_unix_s;
    f->mirror_from_unix_s = state->mirror_from_unix_s;
    f->mirror_to_unix_s = state->mirror_to_unix_s;
    int n = bw_dir_make(f->folder, 0750, &f->err);
    if (n == 0 && f->step_s == BW_UNKNOWN) {
        n = find_step(r, f->site, row->start_unix_s, &f->step_s, &f->err);
    }
    if (n < 0) {
        return n;
    }
    bool news = f->last_unix_s == BW_UNKNOWN || f->last_unix_s < row->end_unix_s;
    n = news ? walk(r, f, row->start_unix_s + 1) : 0;
    if (n == 0) {
        state->step_s = f->step_s;
        state->last_unix_s = f->last_unix_s;
        state->mirror_from_unix_s = f->mirror_from_unix_s;
        state->mirror_to_unix_s = f->mirror_to_unix_s;
        if (news) {
            state->n_files = count_files(f->folder);
            write_state(f, state->n_files);
        }
    }
    for (size_t i = 0; i < f->n_series; i++) {
        free(f->series[i]);
    }
    f->n_series = 0;
    return n;
}

int bw_rrdcache_refresh(struct bw_reader *r,
                        const char *folder,
                        const char *site,
                        const char *circuit,
                        bool rebuild,
                        struct bw_rrd_state *state,
                        struct bw_rrd_facts *ret_facts,
                        struct bw_err *reterr)
{
    char id[BW_SITE_MAX + BW_NAME_MAX + 2];
    struct circuit_facts w = {.circuit = circuit};
    struct refresh *f = calloc(1, sizeof(*f));
    if (!f) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    (void)snprintf(id, sizeof(id), "%s.%s", site, circuit);
    circuit_folder(folder, id, f->folder);
    f->site = site;
    f->circuit = circuit;
    bw_buf_init(&f->scratch, BW_JWS_MAX + 1);
    int n = r->ledger->ops->circuits(r->ledger, site, on_circuit, &w, &f->err);
    if (n == 0 && !w.found) {
        n = bw_err_set(&f->err, -ENOENT, "no record ever named %s", id);
    }
    rebuild = rebuild || files_gone(folder, id, state);
    n = n < 0 || rebuild ? n : step_changed(r, site, &w.row, state, &f->err);
    if (n < 0) {
        goto out;
    }
    rebuild = rebuild || n > 0;
    /* Twice at most: a file that librrd refused is made again with all the others. */
    for (int attempt = 0; attempt < 2; attempt++) {
        if (rebuild || attempt > 0) {
            bw_rrdcache_remove(folder, id);
            state->step_s = BW_UNKNOWN;
            state->last_unix_s = BW_UNKNOWN;
        }
        if (state->last_unix_s == BW_UNKNOWN) { /* told again by what is written again */
            state->mirror_from_unix_s = state->mirror_to_unix_s = 0;
        }
        if (state->last_unix_s == BW_UNKNOWN) {
            state->made_mono_ns = bw_clock_mono_ns();
        }
        n = refresh_once(r, f, &w.row, state);
        if (n == 0 || n == -ENOSPC) {
            break;
        }
    }
    if (n == 0) {
        read_facts(r, &w.row, ret_facts);
    }
out:
    if (n < 0 && reterr) {
        *reterr = f->err;
    }
    bw_buf_done(&f->scratch);
    free(f->kept);
    free(f);
    return n;
}

/* --- files ------------------------------------------------------------------------------
 */

int bw_rrdcache_path(const char *folder,
                     const char *site,
                     const char *circuit,
                     const char *series,
                     char *out)
{
    int n = snprintf(out, PATH_MAX, "%s/%s.%s/%s.rrd", folder, site, circuit, series);
    if (n < 0 || n >= PATH_MAX || strchr(series, '/')) {
        return -ENOENT;
    }
    return access(out, R_OK) == 0 ? 0 : -ENOENT;
}

void bw_rrdcache_remove(const char *folder, const char *id)
{
    char path[PATH_MAX];
    circuit_folder(folder, id, path);
    DIR *dir = opendir(path);
    if (!dir) {
        return;
    }
    for (;;) {
        const struct dirent *e = readdir(dir); /* NOLINT(concurrency-mt-unsafe): own */
        if (!e) {
            break;
        }
        if (e->d_name[0] != '.') {
            (void)unlinkat(dirfd(dir), e->d_name, 0);
        }
    }
    (void)closedir(dir);
    (void)rmdir(path);
}

static void seen_path(const char *folder, const char *id, char out[PATH_MAX + 8])
{
    (void)snprintf(out, PATH_MAX + 8, "%s/%s/seen", folder, id);
}

void bw_rrdcache_touch(const char *folder, const char *id)
{
    char path[PATH_MAX + 8];
    seen_path(folder, id, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd >= 0) {
        (void)futimens(fd, NULL);
        (void)close(fd);
    }
}

int64_t bw_rrdcache_seen(const char *folder, const char *id)
{
    char path[PATH_MAX + 8];
    struct stat st;
    seen_path(folder, id, path);
    return stat(path, &st) == 0 ? st.st_mtim.tv_sec : 0;
}

/* Numbers with a space between and an end of line. */
static bool read_numbers(const char *text, int64_t *ret, size_t n)
{
    errno = 0;
    for (size_t i = 0; i < n; i++) {
        char *end = NULL;
        ret[i] = strtoll(text, &end, 10);
        if (end == text || *end != (i + 1 < n ? ' ' : '\n')) {
            return false;
        }
        text = end + 1;
    }
    return errno == 0;
}

int bw_rrdcache_state_read(const char *folder, const char *id, struct bw_rrd_state *ret)
{
    char path[PATH_MAX + 8];
    struct bw_buf text;
    int64_t told[STATE_NUMBERS] = {0};
    (void)snprintf(path, sizeof(path), "%s/%s/state", folder, id);
    bw_buf_init(&text, STATE_BYTES_MAX);
    int r = bw_file_read(path, STATE_BYTES_MAX, &text, NULL);
    if (r == 0 &&
        !(text.data && read_numbers(text.data, told, STATE_NUMBERS) && told[0] > 0)) {
        r = -EINVAL;
    }
    bw_buf_done(&text);
    if (r == 0) {
        ret->step_s = told[0];
        ret->last_unix_s = told[1];
        ret->n_files = told[2];
        ret->made_mono_ns = 0;
        ret->mirror_from_unix_s = told[3];
        ret->mirror_to_unix_s = told[4];
    }
    return r;
}
