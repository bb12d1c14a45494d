# SPDX-License-Identifier: BSL-1.0
# in: a toolkit of CUDA. out: what nvcc has to be told of a file with programs in it, and the libraries whose routines knit may
# call, if they are there; installed with knit, too.
include_guard()

# Kernels call constexpr functions of the host and read its constants (20094), and loops over axes that a program has not
# are empty (128). Its own limit of 200 nested templates is too low for a model of many operations. A function of the host
# alone that a kernel calls would be left out of the kernel with no more than a warning.
set(KNIT_CUDA_OPTIONS -std=c++20 --expt-relaxed-constexpr -ftemplate-depth=1024 -diag-suppress=20094,128,550 -Werror=cross-execution-space-call)

# Routines for what is large. Where they are missing, or not wanted, knit's own kernels do the same.
find_path(KNIT_CUBLASLT_INCLUDE cublasLt.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
find_path(KNIT_CUDNN_INCLUDE cudnn.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
find_library(KNIT_CUDNN_LIBRARY cudnn HINTS ${CUDAToolkit_LIBRARY_DIR})
mark_as_advanced(KNIT_CUBLASLT_INCLUDE KNIT_CUDNN_INCLUDE KNIT_CUDNN_LIBRARY)
set(found_cublaslt OFF)
set(found_cudnn OFF)
if(TARGET CUDA::cublasLt AND KNIT_CUBLASLT_INCLUDE)
  set(found_cublaslt ON)
endif()
if(TARGET CUDA::cudart_static AND KNIT_CUDNN_INCLUDE AND KNIT_CUDNN_LIBRARY)
  set(found_cudnn ON)
endif()
option(KNIT_CUBLASLT "Large products on a GPU by cuBLASLt" ${found_cublaslt})
option(KNIT_CUDNN "Large convolutions on a GPU by cuDNN" ${found_cudnn})
foreach(name CUBLASLT CUDNN)
  string(TOLOWER found_${name} found)
  if(KNIT_${name} AND NOT ${found})
    message(FATAL_ERROR "knit: KNIT_${name} is ON, but the library or its header is not found with CUDA's toolkit; install both or configure with -DKNIT_${name}=OFF")
  endif()
endforeach()
# Of what is linked. Tests of PTX and of machine code have knit's own kernels.
set(KNIT_CUDA_LIBRARIES)
set(KNIT_CUDA_DEFINITIONS)
if(KNIT_CUBLASLT)
  list(APPEND KNIT_CUDA_LIBRARIES CUDA::cublasLt)
  list(APPEND KNIT_CUDA_DEFINITIONS KNIT_CUBLASLT)
endif()
if(KNIT_CUDNN AND NOT TARGET knit_cudnn)
  add_library(knit_cudnn INTERFACE)
  target_include_directories(knit_cudnn SYSTEM INTERFACE ${KNIT_CUDNN_INCLUDE})
  target_link_libraries(knit_cudnn INTERFACE ${KNIT_CUDNN_LIBRARY} CUDA::cudart_static)
endif()
if(KNIT_CUDNN)
  list(APPEND KNIT_CUDA_LIBRARIES knit_cudnn)
  list(APPEND KNIT_CUDA_DEFINITIONS KNIT_CUDNN)
endif()

# knit_describe_cuda(target): it passes that on, to projects that have CUDA as a language.
function(knit_describe_cuda target)
  target_link_libraries(${target} INTERFACE knit::knit CUDA::cudart_static ${KNIT_CUDA_LIBRARIES})
  target_compile_definitions(${target} INTERFACE ${KNIT_CUDA_DEFINITIONS})
  target_compile_options(${target} INTERFACE "$<$<COMPILE_LANGUAGE:CUDA>:${KNIT_CUDA_OPTIONS}>")
endfunction()
