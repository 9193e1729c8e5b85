/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_frame.c - what stands around every page: its head, the way to other pages, its end;
 * and the style sheet. */
#include "page_parts.h"
#include "page_static.h"

#include <buf.h>
#include <clock.h>
#include <http.h>
#include <stdio.h>
#include <string.h>
#include <text.h>
#include <viewer.h>

/* The navigation, in its order. */
static const struct {
    enum bw_page_place place;
    const char *address;
    const char *words;
} places[] = {{BW_PLACE_CHANGED, "/", "Changed"},
              {BW_PLACE_ALERTS, "/alerts", "Alerts"},
              {BW_PLACE_QUEUE, "/queue", "Queue"},
              {BW_PLACE_SITES, "/sites", "Sites"},
              {BW_PLACE_DISTRICTS, "/districts", "Districts"},
              {BW_PLACE_COMPARE, "/compare", "Compare"},
              {BW_PLACE_PRICES, "/prices", "Prices"},
              {BW_PLACE_READINESS, "/readiness", "Readiness"},
              {BW_PLACE_PROGRESS, "/progress", "Progress"},
              {BW_PLACE_FLEET, "/fleet", "Fleet"},
              {BW_PLACE_SERVERS, "/servers", "Servers"},
              {BW_PLACE_OPEN_DATA, "/open-data", "Open data"}};

/* A page of the whole state leads nowhere for who does not see that. */
static void
write_navigation(struct bw_buf *b, enum bw_page_place here, const struct bw_viewer *v)
{
    bw_buf_puts(b, "<nav class=\"places\" aria-label=\"Pages\"><ul>");
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (places[i].place == BW_PLACE_SERVERS && !bw_viewer_sees_state(v)) {
            continue;
        }
        bw_buf_printf(b, "<li><a href=\"%s\"%s>%s</a></li>", places[i].address,
                      places[i].place == here ? " aria-current=\"true\"" : "",
                      places[i].words);
    }
    bw_buf_puts(b, "</ul></nav>");
}

static void write_who(struct bw_buf *b, const struct bw_viewer *v)
{
    if (!v || v->open || v->key) {
        return;
    }
    bw_buf_puts(b, v->outside ? "<div class=\"who\">"
                              : "<div class=\"who\"><a href=\"/account\">");
    bw_page_name(b, v->shown);
    bw_buf_puts(b, v->outside ? " <span>" : "</a><span>");
    bw_text_html(b, bw_viewer_role(v));
    bw_buf_puts(b, "</span>");
    if (bw_viewer_has_session(v)) { /* else it is the proxy's to end */
        bw_buf_puts(b, "<form method=\"post\" action=\"/sign-out\">");
        bw_viewer_form(v, b);
        bw_buf_puts(b, "<button>Sign out</button></form>");
    }
    bw_buf_puts(b, "</div>");
}

void bw_page_begin_at(struct bw_buf *b,
                      const char *title,
                      const char *state,
                      enum bw_page_place here,
                      const struct bw_viewer *viewer)
{
    bw_buf_puts(b,
                "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                "<title>");
    bw_text_html(b, title);
    bw_buf_puts(b, " – ");
    bw_text_html(b, state);
    bw_buf_printf(b,
                  "</title><link rel=\"icon\" href=\"/static/icon.svg\" "
                  "type=\"image/svg+xml\">"
                  "<link rel=\"stylesheet\" href=\"/static/style-%s.css\">"
                  "</head><body><a class=\"skip\" href=\"#main\">Skip to content</a>"
                  "<header class=\"top\"><div>",
                  bw_style.tag);
    write_who(b, viewer);
    bw_buf_puts(b, "<p><a href=\"/\">");
    bw_page_name(b, state);
    bw_buf_puts(b, "</a> <span>a witness for school bandwidth</span></p>");
    write_navigation(b, here, viewer);
    bw_buf_puts(b, "</div></header><main id=\"main\">\n");
}

void bw_page_begin(struct bw_buf *b, const char *title, const char *state)
{
    bw_page_begin_at(b, title, state, BW_PLACE_NONE, NULL);
}

void bw_page_end(struct bw_buf *b, int64_t now_unix_ms)
{
    bw_buf_puts(b, "\n</main><footer>Made ");
    bw_page_time(b, now_unix_ms / 1000);
    bw_buf_puts(b, " UTC from signed records. A figure nobody measured is not shown as 0. "
                   "Bandwitness " BW_VERSION ".</footer></body></html>\n");
}

void bw_page_sorry(struct bw_http_req *req, unsigned status, const char *why)
{
    struct bw_buf b;
    bw_buf_init(&b, 65536);
    const char *title = status == 404 ? "Nothing here" : "Not possible now";
    bw_page_begin(&b, title, "Bandwitness");
    bw_buf_printf(&b, "<h1>%s</h1><p>", title);
    bw_text_html(&b, why);
    bw_buf_puts(&b, "</p><p><a href=\"/sites\">All sites</a></p>");
    bw_page_end(&b, bw_clock_unix_ms());
    if (status == 429 || status == 503) {
        bw_http_add(req, "Retry-After", "10");
    }
    bw_http_reply(req, status, "text/html; charset=utf-8", &b);
}

/* Four seconds of a line, one of them full. */
static const char icon[] =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 32 32\">"
    "<rect width=\"32\" height=\"32\" rx=\"6\" fill=\"#0a5c9e\"/>"
    "<path d=\"M6 26v-8h4v8zM12 26V13h4v13zM18 26V6h4v20zM24 26v-9h3v9z\" fill=\"#fff\"/>"
    "</svg>";

void bw_page_static(void *owner, struct bw_http_req *req)
{
    (void)owner;
    char name[64];
    if (strcmp(bw_http_param(req, 0), "icon.svg") == 0) {
        bw_http_add(req, "Cache-Control", "public, max-age=86400");
        bw_http_reply_const(req, 200, "image/svg+xml", icon, sizeof(icon) - 1);
        return;
    }
    (void)snprintf(name, sizeof(name), "style-%s.css", bw_style.tag);
    bool style = strcmp(bw_http_param(req, 0), name) == 0;
    (void)snprintf(name, sizeof(name), "room-%s.js", bw_script.tag);
    if (!style && strcmp(bw_http_param(req, 0), name) != 0) {
        bw_page_sorry(req, 404, "there is no such file");
        return;
    }
    const struct bw_page_file *f = style ? &bw_style : &bw_script;
    bw_http_add(req, "Cache-Control", "public, max-age=31536000, immutable");
    bw_http_reply_const(
        req, 200, style ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8",
        f->data, f->len);
}
