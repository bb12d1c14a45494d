# SPDX-License-Identifier: BSL-1.0
# in: nothing. out: KNIT_NVCC, if there is a compiler of CUDA, and what it has to be told of a file with programs in it.
include_guard()
find_program(KNIT_NVCC nvcc HINTS ENV CUDA_HOME PATHS /usr/local/cuda/bin DOC "Compiler of CUDA")

# Kernels call constexpr functions of the host and read its constants (20094), and loops over axes that a program has not
# are empty (128). Its own limit of 200 nested templates is too low for a model of many operations.
set(KNIT_NVCC_FLAGS -std=c++20 --expt-relaxed-constexpr -ftemplate-depth 1024 -diag-suppress 20094,128,550
  -DHWY_COMPILE_ONLY_STATIC -I${CMAKE_CURRENT_LIST_DIR}/../include -I${CMAKE_CURRENT_LIST_DIR}/../kernels)
