# SPDX-License-Identifier: BSL-1.0
# fail(text): goes on, and fails at the end, as `failures` says. The text stands as it is; message(SEND_ERROR) would fill it.
set(failures 0)
function(fail text)
  math(EXPR count "${failures} + 1")
  set(failures ${count} PARENT_SCOPE)
  message("${text}")
endfunction()
