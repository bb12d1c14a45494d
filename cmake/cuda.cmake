# SPDX-License-Identifier: BSL-1.0
# in: nothing. out: KNIT_NVCC, if there is a compiler of CUDA, and what it has to be told of a file with programs in it.
include_guard()
find_program(KNIT_NVCC nvcc HINTS ENV CUDA_HOME PATH_SUFFIXES bin PATHS /usr/local/cuda DOC "Compiler of CUDA")

if(KNIT_NVCC)
  find_package(CUDAToolkit QUIET)
endif()
# By hand, as tests and examples compile theirs, so that this tree is configured without trying the compiler.
include(${CMAKE_CURRENT_LIST_DIR}/knit-cuda.cmake)
set(does_products "cuBLASLt's")
set(does_convolutions "cuDNN's")
if(NOT KNIT_CUBLASLT)
  set(does_products "those of knit's own kernels")
endif()
if(NOT KNIT_CUDNN)
  set(does_convolutions "those of knit's own kernels")
endif()
# Of interest to this tree and to a project that compiles CUDA, and to no other that merely finds nvcc.
get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
if(KNIT_NVCC AND (PROJECT_IS_TOP_LEVEL OR CUDA IN_LIST languages))
  message(STATUS "knit: large products on a GPU are ${does_products}, large convolutions ${does_convolutions}")
endif()
set(KNIT_NVCC_FLAGS ${KNIT_CUDA_OPTIONS} -DHWY_COMPILE_ONLY_STATIC -I${CMAKE_CURRENT_LIST_DIR}/../include -I${CMAKE_CURRENT_LIST_DIR}/../kernels)

# add_cuda_file(target file.cu): a file with programs for a GPU, for the architectures of KNIT_CUDA_ARCHITECTURES.
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
  get_source_file_property(known ${object} GENERATED)  # two programs may share a file
  if(NOT known)
    add_custom_command(OUTPUT ${object}
      COMMAND ${KNIT_NVCC} ${KNIT_NVCC_FLAGS} ${definitions} -O3 ${gencode} -MD -MF ${object}.d -c ${file} -o ${object}
      DEPENDS ${file} DEPFILE ${object}.d COMMENT "Kernels of ${stem}.cu" VERBATIM)
  endif()
  target_sources(${target} PRIVATE ${object})
  set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT ON)
  target_link_libraries(${target} PRIVATE CUDA::cudart_static ${KNIT_CUDA_LIBRARIES})
endfunction()
