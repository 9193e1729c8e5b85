/* SPDX-License-Identifier: GPL-3.0-or-later
 * box.c - the command's side of the control socket: one JSON object a line, each way. */
#include "box.h"

#include "buf.h"
#include "json.h"

#include <bw/err.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    LINE_MAX_BYTES = 8 * 1024 * 1024,
    READ_BYTES = 65536
};

static int dial(const char *path, struct bw_err *reterr)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = -1;
    if (strlen(path) >= sizeof(to.sun_path)) {
        return bw_err_set(reterr, -ENAMETOOLONG, "%.100s…: the path is too long", path);
    }
    memcpy(to.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return bw_err_set(reterr, -errno, "socket: %s", bw_strerror(-errno));
    }
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0) {
        int r = -errno;
        const char *mend =
            r == -EACCES ? "; you may not write to it: join its group, or use "
                           "sudo"
            : r == -ENOENT || r == -ECONNREFUSED
                ? "; bandwitnessd does not run (systemctl status bandwitness)"
                : "";
        (void)close(fd);
        return bw_err_set(reterr, r, "%s: %s%s", path, bw_strerror(r), mend);
    }
    return fd;
}

static int send_all(int fd, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t w = send(fd, data, n, MSG_NOSIGNAL);
        if (w < 0 && errno == EINTR) {
            continue;
        }
        if (w < 0) {
            return -errno;
        }
        data += w;
        n -= (size_t)w;
    }
    return 0;
}

/* One line of the answer: 1 when it was the last. */
static int take_line(const char *line,
                     size_t n,
                     void (*progress)(void *owner, const json_t *line),
                     void *owner,
                     json_t **ret,
                     struct bw_err *reterr)
{
    json_t *o = NULL;
    int r = bw_json_parse(line, n, LINE_MAX_BYTES, &o, reterr);
    if (r < 0) {
        return r;
    }
    const json_t *ok = json_object_get(o, "ok");
    if (!ok) {
        if (progress) {
            progress(owner, o);
        }
        json_decref(o);
        return 0;
    }
    if (!json_is_true(ok)) {
        const char *why = json_string_value(json_object_get(o, "error"));
        r = bw_err_set(reterr, -BW_EREFUSED, "%s", why ? why : "the daemon said no");
        json_decref(o);
        return r;
    }
    *ret = o;
    return 1;
}

static int read_answer(int fd,
                       void (*progress)(void *owner, const json_t *line),
                       void *owner,
                       json_t **ret,
                       struct bw_err *reterr)
{
    struct bw_buf in;
    char *chunk = malloc(READ_BYTES);
    int r = chunk ? 0 : bw_err_set(reterr, -ENOMEM, "out of memory");
    bw_buf_init(&in, LINE_MAX_BYTES);
    while (r == 0) {
        ssize_t n = recv(fd, chunk, READ_BYTES, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            r = bw_err_set(reterr, n < 0 ? -errno : -EPIPE,
                           "the daemon ended while answering");
            break;
        }
        bw_buf_add(&in, chunk, (size_t)n);
        r = bw_buf_error(&in);
        const char *nl;
        while (r == 0 && in.len > 0 && (nl = memchr(in.data, '\n', in.len)) != NULL) {
            size_t used = (size_t)(nl - in.data) + 1;
            r = take_line(in.data, used - 1, progress, owner, ret, reterr);
            memmove(in.data, in.data + used, in.len - used);
            in.len -= used;
        }
    }
    free(chunk);
    bw_buf_done(&in);
    return r > 0 ? 0 : r;
}

int bw_cli_ask(const char *socket,
               const json_t *request,
               void (*progress)(void *owner, const json_t *line),
               void *owner,
               json_t **ret,
               struct bw_err *reterr)
{
    char *text = json_dumps(request, JSON_COMPACT);
    if (!text) {
        return bw_err_set(reterr, -ENOMEM, "out of memory");
    }
    int fd = dial(socket, reterr);
    if (fd < 0) {
        free(text);
        return fd;
    }
    int r = send_all(fd, text, strlen(text));
    r = r < 0 ? r : send_all(fd, "\n", 1);
    if (r < 0) {
        (void)bw_err_set(reterr, r, "%s: %s", socket, bw_strerror(r));
    } else {
        r = read_answer(fd, progress, owner, ret, reterr);
    }
    (void)close(fd);
    free(text);
    return r;
}
