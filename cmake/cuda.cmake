# SPDX-License-Identifier: BSL-1.0
# in: nothing. out: KNIT_NVCC, if there is a compiler of CUDA, and what it has to be told of a file with programs in it; the
# libraries whose routines knit may call, if they are there.
include_guard()
find_program(KNIT_NVCC nvcc HINTS ENV CUDA_HOME PATH_SUFFIXES bin PATHS /usr/local/cuda DOC "Compiler of CUDA")

if(KNIT_NVCC)
  find_package(CUDAToolkit QUIET)
endif()
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
option(KNIT_CUDNN "Convolutions on a GPU planned by cuDNN" ${found_cudnn})
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
if(KNIT_NVCC AND KNIT_CUBLASLT)
  message(STATUS "knit: large products on a GPU are cuBLASLt's")
elseif(KNIT_NVCC)
  message(STATUS "knit: large products on a GPU are those of knit's own kernels")
endif()

# Kernels call constexpr functions of the host and read its constants (20094), and loops over axes that a program has not
# are empty (128). Its own limit of 200 nested templates is too low for a model of many operations.
set(KNIT_CUDA_OPTIONS -std=c++20 --expt-relaxed-constexpr -ftemplate-depth=1024 -diag-suppress=20094,128,550)
set(KNIT_NVCC_FLAGS ${KNIT_CUDA_OPTIONS} -DHWY_COMPILE_ONLY_STATIC -I${CMAKE_CURRENT_LIST_DIR}/../include -I${CMAKE_CURRENT_LIST_DIR}/../kernels)

# add_cuda_file(target file.cu): a file with programs for a GPU, for the architectures of KNIT_CUDA_ARCHITECTURES. By hand,
# so that a tree is configured without trying the compiler; a project that has CUDA as a language links knit::cuda instead.
set(KNIT_CUDA_ARCHITECTURES 80 CACHE STRING "What examples with programs for a GPU are compiled for; later ones compile the PTX of the last")
function(add_cuda_file target file)
  get_filename_component(file ${file} ABSOLUTE)
  get_filename_component(stem ${file} NAME_WE)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${stem}.cu.o)
  set(gencode)
  list(TRANSFORM KNIT_CUDA_DEFINITIONS PREPEND -D OUTPUT_VARIABLE definitions)
  foreach(arch IN LISTS KNIT_CUDA_ARCHITECTURES)
    list(APPEND gencode -gencode=arch=compute_${arch},code=[sm_${arch},compute_${arch}])
  endforeach()
  add_custom_command(OUTPUT ${object}
    COMMAND ${KNIT_NVCC} ${KNIT_NVCC_FLAGS} ${definitions} -O3 ${gencode} -MD -MF ${object}.d -c ${file} -o ${object}
    DEPENDS ${file} DEPFILE ${object}.d COMMENT "Kernels of ${stem}.cu" VERBATIM)
  target_sources(${target} PRIVATE ${object})
  set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT ON)
  target_link_libraries(${target} PRIVATE CUDA::cudart_static ${KNIT_CUDA_LIBRARIES})
endfunction()
