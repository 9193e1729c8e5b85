# SPDX-License-Identifier: GPL-3.0-or-later
# cmake -DIN=style.css -DOUT=bw_style.c -DSYMBOL=bw_style -P embed.cmake: a file as a C array.
file(READ ${IN} hex HEX)
file(SHA256 ${IN} hash)
get_filename_component(name ${IN} NAME)
string(SUBSTRING ${hash} 0 12 tag)
string(REGEX REPLACE "(..)" "0x\\1, " bytes "${hex}")
string(REGEX REPLACE "((0x.., ){16})" "\\1\n    " bytes "${bytes}")
file(WRITE ${OUT} "/* Made by the build from web/${name}. */
#include \"page_parts.h\"

static const char bytes[] = {
    ${bytes}0x00};
const struct bw_page_file ${SYMBOL} = {bytes, sizeof(bytes) - 1, \"${tag}\"};
")
