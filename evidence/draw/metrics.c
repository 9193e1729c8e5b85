/* SPDX-License-Identifier: GPL-3.0-or-later
 * metrics.c - how wide texts are at most, without asking any font of this machine.
 *
 * Invariant: for each character the wider of DejaVu Sans and Open Sans, in thousandths of
 * the size, rounded up: the widest of the fonts that back ends name, so that what does not
 * overlap here overlaps nowhere. Characters outside ASCII count as wide as the widest. */
#include "canvas.h"

#include <string.h>
#include <utf8.h>

enum {
    FIRST = ' ',
    LAST = '~',
    LETTER = 800, /* U+00A0 to U+024F */
    WIDEST = 1000
};

/* hmtx advances of fonts-dejavu-core 2.37 and fonts-open-sans 1.11 */
static const uint16_t plain[LAST - FIRST + 1] = {
    318,  401, 460, 838, 637, 951, 780, 275, 391, 391, 552, 838, 318, 361, 318, 368,
    637,  637, 637, 637, 637, 637, 637, 637, 637, 637, 337, 337, 838, 838, 838, 531,
    1000, 685, 687, 699, 771, 632, 576, 775, 752, 295, 295, 656, 558, 903, 754, 788,
    604,  788, 695, 635, 611, 732, 685, 989, 686, 611, 686, 391, 368, 391, 838, 500,
    578,  613, 635, 550, 635, 616, 353, 635, 634, 278, 278, 580, 278, 975, 634, 612,
    635,  635, 412, 521, 393, 634, 592, 818, 592, 592, 525, 637, 551, 637, 838};
static const uint16_t bold[LAST - FIRST + 1] = {
    349,  457, 521, 838, 696, 1002, 873, 307,  458, 458, 545, 838, 380, 416,  380, 414,
    696,  696, 696, 696, 696, 696,  696, 696,  696, 696, 400, 400, 838, 838,  838, 581,
    1000, 774, 763, 734, 831, 684,  684, 821,  837, 373, 373, 775, 638, 996,  837, 851,
    733,  851, 771, 721, 683, 813,  774, 1104, 771, 725, 726, 458, 414, 458,  838, 500,
    607,  675, 716, 593, 716, 679,  436, 716,  712, 343, 343, 666, 343, 1042, 712, 688,
    716,  716, 494, 596, 479, 712,  652, 924,  646, 652, 583, 712, 551, 712,  838};

static const struct {
    int64_t size_mpt;
    const uint16_t *widths;
} roles[BW_ROLES] = {
    [BW_ROLE_LABEL] = {8 * BW_PT, plain}, [BW_ROLE_SMALL] = {7 * BW_PT, plain},
    [BW_ROLE_VALUE] = {8 * BW_PT, bold},  [BW_ROLE_HEAD] = {9 * BW_PT, bold},
    [BW_ROLE_LIGHT] = {7 * BW_PT, plain},
};

int64_t bw_canvas_size_mpt(enum bw_role role)
{
    return roles[role].size_mpt;
}

int64_t bw_canvas_text_mpt(enum bw_role role, const char *text)
{
    size_t left = strlen(text);
    int64_t sum = 0;

    while (left > 0) {
        unsigned char c = (unsigned char)*text;
        size_t n = bw_utf8_char(text, left);
        n = n ? n : 1;
        if (n == 1) {
            sum += c >= FIRST && c <= LAST ? roles[role].widths[c - FIRST] : WIDEST;
        } else {
            sum += n == 2 && c <= 0xc9 ? LETTER : WIDEST;
        }
        text += n;
        left -= n;
    }
    return (sum * roles[role].size_mpt + 999) / 1000;
}
