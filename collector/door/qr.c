/* SPDX-License-Identifier: GPL-3.0-or-later
 * qr.c - libqrencode's modules as one path, a run of a row at a time. */
#include "qr.h"

#include <buf.h>
#include <qrencode.h>
#include <string.h>

enum {
    QUIET = 4, /* modules around it, as the standard wants */
    PIXELS = 5
};

void bw_qr_svg(struct bw_buf *out, const char *text)
{
    QRcode *q = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    if (!q) {
        return;
    }
    int side = q->width + 2 * QUIET;
    bw_buf_printf(
        out,
        "<svg role=\"img\" aria-label=\"The same as a QR code\" width=\"%d\" "
        "height=\"%d\" viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">"
        "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/><path fill=\"#000\" d=\"",
        side * PIXELS, side * PIXELS, side, side, side, side);
    for (int y = 0; y < q->width; y++) {
        const unsigned char *row = q->data + (size_t)y * (size_t)q->width;
        for (int x = 0; x < q->width; x++) {
            int n = 0;
            while (x + n < q->width && (row[x + n] & 1)) {
                n++;
            }
            if (n > 0) {
                bw_buf_printf(out, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, n, n);
                x += n;
            }
        }
    }
    bw_buf_puts(out, "\"/></svg>");
    QRcode_free(q);
}
