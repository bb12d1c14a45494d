# SPDX-License-Identifier: BSL-1.0
# in: ROOT. out: fails unless what cannot read include/knit/version.hpp says the same: the change log's newest entry and
# vcpkg's port.
cmake_minimum_required(VERSION 3.22)

file(STRINGS ${ROOT}/include/knit/version.hpp version REGEX "int version_(major|minor|patch) = ")
string(REGEX MATCHALL "[0-9]+" version "${version}")
list(JOIN version . version)

# check(file pattern): the first line that the pattern fits has the version in its brackets.
function(check file pattern)
  file(STRINGS ${ROOT}/${file} line REGEX "${pattern}" LIMIT_COUNT 1)
  string(REGEX MATCH "${pattern}" line "${line}")
  if(NOT CMAKE_MATCH_1 STREQUAL version)
    message(FATAL_ERROR "${file} says ${CMAKE_MATCH_1} where include/knit/version.hpp says ${version}")
  endif()
endfunction()
check(CHANGELOG.md "^## \\[([0-9.]+)\\]")
check(cmake/vcpkg/knit/vcpkg.json "\"version\": \"([0-9.]+)\"")
message(STATUS "version: ${version}")
