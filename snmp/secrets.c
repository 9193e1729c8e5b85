/* SPDX-License-Identifier: GPL-3.0-or-later
 * secrets.c - the file with what the device must be shown. */
#include "secrets.h"

#include <bw/err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_MAX = 4096
};

static int read_private(const char *path, char buf[FILE_MAX + 1], struct bw_err *reterr)
{
    struct stat st;
    size_t n = 0;
    int r = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        r = -errno;
        return bw_err_set(reterr, r, "secrets: '%.200s': %s", path, bw_strerror(r));
    }
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        r = bw_err_set(reterr, -EINVAL, "secrets: '%.200s' is not a file", path);
        goto out;
    }
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0 ||
        (st.st_uid != geteuid() && st.st_uid != 0)) {
        r = bw_err_set(reterr, -EPERM,
                       "secrets: others than the daemon's user may read '%.200s': make it "
                       "that user's own (chown) and close it (chmod 600)",
                       path);
        goto out;
    }
    while (n <= FILE_MAX) {
        ssize_t got = read(fd, buf + n, FILE_MAX + 1 - n);
        if (got < 0 && errno != EINTR) {
            r = -errno;
            (void)bw_err_set(reterr, r, "secrets: '%.200s': %s", path, bw_strerror(r));
            goto out;
        }
        if (got == 0) {
            break;
        }
        n += got > 0 ? (size_t)got : 0;
    }
    if (n > FILE_MAX || memchr(buf, '\0', n)) {
        r = bw_err_set(reterr, -EINVAL,
                       "secrets: '%.200s' is not a text of at most %d bytes", path,
                       FILE_MAX);
        goto out;
    }
    buf[n] = '\0';
out:
    (void)close(fd);
    return r;
}

/* One line, without its end. 0, -EINVAL without saying what stands there. */
static int take_line(char *line, struct bw_snmp_secrets *s)
{
    const struct {
        const char *word;
        char *to;
    } words[] = {{"auth", s->auth}, {"privacy", s->privacy}, {"community", s->community}};
    size_t word_len;
    char *value;
    line += strspn(line, " \t");
    if (line[0] == '\0' || line[0] == '#') {
        return 0;
    }
    word_len = strcspn(line, " \t");
    value = line + word_len + strspn(line + word_len, " \t");
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strlen(words[i].word) != word_len ||
            strncmp(line, words[i].word, word_len) != 0) {
            continue;
        }
        if (words[i].to[0] != '\0' || value[0] == '\0' ||
            strlen(value) > BW_SNMP_SECRET_MAX) {
            return -EINVAL;
        }
        (void)memcpy(words[i].to, value, strlen(value) + 1);
        return 0;
    }
    return -EINVAL;
}

static int check(const char *path,
                 enum bw_snmp_version version,
                 const struct bw_snmp_secrets *s,
                 struct bw_err *reterr)
{
    if (version == BW_SNMP_V2C) {
        return s->community[0] != '\0'
                   ? 0
                   : bw_err_set(reterr, -EINVAL,
                                "secrets: '%.200s' has no line 'community NAME'", path);
    }
    if (strlen(s->auth) < BW_SNMP_SECRET_MIN || strlen(s->privacy) < BW_SNMP_SECRET_MIN) {
        return bw_err_set(reterr, -EINVAL,
                          "secrets: '%.200s' needs a line 'auth PASSPHRASE' and a line "
                          "'privacy PASSPHRASE' of at least %d characters each",
                          path, BW_SNMP_SECRET_MIN);
    }
    return 0;
}

int bw_snmp_secrets_read(const char *path,
                         enum bw_snmp_version version,
                         struct bw_snmp_secrets *ret,
                         struct bw_err *reterr)
{
    char buf[FILE_MAX + 1] = "";
    struct bw_snmp_secrets s;
    int line = 0;
    int r;
    (void)memset(&s, 0, sizeof(s));
    r = read_private(path, buf, reterr);
    for (char *at = buf; r == 0 && *at;) {
        char *end = at + strcspn(at, "\n");
        bool last = *end == '\0';
        *end = '\0';
        line++;
        if (end > at && end[-1] == '\r') {
            end[-1] = '\0';
        }
        r = take_line(at, &s);
        if (r < 0) {
            (void)bw_err_set(reterr, r,
                             "secrets: '%.200s', line %d: not 'auth', 'privacy' or "
                             "'community' with one value of at most %d bytes",
                             path, line, BW_SNMP_SECRET_MAX);
        }
        at = last ? end : end + 1;
    }
    r = r < 0 ? r : check(path, version, &s, reterr);
    if (r == 0) {
        *ret = s;
    }
    bw_snmp_secrets_wipe(&s);
    explicit_bzero(buf, sizeof(buf));
    return r;
}

void bw_snmp_secrets_wipe(struct bw_snmp_secrets *s)
{
    explicit_bzero(s, sizeof(*s));
}
