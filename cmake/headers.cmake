# SPDX-License-Identifier: BSL-1.0
# in: ROOT, CXX, FLAGS (a response file), WORK (a folder to write in). out: fails unless each header
# compiles alone, and all together after the macros that hostile system headers define.
cmake_minimum_required(VERSION 3.22)
set(ENV{LC_ALL} C)

file(GLOB_RECURSE headers ${ROOT}/include/*.hpp ${ROOT}/kernels/*.hpp)
set(compile ${CXX} -I${ROOT}/include -I${ROOT}/kernels @${FLAGS} -fsyntax-only -x c++)

# fail(text): goes on, and fails at the end. The text stands as it is; message(SEND_ERROR) would fill it.
set(failures 0)
function(fail text)
  math(EXPR count "${failures} + 1")
  set(failures ${count} PARENT_SCOPE)
  message("${text}")
endfunction()

# Two at a time: commands of one execute_process run side by side.
set(queue ${headers})
while(queue)
  list(POP_FRONT queue a)
  list(POP_FRONT queue b)
  set(second)
  if(b)
    set(second COMMAND ${compile} -include ${b} /dev/null)
  endif()
  execute_process(COMMAND ${compile} -include ${a} /dev/null ${second}
    RESULTS_VARIABLE failed ERROR_VARIABLE said)
  foreach(header IN ITEMS ${a} ${b})
    list(POP_FRONT failed code)
    if(code)
      fail("${header} does not compile alone\n${said}")
      set(said)
    endif()
  endforeach()
endwhile()

# Other people's headers come first, for the macros are to test ours only.
set(theirs)
set(ours)
foreach(header IN LISTS headers)
  string(APPEND ours "#include \"${header}\"\n")
  file(STRINGS ${header} includes REGEX "^[ \t]*#[ \t]*include[ \t]*<")
  list(FILTER includes EXCLUDE REGEX "<knit")
  list(APPEND theirs ${includes})
endforeach()
list(TRANSFORM theirs REPLACE ">.*" ">")
list(REMOVE_DUPLICATES theirs)
list(JOIN theirs "\n" theirs)
file(WRITE ${WORK}/hostile.cpp "${theirs}\n#define I 1\n#define small 1\n#define B0 1\n${ours}")
execute_process(COMMAND ${compile} ${WORK}/hostile.cpp RESULT_VARIABLE failed ERROR_VARIABLE said)
if(failed)
  fail("the headers do not compile after hostile macros\n${said}")
endif()
list(LENGTH headers count)
if(failures)
  message(FATAL_ERROR "headers: ${failures} of ${count} failed")
endif()
message(STATUS "headers: ${count} checked")
