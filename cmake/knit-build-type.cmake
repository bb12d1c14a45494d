# SPDX-License-Identifier: BSL-1.0
# in: a project that takes knit. out: a notice where it is about to compile without optimisation and may not mean to.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES AND NOT CMAKE_CXX_FLAGS MATCHES "-O")
  message(NOTICE "knit: no build type is set, and without optimisation programs are many times slower; -DCMAKE_BUILD_TYPE=Release sets one")
endif()
