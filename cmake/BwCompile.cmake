# SPDX-License-Identifier: GPL-3.0-or-later
# How our own code is compiled. Third-party headers come in as SYSTEM.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

option(BW_WERROR "Warnings are errors (CI)" OFF)
option(BW_BENCH "Build the programs of bench/" OFF)
option(BW_FUZZ "Build the libFuzzer targets (clang)" OFF)
option(BW_ANALYZE "Run gcc -fanalyzer over every file" OFF)
option(BW_COVERAGE "Instrument for gcov" OFF)
set(BW_SANITIZE "" CACHE STRING "Value for -fsanitize=, empty for none")

add_library(bw_flags INTERFACE)
target_compile_definitions(bw_flags INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64)
target_compile_options(bw_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
  -Wmissing-prototypes -Wold-style-definition -Wformat=2 -Wundef -Wvla -Wcast-qual
  -Wwrite-strings -Wimplicit-fallthrough -Wswitch-enum -Wnull-dereference
  -Wdouble-promotion
  $<$<C_COMPILER_ID:GNU>:-Wlogical-op;-Wduplicated-cond;-Wduplicated-branches;-Wformat-signedness>
  $<$<BOOL:${BW_WERROR}>:-Werror>
  $<$<BOOL:${BW_ANALYZE}>:-fanalyzer>
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)

if(BW_SANITIZE)
  target_compile_options(bw_flags INTERFACE
    -fsanitize=${BW_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g -O1)
  target_link_options(bw_flags INTERFACE -fsanitize=${BW_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_options(bw_flags INTERFACE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection)
  target_link_options(bw_flags INTERFACE -Wl,-z,relro,-z,now)
endif()
if(BW_COVERAGE)
  target_compile_options(bw_flags INTERFACE --coverage -O0 -g)
  target_link_options(bw_flags INTERFACE --coverage)
endif()
