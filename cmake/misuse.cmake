# SPDX-License-Identifier: BSL-1.0
# in: FILE, whose first line is `// expect: <regular expression>`; CXX; FLAGS, a response file; HEADER, if given, what is
# precompiled and included before it. out: fails unless the file compiles, and with KNIT_WRONG does not, and the compiler's first five
# lines then say what is expected, in a sentence that docs/errors.md has too.
cmake_minimum_required(VERSION 3.22)
set(ENV{LC_ALL} C)

# fail(text): as it stands, for message(FATAL_ERROR) alone would fill its lines anew.
function(fail text)
  message("${FILE}: ${text}")
  message(FATAL_ERROR "misuse test failed")
endfunction()

file(STRINGS ${FILE} first LIMIT_COUNT 1)
if(NOT first MATCHES "^// expect: (.+)$")
  fail("the first line must be // expect: <regular expression>")
endif()
set(expected "${CMAKE_MATCH_1}")

set(compile ${CXX} @${FLAGS} -fsyntax-only -fdiagnostics-color=never)
if(HEADER)
  list(APPEND compile -include ${HEADER})
endif()
execute_process(COMMAND ${compile} -DKNIT_WRONG ${FILE} RESULT_VARIABLE failed ERROR_VARIABLE said)
if(NOT failed)
  fail("with KNIT_WRONG it compiles, but must not")
endif()
if(said MATCHES "wrong_use<'")  # clang spells a sentence letter by letter
  string(REPLACE "', '" "" said "${said}")
  string(REPLACE "\\'" "'" said "${said}")
endif()
string(REGEX MATCH "^[^\n]*\n?[^\n]*\n?[^\n]*\n?[^\n]*\n?[^\n]*" head "${said}")
string(REGEX MATCHALL "error: " errors "${said}")
list(LENGTH errors errors)
message(STATUS "the compiler begins:\n${head}\n")
message(STATUS "errors in all: ${errors}")
if(NOT head MATCHES "${expected}")
  string(SUBSTRING "${said}" 0 4000 said)
  fail("the first five lines do not say\n  ${expected}\nbut\n${said}")
endif()

if(head MATCHES "[^_]sentence{\"(([^\"\\]|\\\\.)*)\"}")
  string(REGEX REPLACE "\\\\(.)" "\\1" sentence "${CMAKE_MATCH_1}")
  file(READ ${CMAKE_CURRENT_LIST_DIR}/../docs/errors.md page)
  string(FIND "${page}" "${sentence}" place)
  if(place EQUAL -1)
    fail("docs/errors.md does not have the sentence; run cmake/errors_page")
  endif()
endif()

execute_process(COMMAND ${compile} ${FILE} RESULT_VARIABLE failed ERROR_VARIABLE said)
if(failed)
  fail("the corrected twin does not compile\n${said}")
endif()
