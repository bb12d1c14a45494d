# SPDX-License-Identifier: BSL-1.0
# in: a toolkit of CUDA. out: what nvcc has to be told of a file with programs in it; installed with knit, too.
include_guard()

# Kernels call constexpr functions of the host and read its constants (20094), and loops over axes that a program has not
# are empty (128). Its own limit of 200 nested templates is too low for a model of many operations. A function of the host
# alone that a kernel calls would be left out of the kernel with no more than a warning.
set(KNIT_CUDA_OPTIONS -std=c++20 --expt-relaxed-constexpr -ftemplate-depth=1024 -diag-suppress=20094,128,550 -Werror=cross-execution-space-call)

# knit_describe_cuda(target): it passes that on, to projects that have CUDA as a language.
function(knit_describe_cuda target)
  target_link_libraries(${target} INTERFACE knit::knit CUDA::cudart_static)
  target_compile_options(${target} INTERFACE "$<$<COMPILE_LANGUAGE:CUDA>:${KNIT_CUDA_OPTIONS}>")
endfunction()
