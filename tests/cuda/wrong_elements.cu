// SPDX-License-Identifier: BSL-1.0
// expect: memory of a GPU whose elements are of another type
// page: GPU: Memory of the GPU whose elements are of another type
#include <knit/cuda.cuh>

using namespace knit;
#ifdef KNIT_WRONG
using element_type = double;
#else
using element_type = float;
#endif
cuda::device_view<float, 4, 5> view_of(cuda::memory_of<element_type> const& m) { return cuda::device_view<float, 4, 5>(m); }
