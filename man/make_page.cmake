# SPDX-License-Identifier: GPL-3.0-or-later
# cmake -DSCD=in.scd -DOUT=page -DSCDOC=scdoc [-DOPTIONS=text] -P make_page.cmake
# The line @OPTIONS@ of the page becomes the generated text.
cmake_minimum_required(VERSION 3.25) # else @OPTIONS@ is taken for a variable
file(READ ${SCD} page)
if(OPTIONS)
  file(READ ${OPTIONS} options)
  string(REPLACE "@OPTIONS@\n" "${options}" page "${page}")
endif()
file(WRITE ${OUT}.scd "${page}")
execute_process(
  COMMAND ${SCDOC} INPUT_FILE ${OUT}.scd OUTPUT_FILE ${OUT}
  ERROR_VARIABLE why RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${SCD}: ${why} (the whole text is ${OUT}.scd)")
endif()
