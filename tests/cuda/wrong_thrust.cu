// SPDX-License-Identifier: BSL-1.0
// expect: an array of the host where one in the memory of a GPU is wanted
// page: GPU: A vector of the host as an array of the GPU
#include <thrust/device_vector.h>
#include <thrust/host_vector.h>
#include <knit/cuda.cuh>
#include <knit/io/dlpack.hpp>

using namespace knit;  // cuda is a namespace of CCCL's, too
#ifdef KNIT_WRONG
using vector = thrust::host_vector<float>;
#else
using vector = thrust::device_vector<float>;
#endif
knit::cuda::device_view<float, 4, 5> view_of(vector const& v) { return knit::cuda::device_view<float, 4, 5>(v); }
dlpack_array handed_over(vector v) { return to_dlpack<knit::cuda::device_view<float, 4, 5>>(std::move(v)); }
