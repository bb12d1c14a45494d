// SPDX-License-Identifier: BSL-1.0
// cudnn.cpp -- in: convolutions, some of programs, and GPUs that are only described. out: cuDNN's plans of them, made without a
// GPU; none is run.
#include <knit/backend/cuda/cudnn.cuh>

#include <gtest/gtest.h>

#include <cstdio>

#include "routines.hpp"

namespace {

using namespace knit;
using namespace knit::cuda;

/// GPUs as cuDNN writes their properties; the numbers are of data sheets and of CUDA's table of compute capabilities.
constexpr char const* h100_says =
    R"({"deviceName":"H100","deviceVer":900,"multiProcessorCount":132,"maxSharedMemoryPerBlockOptin":232448,"totalGlobalMem":85899345920,)"
    R"("l2CacheSize":52428800,"smClockRateKHz":1980000,"memClockRateKHz":2619000,)";
constexpr char const* a100_says =
    R"({"deviceName":"A100","deviceVer":800,"multiProcessorCount":108,"maxSharedMemoryPerBlockOptin":166912,"totalGlobalMem":85899345920,)"
    R"("l2CacheSize":41943040,"smClockRateKHz":1410000,"memClockRateKHz":1593000,)";
constexpr char const* both_say =
    R"("maxGridSize":[2147483647,65535,65535],"maxBlockSize":[1024,1024,64],"regsPerBlock":65536,"warpSize":32,"maxSharedMemoryPerBlock":49152,)"
    R"("reservedSharedMemoryPerBlock":1024,"maxRegistersPerSM":65536,"maxCtasPerSM":32,"maxThreadsPerBlock":1024,"maxThreadsPerSM":2048,)"
    R"("pciDeviceId":0,"isTccDriver":0,"supportCoopLaunch":1,"cudaDeviceId":0,"driverVer":13000})";

struct described {
  char const* name;
  std::string json;
};
const described gpus[] = {{"H100", std::string(h100_says) + both_say}, {"A100", std::string(a100_says) + both_say}};

void plan(convolution const& c, char const* chain) {
  for (described const& g : gpus) {
    const auto device = cudnn_device(g.json);
    const cudnn_convolution planned(c, device);
    const std::string text = planned.text();
    EXPECT_NE(text.find(chain), text.npos) << text;
    EXPECT_NE(text.find("\"dim\":[" + std::to_string(c.instances) + ",64,"), text.npos) << text;
    EXPECT_LE(planned.workspace_bytes(), 32 << 20);
    std::printf("%s, %s%s%s, %d x %d, stride %d: engine %ld, number %d of those named, %ld bytes of workspace; not run\n", g.name,
                name_of(c.computes), c.bias ? ", bias" : "", c.relu ? ", relu" : "", c.filter_width, c.filter_height, c.stride,
                long(planned.engine()), planned.tried(), long(planned.workspace_bytes()));
  }
}
convolution of(convolution_part part, bool bias = false, bool relu = false, int stride = 1) {
  return {part, 32, 32, 64, 32, 3, 3, 64, stride, 1, bias, relu};
}

TEST(cudnn, plans_results_without_a_gpu) {
  plan(of(convolution_part::result), "CONV_FORWARD");
  plan(of(convolution_part::result, true, true), "CONV_ADD_BIAS_ACT");
  plan(of(convolution_part::result, true, true, 2), "CONV_ADD_BIAS_ACT");
}
TEST(cudnn, plans_a_bias_but_no_relu_alone) {
  plan(of(convolution_part::result, true, false), "CONV_ADD_BIAS");
  EXPECT_THROW(cudnn_convolution(of(convolution_part::result, false, true), cudnn_device(gpus[0].json)), error);
}
TEST(cudnn, plans_derivatives_without_a_gpu) {
  plan(of(convolution_part::image), "CONV_BWD_DATA");
  plan(of(convolution_part::filter), "CONV_BWD_FILTER");
  plan(of(convolution_part::filter, false, false, 2), "CONV_BWD_FILTER");
}

/// Rows of 28 that are 32 apart, as a plan stores them.
TEST(cudnn, plans_arrays_with_gaps) {
  convolution c = of(convolution_part::result, true, true);
  c.width = c.height = 28;
  c.image_leading = c.result_leading = 32;
  plan(c, "\"stride\":[57344,896,32,1]");
}

/// All that a program leaves to it.
template <class Spec> int planned() {
  using P = compiled<Spec, routines::for_library>;
  int n = 0;
  auto one = [&]<int R>() {
    if constexpr (is_left_convolution<P, R>())
      for (described const& g : gpus) {
        const cudnn_convolution c(call_of<P, R>.sliding, cudnn_device(g.json));
        ++n;
      }
  };
  [&]<int... R>(std::integer_sequence<int, R...>) {
    (one.template operator()<R>(), ...);
  }(std::make_integer_sequence<int, P::plan.region_count>{});
  return n;
}
TEST(cudnn, plans_what_programs_leave_to_it) {
  EXPECT_EQ(planned<routines::conv_layer>(), 2);
  EXPECT_EQ(planned<routines::large_conv>(), 2);
  EXPECT_EQ(planned<routines::whole_image>(), 2);
  EXPECT_EQ(planned<routines::conv_derivatives>(), 12);
  EXPECT_EQ(planned<routines::conv_sgd>(), 10);
}

TEST(cudnn, says_what_it_cannot_plan) {
  const auto device = cudnn_device(gpus[0].json);
  auto said = [&](auto const& f) -> std::string {
    try {
      f();
    } catch (error const& e) {
      return e.what();
    }
    return "";
  };
  const std::string large = said([&] {
    cudnn_convolution(convolution{convolution_part::result, 2, 2, 3, 4, 5, 5, 6, 1, 0, false, false}, device);
  });
  EXPECT_EQ(large.rfind("knit: a convolution by cuDNN: cuDNN says CUDNN_STATUS_BAD_PARAM", 0), 0u) << large;
  const std::string nothing = said([] { cudnn_device(std::string("{}")); });
  EXPECT_EQ(nothing.rfind("knit: the properties of a GPU: cuDNN says CUDNN_STATUS_BAD_PARAM", 0), 0u) << nothing;
  int devices = 0;
  if (cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0) return;
  const std::string here = said([] { make_cudnn_handle(); });
  EXPECT_EQ(here.rfind("knit: making of a handle of cuDNN: cuDNN says ", 0), 0u) << here;
  EXPECT_NE(here.find("; there is no GPU to run on, so train on simd_backend"), here.npos) << here;
}

}  // namespace
