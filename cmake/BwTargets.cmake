# SPDX-License-Identifier: GPL-3.0-or-later
# The few shapes every target here has.

# Our headers by quotes come first, by angle brackets last: a sched.h of ours must never
# stand in the way of the system's <sched.h>, which <pthread.h> includes.
function(bw_own_headers name scope)
  target_compile_options(${name} ${scope}
    "SHELL:-iquote ${CMAKE_CURRENT_SOURCE_DIR}" "SHELL:-idirafter ${CMAKE_CURRENT_SOURCE_DIR}")
endfunction()

# bw_add_library(NAME SOURCES f.c … [LINK lib …] [PRIVATE_LINK lib …])
# One folder, one static library; its headers are seen by those that link it.
function(bw_add_library name)
  cmake_parse_arguments(A "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(${name} STATIC ${A_SOURCES})
  bw_own_headers(${name} PUBLIC)
  target_link_libraries(${name} PUBLIC bw_include ${A_LINK} PRIVATE bw_flags ${A_PRIVATE_LINK})
endfunction()

# bw_add_program(NAME SOURCES f.c … LINK lib … [DESTINATION d] [COMPONENT c]): an installed program.
function(bw_add_program name)
  cmake_parse_arguments(A "" "DESTINATION;COMPONENT" "SOURCES;LINK" ${ARGN})
  if(NOT A_DESTINATION)
    set(A_DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
  if(NOT A_COMPONENT)
    set(A_COMPONENT Unspecified) # CMake's own word for the rest
  endif()
  add_executable(${name} ${A_SOURCES})
  bw_own_headers(${name} PRIVATE)
  target_link_libraries(${name} PRIVATE bw_flags ${A_LINK})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  install(TARGETS ${name} RUNTIME DESTINATION ${A_DESTINATION} COMPONENT ${A_COMPONENT})
endfunction()

# bw_add_unit_test(NAME LINK lib … [WRAP fn …]): tests/unit/NAME.c, one binary, one
# ctest entry labelled "unit". WRAP becomes -Wl,--wrap=fn.
function(bw_add_unit_test name)
  cmake_parse_arguments(A "" "" "LINK;WRAP;SOURCES" ${ARGN})
  if(NOT BUILD_TESTING)
    return()
  endif()
  add_executable(${name} ${CMAKE_SOURCE_DIR}/tests/unit/${name}.c ${A_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/support)
  target_compile_definitions(${name} PRIVATE BW_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE bw_flags ${A_LINK} dep_cmocka)
  foreach(fn ${A_WRAP})
    target_link_options(${name} PRIVATE -Wl,--wrap=${fn})
  endforeach()
  add_test(NAME unit.${name} COMMAND ${name})
  set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 300)
endfunction()

# bw_add_python_test(NAME FILE [ARGS …] LABEL l [TIMEOUT s] [COST s] [SERIAL] [ENV VAR=VALUE …]):
# a test program in Python, under the system's own python3 (its packages are Debian's). What they
# share is tests/support/bwtest; exit status 77 means "not possible here" and says why. COST:
# what takes long starts early, also where no earlier run has told how long.
function(bw_add_python_test name file)
  cmake_parse_arguments(A "SERIAL" "LABEL;TIMEOUT;COST" "ARGS;ENV" ${ARGN})
  if(NOT BUILD_TESTING)
    return()
  endif()
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 300)
  endif()
  set(built ${CMAKE_BINARY_DIR}/cli:${CMAKE_BINARY_DIR}/daemon:${CMAKE_BINARY_DIR}/collector:${CMAKE_BINARY_DIR}/snmp)
  get_filename_component(path ${file} ABSOLUTE)
  add_test(NAME ${name} COMMAND /usr/bin/python3 ${path} ${A_ARGS})
  set_tests_properties(${name} PROPERTIES
    LABELS ${A_LABEL} TIMEOUT ${A_TIMEOUT} SKIP_RETURN_CODE 77
    ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1;PYTHONPATH=${CMAKE_SOURCE_DIR}/tests/support;BW_PROGRAMS=${built};${A_ENV}")
  if(A_SERIAL)
    set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
  endif()
  if(A_COST)
    set_tests_properties(${name} PROPERTIES COST ${A_COST})
  endif()
endfunction()

# bw_add_fuzzer(NAME LINK lib …): tests/fuzz/NAME.c with LLVMFuzzerTestOneInput and
# the seed corpus tests/fuzz/corpus/NAME/. Always built with a replayer so that the
# corpus runs in ctest; with BW_FUZZ (clang) also as a libFuzzer program NAME_fuzz.
function(bw_add_fuzzer name)
  cmake_parse_arguments(A "" "" "LINK" ${ARGN})
  if(NOT BUILD_TESTING)
    return()
  endif()
  set(src ${CMAKE_SOURCE_DIR}/tests/fuzz/${name}.c)
  add_executable(${name} ${src} ${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.c)
  target_link_libraries(${name} PRIVATE bw_flags ${A_LINK})
  add_test(NAME fuzz.${name} COMMAND ${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 120)
  if(BW_FUZZ)
    if(NOT TARGET fuzzers)
      add_custom_target(fuzzers)
    endif()
    add_executable(${name}_fuzz ${src})
    add_dependencies(fuzzers ${name}_fuzz)
    target_link_libraries(${name}_fuzz PRIVATE bw_flags ${A_LINK})
    target_compile_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
    target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
  endif()
endfunction()

# bw_add_probe(KIND [LINK lib …]): one folder probes/KIND with KIND.c (which defines
# bw_probe_KIND), KIND.scd (its section of the manual) and KIND.conf (its sample). The
# table of all kinds, the manual and the sample configuration are made from these lines:
# global properties BW_PROBES (kinds in order) and, for each, the files above.
function(bw_add_probe kind)
  cmake_parse_arguments(A "" "" "SOURCES;LINK" ${ARGN})
  set(dir ${CMAKE_CURRENT_SOURCE_DIR}/${kind})
  set(sources ${dir}/${kind}.c)
  foreach(f ${A_SOURCES})
    list(APPEND sources ${dir}/${f})
  endforeach()
  add_library(bw_probe_${kind} STATIC ${sources})
  target_compile_options(bw_probe_${kind} PUBLIC "SHELL:-iquote ${dir}")
  target_link_libraries(bw_probe_${kind} PUBLIC bw_include PRIVATE bw_flags bw_net dep_uv ${A_LINK})
  foreach(f ${kind}.scd ${kind}.conf)
    if(NOT EXISTS ${dir}/${f})
      message(FATAL_ERROR "probes/${kind}: ${f} is missing")
    endif()
  endforeach()
  set_property(GLOBAL APPEND PROPERTY BW_PROBES ${kind})
endfunction()

# bw_write_probe_table(NAME): the library NAME with bw_probe_table[] of every kind so far.
function(bw_write_probe_table name)
  get_property(kinds GLOBAL PROPERTY BW_PROBES)
  set(text "/* Written by CMake from the bw_add_probe() lines. */\n#include <bw/probe.h>\n#include <stddef.h>\n\n")
  set(rows "")
  set(libs "")
  foreach(kind ${kinds})
    string(APPEND text "extern const struct bw_probe_ops bw_probe_${kind};\n")
    string(APPEND rows "    &bw_probe_${kind},\n")
    list(APPEND libs bw_probe_${kind})
  endforeach()
  string(APPEND text "\nconst struct bw_probe_ops *const bw_probe_table[] = {\n${rows}    NULL,\n};\n")
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/table.c CONTENT "${text}" @ONLY)
  add_library(${name} STATIC ${CMAKE_CURRENT_BINARY_DIR}/table.c)
  target_link_libraries(${name} PUBLIC bw_include ${libs} PRIVATE bw_flags)
endfunction()
