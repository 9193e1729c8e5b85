/* SPDX-License-Identifier: GPL-3.0-or-later
 * rrdcache.c - records of a circuit into its RRD files, oldest first, several steps a
 * write.
 *
 * A file never holds a figure that no record holds: between two intervals that do not
 * touch, one unknown step is written, so that librrd does not stretch the later one over
 * the gap. */
#include "rrdcache.h"

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
    SERIES_MAX = 2 + 2 * BW_TARGETS_MAX,
    STEPS_AT_ONCE = 512,
    WINDOW_S = 6 * 3600,
    WINDOW_RECORDS_MAX = 65536,
    STEP_DEFAULT_S = 300,
    INTERVALS_LOOKED_AT = 64
};

#define YEARS_11_S (INT64_C(11) * 366 * 86400)

/* One file that is being written. */
struct series {
    char name[80];
    const struct bw_series_shape *shape;
    char path[PATH_MAX];
    int64_t last_unix_s;
    struct bw_series_step steps[STEPS_AT_ONCE];
    size_t n;
};

/* A record of the window that is being written. */
struct kept {
    int64_t start_unix_s;
    int64_t position;
    char *jws;
    size_t jws_len;
};

struct refresh {
    char folder[PATH_MAX]; /* of the circuit */
    const char *site;
    const char *circuit;
    int64_t step_s;
    int64_t from_unix_s;
    int64_t last_unix_s;
    struct series *series[SERIES_MAX];
    size_t n_series;
    struct kept *kept; /* of one window */
    size_t n_kept;
    size_t cap_kept;
    struct bw_buf scratch;
    struct bw_err err;
};

static void circuit_folder(const char *folder, const char *id, char out[PATH_MAX])
{
    (void)snprintf(out, PATH_MAX, "%s/%s", folder, id);
}

/* --- one file ----------------------------------------------------------------------------
 */

static int series_flush(struct series *s, struct bw_err *reterr)
{
    if (s->n == 0) {
        return 0;
    }
    int r = bw_series_update(s->path, s->shape, s->steps, s->n, reterr);
    s->n = 0;
    return r == -EEXIST ? 0 : r;
}

static int series_put(struct series *s,
                      int64_t end_unix_s,
                      const int64_t *values,
                      struct bw_err *reterr)
{
    if (end_unix_s <= s->last_unix_s) {
        return 0;
    }
    if (s->n == STEPS_AT_ONCE) {
        int r = series_flush(s, reterr);
        if (r < 0) {
            return r;
        }
    }
    struct bw_series_step *step = &s->steps[s->n++];
    step->end_unix_s = end_unix_s;
    for (size_t i = 0; i < BW_SERIES_DS_MAX; i++) {
        step->values[i] = values ? values[i] : BW_UNKNOWN;
    }
    s->last_unix_s = end_unix_s;
    return 0;
}

/* The series of a name, its file made when missing; NULL with *reterr_code else. */
static struct series *series_get(struct refresh *f,
                                 const char *name,
                                 const struct bw_series_shape *shape,
                                 int *reterr_code)
{
    for (size_t i = 0; i < f->n_series; i++) {
        if (strcmp(f->series[i]->name, name) == 0) {
            return f->series[i];
        }
    }
    if (f->n_series == SERIES_MAX) {
        *reterr_code = bw_err_set(&f->err, -E2BIG, "more than %d series", SERIES_MAX);
        return NULL;
    }
    struct series *s = calloc(1, sizeof(*s));
    if (!s) {
        *reterr_code = bw_err_set(&f->err, -ENOMEM, "out of memory");
        return NULL;
    }
    (void)snprintf(s->name, sizeof(s->name), "%s", name);
    s->shape = shape;
    int n = snprintf(s->path, sizeof(s->path), "%s/%s.rrd", f->folder, name);
    int remade = 0;
    int r =
        n < 0 || (size_t)n >= sizeof(s->path)
            ? bw_err_set(&f->err, -ENAMETOOLONG, "%s: path too long", name)
            : bw_series_create(s->path, shape, f->step_s, f->from_unix_s, &remade, &f->err);
    if (r == 0 && remade && f->last_unix_s != BW_UNKNOWN) {
        r = bw_err_set(&f->err, -EAGAIN, "%s was corrupt; all series are made again",
                       s->path);
    }
    if (r < 0) {
        free(s);
        *reterr_code = r;
        return NULL;
    }
    s->last_unix_s = bw_series_last(s->path);
    f->series[f->n_series++] = s;
    return s;
}

/* An interval's figures, with an unknown step before it where the one before does not
 * reach up to it. */
static int interval_put(struct refresh *f,
                        const char *name,
                        const struct bw_series_shape *shape,
                        int64_t start_unix_s,
                        int64_t end_unix_s,
                        const int64_t *values)
{
    int r = 0;
    struct series *s = series_get(f, name, shape, &r);
    if (!s) {
        return r;
    }
    if (s->last_unix_s < start_unix_s) {
        r = series_put(s, start_unix_s, NULL, &f->err);
        if (r < 0) {
            return r;
        }
    }
    return series_put(s, end_unix_s, values, &f->err);
}

/* --- one record -------------------------------------------------------------------------
 */

static int64_t mean_bps(const struct bw_circuit_summary *c, enum bw_direction d)
{
    int64_t bytes = c->flow[d].bytes;
    if (bytes == BW_UNKNOWN || c->covered_s == BW_UNKNOWN || c->covered_s <= 0) {
        return BW_UNKNOWN;
    }
    return bytes > INT64_MAX / 8 ? BW_UNKNOWN : bytes * 8 / c->covered_s;
}

static int
put_link(struct refresh *f, const struct bw_summary *s, const struct bw_circuit_summary *c)
{
    if (c->source == BW_SOURCE_NONE) {
        return 0;
    }
    int64_t values[BW_SERIES_DS_MAX] = {mean_bps(c, BW_DOWN), mean_bps(c, BW_UP),
                                        c->flow[BW_DOWN].peak_1s_bps,
                                        c->flow[BW_UP].peak_1s_bps};
    return interval_put(f, "link", &bw_series_link, s->start_unix_s, s->end_unix_s, values);
}

static int put_latency(struct refresh *f, const struct bw_summary *s)
{
    for (size_t i = 0; i < s->n_latency; i++) {
        const struct bw_latency *l = &s->latency[i];
        if (strcmp(l->circuit, f->circuit) != 0) {
            continue;
        }
        char name[80];
        (void)snprintf(name, sizeof(name), "latency-%s", l->probe);
        bool asked = l->sent != BW_UNKNOWN && l->sent > 0 && l->lost != BW_UNKNOWN;
        int64_t loss_ppm = asked ? l->lost * 1000000 / l->sent : BW_UNKNOWN;
        int64_t values[BW_SERIES_DS_MAX] = {l->p50_us, l->p95_us, loss_ppm};
        int r = interval_put(f, name, &bw_series_latency, s->start_unix_s, s->end_unix_s,
                             values);
        if (r < 0) {
            return r;
        }
    }
    return 0;
}

/* Several runs in one interval: the last one of each direction stands in the picture. */
static int put_throughput(struct refresh *f, const struct bw_summary *s)
{
    int64_t values[BW_SERIES_DS_MAX] = {BW_UNKNOWN, BW_UNKNOWN, BW_UNKNOWN, BW_UNKNOWN};
    bool any = false;
    for (size_t i = 0; i < s->n_throughput; i++) {
        const struct bw_throughput *t = &s->throughput[i];
        if (strcmp(t->circuit, f->circuit) != 0 || t->state != BW_TEST_OK) {
            continue;
        }
        any = true;
        values[t->direction] = t->goodput_bps;
        values[BW_DIRECTIONS + t->direction] = t->line_bps;
    }
    if (!any) {
        return 0;
    }
    return interval_put(f, "throughput", &bw_series_throughput, s->start_unix_s,
                        s->end_unix_s, values);
}

static int put_summary(struct refresh *f, const struct bw_summary *s)
{
    const struct bw_circuit_summary *c = NULL;
    for (size_t i = 0; i < s->n_circuits; i++) {
        c = strcmp(s->circuits[i].id, f->circuit) == 0 ? &s->circuits[i] : c;
    }
    if (!c) {
        return 0;
    }
    int r = put_link(f, s, c);
    r = r < 0 ? r : put_latency(f, s);
    r = r < 0 ? r : put_throughput(f, s);
    if (r == 0 && (f->last_unix_s == BW_UNKNOWN || s->end_unix_s > f->last_unix_s)) {
        f->last_unix_s = s->end_unix_s;
    }
    return r;
}

static int put_record(struct refresh *f, const struct kept *k)
{
    struct bw_jws j;
    struct bw_summary s;
    int r = bw_jws_parse(k->jws, k->jws_len, &f->scratch, &j, &f->err);
    r = r < 0 ? r : bw_summary_decode(j.payload, j.payload_len, &s, &f->err);
    if (r < 0) {
        return r;
    }
    r = put_summary(f, &s);
    bw_summary_done(&s);
    return r;
}

/* --- one window of time -----------------------------------------------------------------
 */

static int on_record(void *owner, const struct bw_record *rec)
{
    struct refresh *f = owner;
    if (f->n_kept == f->cap_kept) {
        size_t cap = f->cap_kept ? f->cap_kept * 2 : 256;
        struct kept *bigger =
            cap > WINDOW_RECORDS_MAX ? NULL : realloc(f->kept, cap * sizeof(f->kept[0]));
        if (!bigger) {
            return bw_err_set(&f->err, -ENOMEM, "out of memory");
        }
        f->kept = bigger;
        f->cap_kept = cap;
    }
    struct kept *k = &f->kept[f->n_kept];
    k->start_unix_s = rec->start_unix_s;
    k->position = rec->position;
    k->jws_len = rec->jws_len;
    k->jws = malloc(rec->jws_len);
    if (!k->jws) {
        return bw_err_set(&f->err, -ENOMEM, "out of memory");
    }
    memcpy(k->jws, rec->jws, rec->jws_len);
    f->n_kept++;
    return 0;
}

static int by_time(const void *a, const void *b)
{
    const struct kept *x = a;
    const struct kept *y = b;
    if (x->start_unix_s != y->start_unix_s) {
        return x->start_unix_s < y->start_unix_s ? -1 : 1;
    }
    return x->position < y->position ? -1 : x->position > y->position;
}

/* The ledger gives records as they came; a file takes them as they happened. */
static int
put_window(struct refresh *f, struct bw_records *records, int64_t from, int64_t to)
{
    int r = bw_records_each(records, f->site, from, to, on_record, f, &f->err);
    if (r == 0 && f->n_kept > 1) {
        qsort(f->kept, f->n_kept, sizeof(f->kept[0]), by_time);
    }
    for (size_t i = 0; i < f->n_kept; i++) {
        r = r < 0 ? r : put_record(f, &f->kept[i]);
        free(f->kept[i].jws);
    }
    f->n_kept = 0;
    return r;
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
    int64_t length_s[INTERVALS_LOOKED_AT];
    size_t n;
};

static int on_length(void *owner, const struct bw_record *rec)
{
    struct lengths *l = owner;
    l->length_s[l->n++] = rec->end_unix_s - rec->start_unix_s;
    return l->n == INTERVALS_LOOKED_AT;
}

/* The usual length of an interval: the one that occurs most among some recent ones. */
static int find_step(struct bw_reader *r,
                     const char *site,
                     int64_t newest_unix_s,
                     int64_t *ret_step_s,
                     struct bw_err *reterr)
{
    struct lengths l = {.n = 0};
    int n = bw_records_each(r->records, site, newest_unix_s - 86400, newest_unix_s + 1,
                            on_length, &l, reterr);
    if (n < 0) {
        return n;
    }
    size_t best = 0;
    *ret_step_s = STEP_DEFAULT_S;
    for (size_t i = 0; i < l.n; i++) {
        size_t same = 0;
        for (size_t k = 0; k < l.n; k++) {
            same += l.length_s[k] == l.length_s[i] ? 1 : 0;
        }
        if (same > best && l.length_s[i] > 0) {
            best = same;
            *ret_step_s = l.length_s[i];
        }
    }
    return 0;
}

static int on_claim(void *owner, const struct bw_claim *c)
{
    struct bw_rrd_facts *f = owner;
    f->claim_bps[BW_DOWN] = c->down_bps;
    f->claim_bps[BW_UP] = c->up_bps;
    const char *layer = bw_layer_name(c->layer);
    (void)snprintf(f->claim_layer, sizeof(f->claim_layer), "%s", layer ? layer : "");
    return 0;
}

static void read_facts(struct bw_reader *r,
                       const struct bw_ledger_circuit *row,
                       struct bw_rrd_facts *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->claim_bps[BW_DOWN] = BW_UNKNOWN;
    ret->claim_bps[BW_UP] = BW_UNKNOWN;
    const char *layer = bw_layer_name(row->facts.layer);
    (void)snprintf(ret->layer, sizeof(ret->layer), "%s", layer ? layer : "");
    int64_t now_s = bw_clock_unix_ms() / 1000;
    (void)r->catalogue->ops->claims(r->catalogue, row->site, row->facts.id, now_s,
                                    now_s + 1, on_claim, ret, NULL);
    struct bw_site site;
    if (r->catalogue->ops->site_get(r->catalogue, row->site, &site, NULL) == 0) {
        (void)snprintf(ret->site_name, sizeof(ret->site_name), "%s", site.name);
    }
}

static void write_state(const struct refresh *f)
{
    char path[PATH_MAX + 8];
    char text[64];
    (void)snprintf(path, sizeof(path), "%s/state", f->folder);
    int n = snprintf(text, sizeof(text), "%lld %lld\n", (long long)f->step_s,
                     (long long)f->last_unix_s);
    (void)bw_file_write(path, text, (size_t)n, 0640, NULL);
}

static int walk(struct bw_reader *r, struct refresh *f, int64_t until_unix_s)
{
    int64_t at = f->last_unix_s == BW_UNKNOWN ? f->from_unix_s : f->last_unix_s;
    int n = 0;
    while (n == 0 && at < until_unix_s) {
        int64_t end = at + WINDOW_S < until_unix_s ? at + WINDOW_S : until_unix_s;
        n = put_window(f, r->records, at, end);
        at = end;
    }
    for (size_t i = 0; n == 0 && i < f->n_series; i++) {
        n = series_flush(f->series[i], &f->err);
    }
    return n;
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
        if (news) {
            write_state(f);
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
    if (n < 0) {
        goto out;
    }
    /* Twice at most: a file that librrd refused is made again with all the others. */
    for (int attempt = 0; attempt < 2; attempt++) {
        if (rebuild || attempt > 0) {
            bw_rrdcache_remove(folder, id);
            state->step_s = BW_UNKNOWN;
            state->last_unix_s = BW_UNKNOWN;
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

/* Two numbers with a space between and an end of line. */
static bool read_pair(const char *text, int64_t *ret_a, int64_t *ret_b)
{
    char *end = NULL;
    errno = 0;
    *ret_a = strtoll(text, &end, 10);
    if (end == text || *end != ' ') {
        return false;
    }
    text = end + 1;
    *ret_b = strtoll(text, &end, 10);
    return end != text && *end == '\n' && errno == 0;
}

int bw_rrdcache_state_read(const char *folder, const char *id, struct bw_rrd_state *ret)
{
    char path[PATH_MAX + 8];
    struct bw_buf text;
    int64_t step = 0;
    int64_t last = 0;
    (void)snprintf(path, sizeof(path), "%s/%s/state", folder, id);
    bw_buf_init(&text, 64);
    int r = bw_file_read(path, 64, &text, NULL);
    if (r == 0 && !(text.data && read_pair(text.data, &step, &last) && step > 0)) {
        r = -EINVAL;
    }
    bw_buf_done(&text);
    if (r == 0) {
        ret->step_s = step;
        ret->last_unix_s = last;
    }
    return r;
}
