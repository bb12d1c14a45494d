# SPDX-License-Identifier: BSL-1.0
include(CMakeFindDependencyMacro)
find_dependency(Boost 1.74)
find_dependency(range-v3)
find_dependency(ZLIB)
find_dependency(hwy)
find_dependency(Threads)
include(${CMAKE_CURRENT_LIST_DIR}/knit-targets.cmake)
