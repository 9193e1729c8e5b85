# SPDX-License-Identifier: GPL-3.0-or-later
# The few shapes every target here has.

# bw_add_library(NAME SOURCES f.c … [LINK lib …] [PRIVATE_LINK lib …])
# One folder, one static library; its headers are seen by those that link it.
function(bw_add_library name)
  cmake_parse_arguments(A "" "" "SOURCES;LINK;PRIVATE_LINK" ${ARGN})
  add_library(${name} STATIC ${A_SOURCES})
  target_include_directories(${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC bw_include ${A_LINK} PRIVATE bw_flags ${A_PRIVATE_LINK})
endfunction()

# bw_add_program(NAME SOURCES f.c … LINK lib …): an installed program.
function(bw_add_program name)
  cmake_parse_arguments(A "" "DESTINATION" "SOURCES;LINK" ${ARGN})
  if(NOT A_DESTINATION)
    set(A_DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
  add_executable(${name} ${A_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE bw_flags ${A_LINK})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  install(TARGETS ${name} RUNTIME DESTINATION ${A_DESTINATION})
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
  set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 120)
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
    add_executable(${name}_fuzz ${src})
    target_link_libraries(${name}_fuzz PRIVATE bw_flags ${A_LINK})
    target_compile_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
    target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
  endif()
endfunction()
