/* SPDX-License-Identifier: GPL-3.0-or-later
 * verb_enroll.c - `bandwitness enroll`: bring this box in at a collector, once.
 *
 * The key is made and kept before the token is spent, and a repeated try uses the same
 * key: an answer lost on the way costs nothing, be it a box's first enrolment or a later
 * one. What the daemon needs to know is one file, enrolment.json, replaced whole at the
 * end. */
#include "box.h"
#include "boxconf.h"
#include "buf.h"
#include "cli.h"
#include "enrolment.h"
#include "file.h"
#include "hash.h"
#include "json.h"
#include "jws.h"

#include <bw/err.h>
#include <bw/summary.h>
#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

extern const struct bw_verb bw_verb_enroll;

enum {
    ANSWER_MAX = 65536,
    CONNECT_MS = 20000,
    TOTAL_MS = 60000,
    TOKEN_MIN = 16,
    TOKEN_MAX = 128
};

struct wish {
    const char *config_path;
    const char *url;
    const char *ca_file;
    const char *token;
    const char *name;
    const char *entity;
    const char *state_dir;
    const char *control;
    char token_text[TOKEN_MAX + 2];
    char url_text[512];
};

/* The key of an unanswered try with the same collector and token; -ENOENT: none. */
static int get_tried(const struct wish *w, struct bw_key **ret)
{
    char path[PATH_MAX];
    char token_sha256[BW_HASH_LEN + 1];
    struct bw_enrolment_try t;
    int r = bw_enrolment_try_load(w->state_dir, &t, NULL);
    if (r < 0) {
        return r;
    }
    bw_sha256_text(w->token, strlen(w->token), token_sha256);
    if (strcmp(t.url, w->url_text) != 0 || strcmp(t.token_sha256, token_sha256) != 0) {
        return -ENOENT;
    }
    bw_enrolment_key_path(w->state_dir, t.kid, path);
    return bw_key_load(path, ret, NULL);
}

/* The key of an unanswered try, or a new one, noted down before it is used. */
static int get_key(const struct wish *w,
                   struct bw_enrolment *e,
                   struct bw_key **ret,
                   struct bw_err *reterr)
{
    char path[PATH_MAX];
    int r = bw_enrolment_load(w->state_dir, e, NULL);
    if (r == 0 && !e->site[0] && strcmp(e->url, w->url_text) == 0) {
        bw_enrolment_key_path(w->state_dir, e->kid, path);
        return bw_key_load(path, ret, reterr);
    }
    bool enrolled = r == 0 && e->site[0];
    if (enrolled) {
        (void)fprintf(stderr,
                      "This box is %s at %s; it is brought in anew under a new key.\n",
                      e->site, e->url);
    }
    memset(e, 0, sizeof(*e));
    if (enrolled && get_tried(w, ret) == 0) {
        return 0;
    }
    return bw_enrolment_new_key(w->state_dir, BW_ALG_EDDSA, ret, reterr);
}

/* Note the try before the token is spent. An answered enrolment stays in force until the
 * new one is answered, too. */
static int
note_try(const struct wish *w, const struct bw_enrolment *e, struct bw_err *reterr)
{
    struct bw_enrolment before;
    struct bw_enrolment_try t = {.url = ""};
    if (bw_enrolment_load(w->state_dir, &before, NULL) < 0 || !before.site[0]) {
        return bw_enrolment_save(w->state_dir, e, reterr);
    }
    memcpy(t.url, e->url, sizeof(t.url));
    memcpy(t.kid, e->kid, sizeof(t.kid));
    bw_sha256_text(w->token, strlen(w->token), t.token_sha256);
    return bw_enrolment_try_save(w->state_dir, &t, reterr);
}

static int make_request(const struct wish *w,
                        const struct bw_key *key,
                        struct bw_buf *out,
                        struct bw_err *reterr)
{
    struct bw_buf payload;
    struct bw_buf jwk;
    struct bw_jw j;
    bw_buf_init(&payload, BW_PAYLOAD_MAX);
    bw_buf_init(&jwk, ANSWER_MAX);
    int r = bw_pubkey_to_jwk(bw_key_public(key), &jwk);
    if (r == 0) {
        bw_jw_init(&j, &payload);
        bw_jw_obj(&j);
        bw_jw_ki64(&j, "v", 1);
        bw_jw_kstr(&j, "token", w->token);
        bw_jw_key(&j, "jwk");
        bw_jw_raw(&j, jwk.data, jwk.len);
        bw_jw_kstr(&j, "name", w->name);
        bw_jw_kstr(&j, "entity", w->entity);
        bw_jw_kstr(&j, "agent", "bandwitness/" BW_VERSION);
        bw_jw_obj_end(&j);
        r = bw_buf_error(&payload);
    }
    r = r < 0 ? r : bw_jws_sign(key, BW_TYP_ENROL, payload.data, payload.len, out, reterr);
    bw_buf_done(&payload);
    bw_buf_done(&jwk);
    return r;
}

static size_t on_body(char *data, size_t size, size_t n, void *owner)
{
    struct bw_buf *out = owner;
    bw_buf_add(out, data, size * n);
    return bw_buf_error(out) < 0 ? 0 : size * n;
}

static int post(const struct wish *w,
                const struct bw_buf *body,
                struct bw_buf *answer,
                struct bw_err *reterr)
{
    char url[PATH_MAX];
    char why[CURL_ERROR_SIZE] = "";
    long status = 0;
    CURL *easy = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/jose");
    if (!easy || !headers) {
        curl_easy_cleanup(easy);
        curl_slist_free_all(headers);
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    (void)snprintf(url, sizeof(url), "%s/api/v1/enroll", w->url);
    (void)curl_easy_setopt(easy, CURLOPT_URL, url);
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "bandwitness/" BW_VERSION);
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)TOTAL_MS);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
    (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
    (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body->data);
    if (w->ca_file[0]) {
        (void)curl_easy_setopt(easy, CURLOPT_CAINFO, w->ca_file);
    }
    CURLcode code = curl_easy_perform(easy);
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    if (code != CURLE_OK) {
        const char *mend = code == CURLE_PEER_FAILED_VERIFICATION
                               ? "; if the collector has its own authority, name it with "
                                 "--ca-file"
                               : "";
        return bw_err_set(reterr, -EIO, "%s: %s%s", w->url,
                          why[0] ? why : curl_easy_strerror(code), mend);
    }
    return (int)status;
}

/* A problem+json in words. */
static int refusal(const struct wish *w,
                   int status,
                   const struct bw_buf *answer,
                   struct bw_err *reterr)
{
    json_t *o = NULL;
    const char *type = NULL;
    const char *detail = NULL;
    if (bw_json_parse(answer->data ? answer->data : "", answer->len, ANSWER_MAX, &o,
                      NULL) == 0) {
        type = json_string_value(json_object_get(o, "type"));
        detail = json_string_value(json_object_get(o, "detail"));
    }
    const char *slash = type ? strrchr(type, '/') : NULL;
    (void)bw_err_set(
        reterr, -BW_EREFUSED, "%s answered %d%s%.60s%s%.200s%s", w->url, status,
        type ? " " : "", slash ? slash + 1 : "", detail ? ": " : "", detail ? detail : "",
        status == 403 ? "" : "; the key is kept, so the same command can be tried again");
    json_decref(o);
    return -BW_EREFUSED;
}

static int
read_answer(const struct bw_buf *answer, struct bw_enrolment *e, struct bw_err *reterr)
{
    json_t *o = NULL;
    const json_t *log_key = NULL;
    const char *site = NULL;
    const char *kid = NULL;
    const char *name = NULL;
    const char *entity = NULL;
    char *jwk = NULL;
    int r = bw_json_parse(answer->data ? answer->data : "", answer->len, ANSWER_MAX, &o,
                          reterr);
    r = r < 0 ? r : bw_json_get_str(o, "site", BW_SITE_MAX, &site, reterr);
    r = r < 0 ? r : bw_json_get_str(o, "kid", BW_KID_LEN, &kid, reterr);
    r = r < 0 ? r : bw_json_get_obj(o, "log_key", &log_key, reterr);
    r = r < 0 ? r : bw_json_opt_str(o, "name", sizeof(e->name) - 1, &name, reterr);
    r = r < 0 ? r : bw_json_opt_str(o, "entity", sizeof(e->entity) - 1, &entity, reterr);
    r = r < 0 ? r : bw_enrolment_read_replaces(o, e, reterr);
    if (r == 0 && strcmp(kid, e->kid) != 0) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "the answer is about another key");
    }
    if (r == 0 && (!bw_site_valid(site) || strcmp(site, BW_SITE_LOCAL) == 0)) {
        r = bw_err_set(reterr, -BW_EMALFORMED, "the answer names no site of a collector");
    }
    if (r == 0) {
        jwk = json_dumps(log_key, JSON_COMPACT);
        r = jwk ? bw_pubkey_parse(jwk, strlen(jwk), &e->log_key, reterr) : -ENOMEM;
    }
    if (r == 0) {
        e->has_log_key = true;
        (void)snprintf(e->site, sizeof(e->site), "%s", site);
        (void)snprintf(e->name, sizeof(e->name), "%s", name ? name : "");
        (void)snprintf(e->entity, sizeof(e->entity), "%s", entity ? entity : "");
    }
    free(jwk);
    json_decref(o);
    return r;
}

/* A running daemon goes on under the new key at once; one that does not run finds it. */
static void tell_daemon(const struct wish *w)
{
    struct bw_err err = {0};
    json_t *answer = NULL;
    json_t *request = json_pack("{s:s}", "verb", "reload");
    int r = w->control[0] && request
                ? bw_cli_ask(w->control, request, NULL, NULL, &answer, &err)
                : -ENOENT;
    if (r == 0) {
        (void)printf("The running daemon signs for it from now on.\n");
    } else if (r != -ENOENT && r != -ECONNREFUSED) {
        (void)fprintf(stderr,
                      "The daemon was not told (%s): systemctl reload bandwitness\n",
                      err.text);
    }
    json_decref(answer);
    json_decref(request);
}

static int enroll(const struct bw_verb *v, const struct wish *w)
{
    struct bw_enrolment e = {0};
    struct bw_key *key = NULL;
    struct bw_buf request;
    struct bw_buf answer;
    struct bw_err err = {0};
    bw_buf_init(&request, BW_JWS_MAX);
    bw_buf_init(&answer, ANSWER_MAX);
    int r = bw_dir_make(w->state_dir, 0750, &err);
    r = r < 0 ? r : get_key(w, &e, &key, &err);
    if (r < 0) {
        goto out;
    }
    (void)snprintf(e.kid, sizeof(e.kid), "%s", bw_key_public(key)->kid);
    (void)snprintf(e.url, sizeof(e.url), "%s", w->url);
    r = make_request(w, key, &request, &err);
    if (r < 0) {
        goto out;
    }
    r = note_try(w, &e, &err);
    r = r < 0 ? r : post(w, &request, &answer, &err);
    if (r < 0) {
        goto out;
    }
    r = r == 200 ? read_answer(&answer, &e, &err) : refusal(w, r, &answer, &err);
    r = r < 0 ? r : bw_enrolment_save(w->state_dir, &e, &err);
    if (r == 0) {
        bw_enrolment_try_forget(w->state_dir);
    }
out:
    bw_key_free(key);
    bw_buf_done(&request);
    bw_buf_done(&answer);
    if (r < 0) {
        return bw_cli_failed(v, "%s", err.text[0] ? err.text : bw_strerror(r));
    }
    (void)printf("%s%s%s%s%s is %s at %s\n", e.name[0] ? e.name : "This box",
                 e.entity[0] ? " (" : "", e.entity, e.entity[0] ? ")" : "", "", e.site,
                 e.url);
    if (e.prev_kid[0]) {
        (void)printf("It takes the place of the box whose records ended with number %lld "
                     "of key %s.\n",
                     (long long)e.prev_seq, e.prev_kid);
    }
    tell_daemon(w);
    return bw_cli_flush(v, BW_EXIT_OK);
}

static int read_token(struct wish *w, const char *path, struct bw_err *reterr)
{
    struct bw_buf text;
    bw_buf_init(&text, sizeof(w->token_text));
    int r = bw_file_read(path, sizeof(w->token_text) - 1, &text, reterr);
    if (r == 0) {
        (void)snprintf(w->token_text, sizeof(w->token_text), "%s",
                       text.data ? text.data : "");
        w->token_text[strcspn(w->token_text, "\r\n")] = '\0';
        w->token = w->token_text;
    }
    bw_buf_done(&text);
    return r;
}

static int check(const struct bw_verb *v, struct wish *w, const struct bw_boxconf *c)
{
    if (c) {
        w->state_dir = w->state_dir ? w->state_dir : c->state_dir;
        w->control = c->control_path;
        w->url = w->url ? w->url : c->collector.url;
        w->ca_file = w->ca_file ? w->ca_file : c->collector.ca_file;
        if (c->collector.url[0] &&
            strncmp(w->url, c->collector.url, strlen(c->collector.url)) != 0) {
            return bw_cli_failed(
                v, "%s sends to %s, not to %s: change the collector section first", c->path,
                c->collector.url, w->url);
        }
    }
    w->ca_file = w->ca_file ? w->ca_file : "";
    if (!w->url || !w->url[0]) {
        return bw_cli_usage(v, "where is the collector? --url https://…");
    }
    if (strncmp(w->url, "https://", 8) != 0 && strncmp(w->url, "http://", 7) != 0) {
        return bw_cli_usage(v, "--url must start with https://");
    }
    (void)snprintf(w->url_text, sizeof(w->url_text), "%s", w->url);
    size_t n = strlen(w->url_text);
    while (n > 0 && w->url_text[n - 1] == '/') {
        w->url_text[--n] = '\0';
    }
    w->url = w->url_text;
    if (!w->token[0]) {
        return bw_cli_usage(
            v, "a token is needed: the state's staff make one with `bandwitness "
               "token create`");
    }
    if (strlen(w->token) < TOKEN_MIN || strlen(w->token) > TOKEN_MAX) {
        return bw_cli_usage(v, "that is no token: it has %d to %d letters", TOKEN_MIN,
                            TOKEN_MAX);
    }
    return BW_EXIT_OK;
}

static int run(int argc, char **argv)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
                                          {"url", required_argument, NULL, 'u'},
                                          {"token", required_argument, NULL, 't'},
                                          {"token-file", required_argument, NULL, 'T'},
                                          {"ca-file", required_argument, NULL, 'a'},
                                          {"name", required_argument, NULL, 'n'},
                                          {"entity", required_argument, NULL, 'e'},
                                          {"state-dir", required_argument, NULL, 's'},
                                          {0}};
    const struct bw_verb *v = &bw_verb_enroll;
    struct wish w = {.config_path = BW_CLI_BOX_CONFIG, .token = "", .control = ""};
    struct bw_boxconf *c = NULL;
    struct bw_err err = {0};
    int o;
    while ((o = bw_cli_getopt(v, argc, argv, "", longs)) != -1) {
        switch (o) {
        case 'c':
            w.config_path = optarg;
            break;
        case 'u':
            w.url = optarg;
            break;
        case 't':
            w.token = optarg;
            break;
        case 'T':
            if (read_token(&w, optarg, &err) < 0) {
                return bw_cli_failed(v, "%s", err.text);
            }
            break;
        case 'a':
            w.ca_file = optarg;
            break;
        case 'n':
            w.name = optarg;
            break;
        case 'e':
            w.entity = optarg;
            break;
        case 's':
            w.state_dir = optarg;
            break;
        default:
            return BW_EXIT_USAGE;
        }
    }
    if (optind < argc) {
        return bw_cli_usage(v, "what is \"%s\"?", argv[optind]);
    }
    if (bw_crypto_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return bw_cli_failed(v, "cryptography could not be set up");
    }
    if (bw_boxconf_load(w.config_path, &c, &err) < 0 && !w.state_dir) {
        return bw_cli_failed(v, "%s", err.text);
    }
    int status = check(v, &w, c);
    if (status == BW_EXIT_OK) {
        status = enroll(v, &w);
    }
    bw_boxconf_unref(c);
    curl_global_cleanup();
    return status;
}

const struct bw_verb bw_verb_enroll = {
    .name = "enroll",
    .summary = "bring this box in at a collector",
    .help =
        "--url URL (--token TOKEN | --token-file FILE) [OPTION]...\n"
        "\n"
        "Makes a key, gives its public half to the collector under a one-time token, and\n"
        "notes in the state directory which site this box now is. The private half never\n"
        "leaves the box. Trying again after a lost answer is safe. Run it as root or as\n"
        "the daemon's user.\n"
        "\n"
        "  --url URL          the collector, https://… (default: of the configuration)\n"
        "  --token TOKEN      as printed by `bandwitness token create`\n"
        "  --token-file FILE  the same from a file, so that it does not show in ps(1)\n"
        "  --ca-file FILE     certificates (PEM) that may vouch for the collector\n"
        "  --name NAME        the site's name, where the token does not say it\n"
        "  --entity NAME      its district, school or library, likewise\n"
        "  --config FILE      default " BW_CLI_BOX_CONFIG "\n"
        "  --state-dir DIR    default: of the configuration\n"
        "\n"
        "Exit status: 0 the box is in (also when the same token is tried again), 1 "
        "refused,\n"
        "or it failed; the key is kept for the next try, 2 wrong usage.\n"
        "\n"
        "Example: bandwitness enroll --url https://collector.example.org --token-file t\n",
    .run = run,
};
