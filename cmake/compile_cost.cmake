# SPDX-License-Identifier: BSL-1.0
# in: FILE, a program of LEVELS alike parts; CXX, a g++; FLAGS, a response file. out: fails if what the compiler allocates for four
# times as many levels is 4^1.5 = 8 times as much or more, headers not counted.
cmake_minimum_required(VERSION 3.22)
set(ENV{LC_ALL} C)

# allocated(levels result): kilobytes that the compiler has allocated from its collector in all, a count that it tells itself.
function(allocated levels result)
  execute_process(COMMAND ${CXX} @${FLAGS} -fsyntax-only -ftime-report -DFRONT_END -DLEVELS=${levels} ${FILE}
    RESULT_VARIABLE failed ERROR_VARIABLE said)
  if(failed OR NOT said MATCHES "TOTAL *:[^\n]* ([0-9]+)([kM])")
    message(FATAL_ERROR "${FILE} with ${levels} levels: ${said}")
  endif()
  set(count ${CMAKE_MATCH_1})
  if(CMAKE_MATCH_2 STREQUAL M)
    math(EXPR count "${count} * 1024")
  endif()
  message(STATUS "${levels} levels: ${count} kB")
  set(${result} ${count} PARENT_SCOPE)
endfunction()

allocated(1 headers)
allocated(16 few)
allocated(64 many)
math(EXPR times "10 * (${many} - ${headers}) / (${few} - ${headers})")
message(STATUS "four times the levels cost ${times} / 10 times the memory")
if(times GREATER_EQUAL 80)
  message(FATAL_ERROR "compile cost grows faster than the power 1.5 of the nodes")
endif()
