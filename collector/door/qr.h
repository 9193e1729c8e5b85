/* SPDX-License-Identifier: GPL-3.0-or-later
 * qr.h - an address as a picture that a telephone reads. Pure; any thread. */
#ifndef BW_DOOR_QR_H
#define BW_DOOR_QR_H

struct bw_buf;

/* Append a QR code (ISO/IEC 18004) of the text as an SVG element, dark on light whatever
 * the page's colours are; nothing where it is too long. */
void bw_qr_svg(struct bw_buf *out, const char *text);

#endif
