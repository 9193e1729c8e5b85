/* SPDX-License-Identifier: GPL-3.0-or-later
 * directory.c - the OpenID provider, asked.
 *
 * Invariant: whatever strangers send, it is asked for its document at most every five
 * seconds and for its keys at most once a minute, beside the hourly look. */
#include "directory.h"

#include <buf.h>
#include <bw/err.h>
#include <clock.h>
#include <collector_config.h>
#include <errno.h>
#include <file.h>
#include <hash.h>
#include <json.h>
#include <jws.h>
#include <log.h>
#include <oidc_keys.h>
#include <oidc_token.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <text.h>

enum {
    WAITERS_MAX = 64,
    META_MS = 24 * 3600 * 1000,
    KEYS_MS = 3600 * 1000,
    KEEP_MS = 24 * 3600 * 1000, /* so old keys may be where no new ones are to be had */
    META_PAUSE_MS = 5000,
    KEYS_PAUSE_MS = 60000,
    SECRET_MAX = 512,
    FORM_MAX = 16384,
    ASSERTION_S = 60
};

struct waiter {
    enum bw_dir_need need;
    bw_dir_ready_cb cb;
    void *owner;
};

struct bw_directory {
    const struct bw_config_oidc *conf;
    struct bw_dir_http *http;
    char secret[SECRET_MAX];
    struct bw_key *key;
    struct bw_oidc_meta meta;
    struct bw_oidc_keys *keys;
    int64_t meta_mono_ms; /* when it came; 0: never */
    int64_t keys_mono_ms;
    int64_t meta_asked_mono_ms; /* when it was last asked for; 0: never */
    int64_t keys_asked_mono_ms;
    bool asking_meta;
    bool asking_keys;
    bool closing;
    struct waiter waiters[WAITERS_MAX];
    size_t n_waiters;
    struct bw_complaint complaint;
    void (*closed)(void *owner);
    void *closed_owner;
};

/* --- what is to be had ---------------------------------------------------------------- */

static bool younger(int64_t then_mono_ms, int64_t than_ms)
{
    return then_mono_ms > 0 && bw_clock_mono_ms() - then_mono_ms < than_ms;
}

static void wake(struct bw_directory *d, bool of_meta, int r)
{
    struct waiter all[WAITERS_MAX];
    size_t n = 0;
    size_t left = 0;
    for (size_t i = 0; i < d->n_waiters; i++) {
        if ((d->waiters[i].need == BW_DIR_META) == of_meta || r == -ECANCELED) {
            all[n++] = d->waiters[i];
        } else {
            d->waiters[left++] = d->waiters[i];
        }
    }
    d->n_waiters = left;
    for (size_t i = 0; i < n; i++) {
        all[i].cb(all[i].owner, r);
    }
}

static void complain(struct bw_directory *d, const char *what, const char *why)
{
    bw_complain(&d->complaint, BW_AREA_HTTP, BW_WARN,
                "the directory %s gives no %s: %s; nobody of it can sign in, local "
                "accounts can",
                d->conf->issuer, what, why);
}

/* An answer with status 200, or why it is none. */
static int judge(const struct bw_dir_answer *a, struct bw_err *err)
{
    if (a->r < 0) {
        return bw_err_set(err, a->r, "%s", a->why);
    }
    return a->status == 200 ? 0 : bw_err_set(err, -EIO, "status %ld", a->status);
}

static void on_meta(void *owner, const struct bw_dir_answer *a)
{
    struct bw_directory *d = owner;
    struct bw_oidc_meta m;
    struct bw_err err = {""};
    int r = judge(a, &err);
    d->asking_meta = false;
    r = r < 0 ? r : bw_oidc_meta_parse(a->body, a->n, d->conf->issuer, &m, &err);
    if (r == 0) {
        d->meta = m;
        d->meta_mono_ms = bw_clock_mono_ms();
        bw_complain_over(&d->complaint, BW_AREA_HTTP, "the directory answers");
    } else if (r != -ECANCELED) {
        complain(d, "document", err.text);
    }
    wake(d, true, r == -ECANCELED ? r : d->meta_mono_ms > 0 ? 0 : -EIO);
}

static void on_keys(void *owner, const struct bw_dir_answer *a)
{
    struct bw_directory *d = owner;
    struct bw_oidc_keys *k = NULL;
    struct bw_err err = {""};
    int r = judge(a, &err);
    d->asking_keys = false;
    r = r < 0 ? r : bw_oidc_keys_parse(a->body, a->n, &k, &err);
    if (r == 0) {
        bw_oidc_keys_free(d->keys);
        d->keys = k;
        d->keys_mono_ms = bw_clock_mono_ms();
    } else if (r != -ECANCELED) {
        complain(d, "keys", err.text);
    }
    wake(d, false,
         r == -ECANCELED                                ? r
         : d->keys && younger(d->keys_mono_ms, KEEP_MS) ? 0
                                                        : -EIO);
}

static int ask_meta(struct bw_directory *d)
{
    struct bw_buf url;
    int r = -ENOMEM;
    bw_buf_init(&url, BW_OIDC_URL_MAX);
    bw_oidc_meta_address(d->conf->issuer, &url);
    if (bw_buf_error(&url) == 0) {
        const struct bw_dir_question q = {.url = url.data};
        r = bw_dir_http_ask(d->http, &q, on_meta, d);
    }
    bw_buf_done(&url);
    d->asking_meta = r == 0;
    d->meta_asked_mono_ms = bw_clock_mono_ms();
    return r;
}

static int ask_keys(struct bw_directory *d)
{
    const struct bw_dir_question q = {.url = d->meta.jwks};
    int r = bw_dir_http_ask(d->http, &q, on_keys, d);
    d->asking_keys = r == 0;
    d->keys_asked_mono_ms = bw_clock_mono_ms();
    return r;
}

/* 1: there; 0: it is being asked for; -EIO. */
static int get_meta(struct bw_directory *d)
{
    if (younger(d->meta_mono_ms, META_MS)) {
        return 1;
    }
    if (!d->asking_meta) {
        if (younger(d->meta_asked_mono_ms, META_PAUSE_MS)) {
            return d->meta_mono_ms > 0 ? 1 : -EIO;
        }
        int r = ask_meta(d);
        return r < 0 ? r : 0;
    }
    return 0;
}

static int get_keys(struct bw_directory *d, bool newer)
{
    bool fresh = d->keys && younger(d->keys_mono_ms, KEYS_MS);
    if (fresh && !newer) {
        return 1;
    }
    if (!d->asking_keys) {
        if (younger(d->keys_asked_mono_ms, KEYS_PAUSE_MS)) {
            return d->keys && younger(d->keys_mono_ms, KEEP_MS) ? 1 : -EIO;
        }
        int r = ask_keys(d);
        return r < 0 ? r : 0;
    }
    return 0;
}

int bw_directory_need(struct bw_directory *d,
                      enum bw_dir_need need,
                      bw_dir_ready_cb cb,
                      void *owner)
{
    if (d->closing || d->n_waiters == WAITERS_MAX) {
        return -EBUSY;
    }
    int r = need == BW_DIR_META ? get_meta(d) : get_keys(d, need == BW_DIR_NEWER);
    if (r == 0) {
        d->waiters[d->n_waiters++] = (struct waiter){need, cb, owner};
    }
    return r;
}

const struct bw_oidc_meta *bw_directory_meta(const struct bw_directory *d)
{
    return &d->meta;
}

int bw_directory_verify(const struct bw_directory *d, const struct bw_oidc_token *t)
{
    return d->keys ? bw_oidc_token_verify(t, d->keys) : -ENOENT;
}

/* --- what takes the secret ------------------------------------------------------------ */

static void add_field(struct bw_buf *form, const char *name, const char *value)
{
    bw_buf_printf(form, "%s%s=", form->len > 0 ? "&" : "", name);
    bw_text_url(form, value);
}

/* RFC 6749 §2.3.1: both are encoded as in a form before they are joined. */
static void add_basic(const struct bw_directory *d, struct bw_buf *out)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct bw_buf both;
    bw_buf_init(&both, FORM_MAX);
    bw_text_url(&both, d->conf->client_id);
    bw_buf_putc(&both, ':');
    bw_text_url(&both, d->secret);
    bw_buf_puts(out, "Basic ");
    for (size_t i = 0; bw_buf_error(&both) == 0 && i < both.len; i += 3) {
        size_t n = both.len - i < 3 ? both.len - i : 3;
        uint32_t v = 0;
        for (size_t k = 0; k < 3; k++) {
            v = v << 8 | (k < n ? (uint8_t)both.data[i + k] : 0);
        }
        bw_buf_putc(out, digits[v >> 18]);
        bw_buf_putc(out, digits[v >> 12 & 63]);
        bw_buf_putc(out, (char)(n > 1 ? digits[v >> 6 & 63] : '='));
        bw_buf_putc(out, (char)(n > 2 ? digits[v & 63] : '='));
    }
    if (both.data) {
        explicit_bzero(both.data, both.cap);
    }
    bw_buf_done(&both);
}

/* OpenID Connect Core §9: private_key_jwt. */
static int add_assertion(const struct bw_directory *d, struct bw_buf *form)
{
    struct bw_buf payload;
    struct bw_buf jws;
    struct bw_jw w;
    uint8_t raw[18];
    char jti[32];
    int64_t now = bw_clock_unix_ms() / 1000;
    bw_random(raw, sizeof(raw));
    (void)bw_b64_encode(raw, sizeof(raw), jti);
    bw_buf_init(&payload, FORM_MAX);
    bw_buf_init(&jws, FORM_MAX);
    bw_jw_init(&w, &payload);
    bw_jw_obj(&w);
    bw_jw_kstr(&w, "iss", d->conf->client_id);
    bw_jw_kstr(&w, "sub", d->conf->client_id);
    bw_jw_kstr(&w, "aud", d->meta.token);
    bw_jw_kstr(&w, "jti", jti);
    bw_jw_ki64(&w, "iat", now);
    bw_jw_ki64(&w, "exp", now + ASSERTION_S);
    bw_jw_obj_end(&w);
    int r = bw_buf_error(&payload);
    r = r < 0 ? r : bw_jws_sign(d->key, "JWT", payload.data, payload.len, &jws, NULL);
    if (r == 0) {
        add_field(form, "client_id", d->conf->client_id);
        add_field(form, "client_assertion_type",
                  "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        add_field(form, "client_assertion", jws.data);
    }
    bw_buf_done(&payload);
    bw_buf_done(&jws);
    return r;
}

int bw_directory_redeem(struct bw_directory *d,
                        const char *code,
                        const char *redirect,
                        const char *verifier,
                        bw_dir_answer_cb cb,
                        void *owner)
{
    struct bw_buf form;
    struct bw_buf basic;
    int r = 0;
    bw_buf_init(&form, FORM_MAX);
    bw_buf_init(&basic, FORM_MAX);
    add_field(&form, "grant_type", "authorization_code");
    add_field(&form, "code", code);
    add_field(&form, "redirect_uri", redirect);
    add_field(&form, "code_verifier", verifier);
    if (d->key) {
        r = add_assertion(d, &form);
    } else if (d->meta.basic || !d->meta.post) {
        add_basic(d, &basic);
    } else {
        add_field(&form, "client_id", d->conf->client_id);
        add_field(&form, "client_secret", d->secret);
    }
    r = r < 0 ? r : bw_buf_error(&form) < 0 ? -E2BIG : bw_buf_error(&basic);
    if (r == 0) {
        const struct bw_dir_question q = {
            .url = d->meta.token, .form = form.data, .authorization = basic.data};
        r = bw_dir_http_ask(d->http, &q, cb, owner);
    }
    if (form.data) {
        explicit_bzero(form.data, form.cap);
    }
    if (basic.data) {
        explicit_bzero(basic.data, basic.cap);
    }
    bw_buf_done(&form);
    bw_buf_done(&basic);
    return r;
}

int bw_directory_userinfo(struct bw_directory *d,
                          const char *access_token,
                          bw_dir_answer_cb cb,
                          void *owner)
{
    char bearer[8000];
    int n = snprintf(bearer, sizeof(bearer), "Bearer %s", access_token);
    const struct bw_dir_question q = {.url = d->meta.userinfo, .authorization = bearer};
    int r = n > 0 && (size_t)n < sizeof(bearer) ? bw_dir_http_ask(d->http, &q, cb, owner)
                                                : -E2BIG;
    explicit_bzero(bearer, sizeof(bearer));
    return r;
}

/* --- life ----------------------------------------------------------------------------- */

/* The first line of a file that others cannot read. */
static int read_secret(const char *path, char ret[SECRET_MAX], struct bw_err *reterr)
{
    struct bw_buf b;
    struct stat st;
    if (stat(path, &st) == 0 && (st.st_mode & S_IRWXO) != 0) {
        return bw_err_set(reterr, -EPERM,
                          "%s: everybody may read this secret (mode %04o); mend it: "
                          "chmod o= %s",
                          path, (unsigned)st.st_mode & 07777u, path);
    }
    bw_buf_init(&b, 4096);
    int r = bw_file_read(path, 4095, &b, reterr);
    size_t n = r < 0 || !b.data ? 0 : strcspn(b.data, "\r\n");
    if (r == 0 && (n == 0 || n >= SECRET_MAX || n != strnlen(b.data, n))) {
        r = bw_err_set(reterr, -EINVAL, "%s: its first line is no secret", path);
    }
    if (r == 0 && b.data) {
        memcpy(ret, b.data, n);
        ret[n] = '\0';
    }
    if (b.data) {
        explicit_bzero(b.data, b.cap);
    }
    bw_buf_done(&b);
    return r;
}

/* What somebody has to register there. */
static void tell_key(const struct bw_directory *d)
{
    struct bw_buf b;
    struct bw_jw w;
    bw_buf_init(&b, FORM_MAX);
    bw_jw_init(&w, &b);
    bw_jw_obj(&w);
    bw_pubkey_members(bw_key_public(d->key), &w);
    bw_jw_obj_end(&w);
    bw_log(BW_AREA_MAIN, BW_NOTICE, "%s: the directory knows it by this key: %s",
           d->conf->client_id, bw_buf_error(&b) == 0 ? b.data : "");
    bw_buf_done(&b);
}

static void directory_free(struct bw_directory *d)
{
    bw_oidc_keys_free(d->keys);
    bw_key_free(d->key);
    explicit_bzero(d->secret, sizeof(d->secret));
    free(d);
}

int bw_directory_new(struct uv_loop_s *loop,
                     const struct bw_config_oidc *conf,
                     struct bw_directory **ret,
                     struct bw_err *reterr)
{
    struct bw_directory *d = calloc(1, sizeof(*d));
    int r;

    if (!d) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    d->conf = conf;
    r = conf->secret_file[0] ? read_secret(conf->secret_file, d->secret, reterr)
                             : bw_key_load(conf->key_file, &d->key, reterr);
    if (r == 0) {
        bool clear = strncmp(conf->issuer, "https://", 8) != 0;
        r = bw_dir_http_new(loop, conf->ca_file, clear, &d->http);
        r = r < 0 ? bw_err_set(reterr, r, "out of memory") : 0;
    }
    if (r < 0) {
        directory_free(d);
        return r;
    }
    if (d->key) {
        tell_key(d);
    }
    *ret = d;
    return 0;
}

static void on_http_closed(void *owner)
{
    struct bw_directory *d = owner;
    void (*closed)(void *) = d->closed;
    void *closed_owner = d->closed_owner;
    directory_free(d);
    closed(closed_owner);
}

void bw_directory_close(struct bw_directory *d, void (*closed)(void *owner), void *owner)
{
    d->closing = true;
    d->closed = closed;
    d->closed_owner = owner;
    bw_dir_http_close(d->http, on_http_closed, d);
    wake(d, true, -ECANCELED);
}
