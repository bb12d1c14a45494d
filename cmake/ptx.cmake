# SPDX-License-Identifier: BSL-1.0
# in: a program and CUDA files. out: their PTX, made before it, and a macro for the path of each.
include_guard()
include(${CMAKE_CURRENT_LIST_DIR}/cuda.cmake)

# knit_ptx(target file.cu [architecture...]): for file.cu and 80 the program sees KNIT_PTX_file_80, a string. Without
# nvcc there is no macro: the program has to say what it leaves out. Without architectures: 80.
function(knit_ptx target file)
  if(NOT KNIT_NVCC)
    return()
  endif()
  if(NOT ARGN)
    set(ARGN 80)
  endif()
  get_filename_component(file ${file} ABSOLUTE)
  get_filename_component(stem ${file} NAME_WE)
  foreach(arch IN LISTS ARGN)
    set(ptx ${CMAKE_CURRENT_BINARY_DIR}/${stem}.${arch}.ptx)
    add_custom_command(OUTPUT ${ptx}
      COMMAND ${KNIT_NVCC} ${KNIT_NVCC_FLAGS} -arch=compute_${arch}
        -MD -MF ${ptx}.d -ptx ${file} -o ${ptx}
      DEPENDS ${file} DEPFILE ${ptx}.d COMMENT "PTX of ${stem}.cu for sm_${arch}" VERBATIM)
    target_sources(${target} PRIVATE ${ptx})
    target_compile_definitions(${target} PRIVATE KNIT_PTX_${stem}_${arch}="${ptx}")
  endforeach()
endfunction()
