# SPDX-License-Identifier: BSL-1.0
# in: ROOT, CXX, FLAGS (a response file), FILE, ARCH (a flag, or nothing). out: fails if the compiler warns of anything in FILE or in the
# headers of knit, which are no system headers here.
cmake_minimum_required(VERSION 3.22)
set(ENV{LC_ALL} C)

execute_process(COMMAND ${CXX} -I${ROOT}/include -I${ROOT}/kernels @${FLAGS} ${ARCH} -Wall -Wextra -Wconversion -Wshadow
  -fsyntax-only ${FILE} RESULT_VARIABLE failed ERROR_VARIABLE said)
if(failed OR NOT said STREQUAL "")
  message("${FILE}: there must be no warning, but\n${said}")
  message(FATAL_ERROR "warnings: not none of ${CXX}")
endif()
message(STATUS "warnings: none of ${CXX}")
