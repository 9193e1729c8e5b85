# SPDX-License-Identifier: GPL-3.0-or-later
# cmake -DIN=style.css -DOUT=style_css.c -P embed.cmake: a file as a C array.
file(READ ${IN} hex HEX)
file(SHA256 ${IN} hash)
string(SUBSTRING ${hash} 0 12 tag)
string(REGEX REPLACE "(..)" "0x\\1, " bytes "${hex}")
string(REGEX REPLACE "((0x.., ){16})" "\\1\n    " bytes "${bytes}")
file(WRITE ${OUT} "/* Made by the build from web/style.css. */
#include \"page_parts.h\"

const char bw_style_css[] = {
    ${bytes}0x00};
const size_t bw_style_css_len = sizeof(bw_style_css) - 1;
const char bw_style_tag[] = \"${tag}\";
")
