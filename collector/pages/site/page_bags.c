/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_bags.c - yearly bags of a site, newest year first. */
#include "page_bags.h"

#include <page_parts.h>

#include <bag_place.h>
#include <buf.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <text.h>

static void
put_bag(struct bw_buf *b, const char *folder, const char *site, const char *file)
{
    struct bw_bag_place p;
    char path[PATH_MAX];
    struct stat st;

    if (bw_bag_place_parse(file, &p) < 0 || strcmp(p.site, site) != 0) {
        return;
    }
    bw_bag_place_path(folder, &p, "", path);
    if (stat(path, &st) < 0) {
        return;
    }
    bw_buf_printf(b, "<li>Funding year %d, circuit ", p.year);
    bw_text_html(b, p.circuit);
    bw_buf_puts(b, ": <a href=\"/api/v1/sites/");
    bw_text_url(b, site);
    bw_buf_puts(b, "/bags/");
    bw_text_url(b, file);
    bw_buf_puts(b, "\">");
    bw_text_html(b, file);
    bw_buf_puts(b, "</a>, ");
    bw_page_bytes(b, st.st_size);
    bw_buf_puts(b, "</li>");
}

void bw_page_bags(struct bw_buf *b, const char *folder, const char *site)
{
    struct dirent **years = NULL;
    char path[PATH_MAX];
    int n;

    (void)snprintf(path, sizeof(path), "%.3700s/%s", folder, site);
    n = scandir(path, &years, NULL, alphasort);
    if (n <= 0) {
        return;
    }
    bw_buf_puts(
        b, "<h2>Yearly bags</h2><p class=\"small\">All evidence of a circuit and "
           "funding year, made once after its end; <code>bandwitness verify</code> "
           "checks one with nothing else at hand. The district keeps them for ten "
           "years; its box fetches them (<code>bandwitness bag fetch</code>).</p><ul>");
    for (int i = n - 1; i >= 0; i--) {
        struct dirent **files = NULL;
        int k = -1;
        if (strncmp(years[i]->d_name, "FY", 2) == 0) {
            (void)snprintf(path, sizeof(path), "%.3700s/%s/%.16s", folder, site,
                           years[i]->d_name);
            k = scandir(path, &files, NULL, alphasort);
        }
        for (int j = 0; j < k; j++) {
            put_bag(b, folder, site, files[j]->d_name);
            free(files[j]);
        }
        free(files);
        free(years[i]);
    }
    free(years);
    bw_buf_puts(b, "</ul>");
}
