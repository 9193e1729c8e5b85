/* SPDX-License-Identifier: GPL-3.0-or-later
 * keep_health.c - the collector's own health: disk, backup, log, certificates. Unknown is
 * unknown. */
#include "roomkeeper_private.h"

#include <bw/err.h>
#include <clock.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <tlog_store.h>

enum {
    EVERY_MS = 60000,
    DAY_S = 86400,
    WEEK = 7,
    DAYS_MAX = 3650
};

/* ---- disk -------------------------------------------------------------------------------
 */

/* What was free on each of the last days is kept; the oldest of a week says how fast it
 * goes. */
static void look_disk(struct bw_roomkeeper *k, struct bw_room_health *h)
{
    int64_t today = k->now_unix_ms / 1000 / DAY_S;
    struct bw_err err;
    struct statvfs v;
    char name[32];
    int64_t then = BW_UNKNOWN;

    h->disk_free_bytes = BW_UNKNOWN;
    h->disk_days_left = BW_UNKNOWN;
    if (statvfs(k->data_dir, &v) != 0) {
        return;
    }
    h->disk_free_bytes = (int64_t)((uint64_t)v.f_bavail * (uint64_t)v.f_frsize);
    (void)snprintf(name, sizeof(name), "free-%lld", (long long)(today % (WEEK + 1)));
    if (bw_roomstore_get(k->store, name, &then, &err) == 0) {
        char day[32];
        int64_t of = BW_UNKNOWN;
        (void)snprintf(day, sizeof(day), "free-day-%lld", (long long)(today % (WEEK + 1)));
        (void)bw_roomstore_get(k->store, day, &of, &err);
        if (of != today) {
            (void)bw_roomstore_set(k->store, name, h->disk_free_bytes, &err);
            (void)bw_roomstore_set(k->store, day, today, &err);
        }
    }
    for (int64_t ago = WEEK; ago > 0; ago--) {
        int64_t slot = (today - ago) % (WEEK + 1);
        int64_t of = BW_UNKNOWN;
        (void)snprintf(name, sizeof(name), "free-day-%lld", (long long)slot);
        if (bw_roomstore_get(k->store, name, &of, &err) < 0 || of != today - ago) {
            continue;
        }
        (void)snprintf(name, sizeof(name), "free-%lld", (long long)slot);
        if (bw_roomstore_get(k->store, name, &then, &err) == 0 && then != BW_UNKNOWN) {
            int64_t a_day = (then - h->disk_free_bytes) / ago;
            h->disk_days_left = a_day <= 0 ? DAYS_MAX : h->disk_free_bytes / a_day;
            h->disk_days_left = h->disk_days_left > DAYS_MAX ? DAYS_MAX : h->disk_days_left;
            return;
        }
    }
}

/* ---- backup -----------------------------------------------------------------------------
 */

/* Whoever verified a backup says so by the time of a file; nobody else can know. */
static void look_backup(const struct bw_roomkeeper *k, struct bw_room_health *h)
{
    char path[PATH_MAX + 32];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/backup-verified", k->data_dir);
    h->backup_unix_s = stat(path, &st) == 0 ? (int64_t)st.st_mtim.tv_sec : BW_UNKNOWN;
}

/* ---- the log ----------------------------------------------------------------------------
 */

struct log_look {
    struct bw_room_health *h;
    int64_t size;
};

static int on_checkpoint(void *owner, const struct bw_tlog_checkpoint *c)
{
    struct log_look *l = owner;

    l->size = c->size;
    l->h->checkpoint_unix_s =
        l->h->checkpoint_unix_s == BW_UNKNOWN ? c->unix_s : l->h->checkpoint_unix_s;
    return 0;
}

static int
on_witness(void *owner, const char *who, int64_t unix_s, const void *bytes, size_t n)
{
    struct log_look *l = owner;
    (void)who;
    (void)bytes;
    (void)n;

    l->h->witness_unix_s = unix_s > l->h->witness_unix_s
                               ? unix_s
                               : l->h->witness_unix_s; /* unknown is least */
    return 0;
}

enum {
    CHECKPOINTS_BACK = 48 /* two days of them */
};

static void look_log(const struct bw_roomkeeper *k, struct bw_room_health *h)
{
    struct log_look l = {.h = h, .size = INT64_MAX};
    struct bw_tlog *log = NULL;
    struct bw_err err;

    h->checkpoint_unix_s = BW_UNKNOWN;
    h->witness_unix_s = BW_UNKNOWN;
    h->n_witnesses = k->n_witnesses;
    if (bw_tlog_open(k->log_folder, BW_TLOG_READ, &log, &err) < 0) {
        return;
    }
    for (int i = 0; i < CHECKPOINTS_BACK && h->witness_unix_s == BW_UNKNOWN; i++) {
        if (bw_tlog_checkpoint_at(log, l.size, on_checkpoint, &l, &err) < 0 ||
            bw_tlog_cosigned(log, l.size, on_witness, &l, &err) < 0 || l.size == 0) {
            break;
        }
        l.size--;
    }
    bw_tlog_close(log);
}

/* ---- certificates -----------------------------------------------------------------------
 */

static int64_t days_of(const char *path)
{
    BIO *in = BIO_new_file(path, "r");
    X509 *x = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
    int64_t days = BW_UNKNOWN;
    int d = 0;
    int s = 0;

    if (x && ASN1_TIME_diff(&d, &s, NULL, X509_get0_notAfter(x)) == 1) {
        days = s < 0 ? d - 1 : d;
    }
    X509_free(x);
    BIO_free(in);
    return days;
}

static void look_certificates(const struct bw_roomkeeper *k, struct bw_room_health *h)
{
    h->certificate_days = BW_UNKNOWN;
    h->n_certificates = (int32_t)k->n_certificates;
    for (size_t i = 0; i < k->n_certificates; i++) {
        int64_t days = days_of(k->certificates[i]);
        if (days == BW_UNKNOWN) {
            h->certificate_days = BW_UNKNOWN;
            return;
        }
        h->certificate_days =
            h->certificate_days == BW_UNKNOWN || days < h->certificate_days
                ? days
                : h->certificate_days;
    }
}

void bw_keep_health(struct bw_roomkeeper *k)
{
    struct bw_room_health *h = &k->health.now;
    int64_t newest_ms = BW_UNKNOWN;

    for (size_t i = 0; i < k->n_sites; i++) {
        newest_ms = k->sites[i]->row.last_received_unix_ms > newest_ms
                        ? k->sites[i]->row.last_received_unix_ms
                        : newest_ms;
    }
    h->ingest_lag_s =
        newest_ms == BW_UNKNOWN ? BW_UNKNOWN : (k->now_unix_ms - newest_ms) / 1000;
    if (bw_clock_mono_ms() < k->health.due_mono_ms) {
        return;
    }
    k->health.due_mono_ms = bw_clock_mono_ms() + EVERY_MS;
    look_disk(k, h);
    look_backup(k, h);
    look_log(k, h);
    look_certificates(k, h);
}
