// SPDX-License-Identifier: BSL-1.0
// cudnn.cuh -- in: a convolution and a GPU, at hand or described. out: cuDNN's plan of it, and its call on a stream.
// Host code, for any compiler; it needs cuDNN's headers, and cudnn and cudart when it is linked.
#pragma once
#include <cudnn.h>
#include <array>
#include <cstdint>
#include <knit/backend/cuda/arguments.hpp>
#include <knit/backend/cuda/error.cuh>
#include <knit/backend/cuda/routine.hpp>
#include <knit/plan/convolutions.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace knit::cuda {

inline void check(cudnnStatus_t s, std::string const& doing) {
  if (s == CUDNN_STATUS_SUCCESS) return;
  char more[256]{};
  cudnnGetLastErrorString(more, sizeof more);
  const bool no_gpu = s / 1000 == CUDNN_STATUS_NOT_INITIALIZED / 1000;
  throw error(cudaErrorUnknown, doing,
              std::string("cuDNN says ") + cudnnGetErrorString(s) + (more[0] ? std::string(", ") + more : ""), no_gpu);
}

struct destroy_cudnn_handle {
  void operator()(cudnnContext* h) const { (void)cudnnDestroy(h); }
};
using cudnn_handle = std::unique_ptr<cudnnContext, destroy_cudnn_handle>;
/// Throws cuda::error where there is no GPU.
inline cudnn_handle make_cudnn_handle() {
  cudnnHandle_t h = nullptr;
  check(cudnnCreate(&h), "making of a handle of cuDNN");
  return cudnn_handle(h);
}

/// A descriptor of cuDNN's graphs: its attributes are set, then it is finished.
class cudnn_descriptor {
 public:
  cudnn_descriptor(cudnnBackendDescriptorType_t kind, char const* doing) : doing_(doing) {
    cudnnBackendDescriptor_t d = nullptr;
    check(cudnnBackendCreateDescriptor(kind, &d), doing_);
    made_.reset(d);
  }
  cudnnBackendDescriptor_t get() const { return made_.get(); }

  template <class T>
  cudnn_descriptor& set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::int64_t count, T const* values) {
    check(cudnnBackendSetAttribute(get(), name, type, count, values), doing_);
    return *this;
  }
  cudnn_descriptor& set(cudnnBackendAttributeName_t name, std::int64_t value) { return set(name, CUDNN_TYPE_INT64, 1, &value); }
  cudnn_descriptor& set(cudnnBackendAttributeName_t name, bool value) { return set(name, CUDNN_TYPE_BOOLEAN, 1, &value); }
  cudnn_descriptor& set(cudnnBackendAttributeName_t name, cudnnDataType_t value) {
    return set(name, CUDNN_TYPE_DATA_TYPE, 1, &value);
  }
  cudnn_descriptor& set(cudnnBackendAttributeName_t name, cudnn_descriptor const& value) {
    cudnnBackendDescriptor_t d = value.get();
    return set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &d);
  }
  template <std::size_t N> cudnn_descriptor& set(cudnnBackendAttributeName_t name, std::array<std::int64_t, N> const& values) {
    return set(name, CUDNN_TYPE_INT64, std::int64_t(N), values.data());
  }
  cudnn_descriptor&& finish() {
    check(cudnnBackendFinalize(get()), doing_);
    return std::move(*this);
  }
  bool can_be_finished() { return cudnnBackendFinalize(get()) == CUDNN_STATUS_SUCCESS; }

 private:
  struct destroy {
    void operator()(void* d) const { (void)cudnnBackendDestroyDescriptor(d); }
  };
  char const* doing_;
  std::unique_ptr<void, destroy> made_;
};

/// The GPU that plans are made for: the one of a handle, or one that is only described, by the text that cuDNN writes of one.
inline cudnn_descriptor cudnn_device(cudnnHandle_t handle) {
  cudnn_descriptor d(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, "the properties of a GPU");
  d.set(CUDNN_ATTR_DEVICEPROP_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle);
  return d.finish();
}
inline cudnn_descriptor cudnn_device(std::string const& json) {
  cudnn_descriptor d(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, "the properties of a GPU");
  d.set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, std::int64_t(json.size() + 1), json.c_str());
  return d.finish();
}

/// cuDNN's plan of a convolution, in float throughout and the same to the bit each time. It is made without a GPU; `run` needs one.
class cudnn_convolution {
 public:
  /// The arrays of a call, as cuDNN is told them.
  enum array : std::int64_t { image = 1, filter, result, bias };

  /// Asks cuDNN for engines and takes the first, in its order, that a plan can be made of, from those that round no operand (to
  /// TF32, say), add up in a fixed order and need no more than `workspace` bytes besides. Throws cuda::error if there is none.
  cudnn_convolution(convolution const& c, cudnn_descriptor const& device, std::size_t workspace = 32 << 20) : what_(c) {
    describe();
    cudnn_descriptor graph(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, doing);
    std::vector<cudnnBackendDescriptor_t> ops;
    for (cudnn_descriptor const& op : operations_) ops.push_back(op.get());
    graph.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, std::int64_t(ops.size()), ops.data());
    auto& described = keep(graph.finish());
    cudnn_descriptor engines(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, doing);
    const auto mode = CUDNN_HEUR_MODE_A;
    engines.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, described).set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
    engines.set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, device);
    engines.finish();
    std::int64_t found = 0;
    check(cudnnBackendGetAttribute(engines.get(), CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, &found, nullptr),
          doing);
    std::vector<cudnnBackendDescriptor_t> some;
    for (std::int64_t i = 0; i < found; ++i) {
      configurations_.emplace_back(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, doing);
      some.push_back(configurations_.back().get());
    }
    check(cudnnBackendGetAttribute(engines.get(), CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, found, &found,
                                   some.data()),
          doing);
    for (std::int64_t i = 0; i < found && !plan_; ++i) {
      ++tried_;
      engine_ = engine_of(configurations_[std::size_t(i)]);
      if (!engine_.exact) continue;
      auto plan = std::make_unique<cudnn_descriptor>(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, doing);
      plan->set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configurations_[std::size_t(i)])
          .set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, device);
      if (!plan->can_be_finished()) continue;
      std::int64_t count = 0;
      check(cudnnBackendGetAttribute(plan->get(), CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1, &count,
                                     &workspace_bytes_),
            doing);
      if (std::size_t(workspace_bytes_) <= workspace) plan_ = std::move(plan);
    }
    if (!plan_)
      throw error(cudaErrorUnknown, doing,
                  "none of the " + std::to_string(found) +
                      " engines that cuDNN names makes a plan in float; configure with "
                      "-DKNIT_CUDNN=OFF and knit's own kernels do it",
                  false);
  }

  std::int64_t workspace_bytes() const { return workspace_bytes_; }
  int tried() const { return tried_; }  ///< engines until one could be taken
  std::int64_t engine() const { return engine_.number; }  ///< by cuDNN's numbers
  /// The plan as cuDNN writes it.
  std::string text() const {
    std::int64_t size = 0;
    check(cudnnBackendGetAttribute(plan_->get(), CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, 0, &size, nullptr),
          doing);
    std::string s(std::size_t(size), '\0');
    check(cudnnBackendGetAttribute(plan_->get(), CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, CUDNN_TYPE_CHAR, size, &size,
                                   s.data()),
          doing);
    return s;
  }

  /// Puts the convolution on the handle's stream. Addresses of image, filter, result, bias, in that order, in memory of the
  /// GPU; the part that is computed is written.
  void run(cudnnHandle_t handle, std::array<void*, 4> const& at, void* workspace) {
    const std::array<std::int64_t, 4> ids{image, filter, result, bias};
    const std::int64_t n = what_.bias ? 4 : 3;
    cudnn_descriptor arrays(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, doing);
    arrays.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, n, ids.data());
    arrays.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, n, at.data());
    arrays.set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace);
    arrays.finish();
    check(cudnnBackendExecute(handle, plan_->get(), arrays.get()), doing);
  }

 private:
  static constexpr char const* doing = "a convolution by cuDNN";
  using extents = std::array<std::int64_t, 4>;

  struct engine_info {
    std::int64_t number = 0;
    bool exact = true;
  };
  static engine_info engine_of(cudnn_descriptor const& configuration) {
    cudnn_descriptor engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR, doing);
    cudnnBackendDescriptor_t to = engine.get();
    engine_info e;
    std::int64_t count = 0;
    std::array<cudnnBackendNumericalNote_t, CUDNN_NUMERICAL_NOTE_TYPE_COUNT> notes{};
    check(cudnnBackendGetAttribute(configuration.get(), CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count, &to),
          doing);
    check(cudnnBackendGetAttribute(to, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &count, &e.number), doing);
    check(cudnnBackendGetAttribute(to, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, std::int64_t(notes.size()),
                                   &count, notes.data()),
          doing);
    for (std::int64_t i = 0; i < count; ++i)
      for (auto no : {CUDNN_NUMERICAL_NOTE_TENSOR_CORE, CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS,
                      CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION, CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC})
        e.exact = e.exact && notes[std::size_t(i)] != no;
    return e;
  }

  /// An array of these extents, slowest first, as cuDNN counts them. What only another operation reads is not in memory.
  cudnn_descriptor& tensor(std::int64_t id, extents const& n, std::int64_t leading, bool in_memory = true) {
    cudnn_descriptor t(CUDNN_BACKEND_TENSOR_DESCRIPTOR, doing);
    if (leading == 0) leading = n[3];
    const extents apart{n[1] * n[2] * leading, n[2] * leading, leading, 1};
    t.set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_DATA_FLOAT).set(CUDNN_ATTR_TENSOR_DIMENSIONS, n).set(CUDNN_ATTR_TENSOR_STRIDES, apart);
    t.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, id)
        .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, std::int64_t(16))
        .set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, !in_memory);
    return keep(t.finish());
  }
  cudnn_descriptor& keep(cudnn_descriptor&& d) { return *parts_.emplace_back(std::make_unique<cudnn_descriptor>(std::move(d))); }

  void describe() {
    convolution const& c = what_;
    const extents y{c.instances, c.filters, c.result_height(), c.result_width()};
    const bool more = c.computes == convolution_part::result && (c.bias || c.relu);
    auto& x = tensor(image, {c.instances, c.channels, c.height, c.width}, c.image_leading);
    auto& w = tensor(filter, {c.filters, c.channels, c.filter_height, c.filter_width}, c.filter_leading);
    auto* last = &tensor(more ? unnamed : result, y, c.result_leading, !more);

    cudnn_descriptor sliding(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, doing);
    const auto mode = CUDNN_CROSS_CORRELATION;
    const std::array<std::int64_t, 2> padding{c.padding, c.padding}, stride{c.stride, c.stride}, ones{1, 1};
    sliding.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT)
        .set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
    sliding.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, std::int64_t(2)).set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, padding);
    sliding.set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, padding)
        .set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, stride)
        .set(CUDNN_ATTR_CONVOLUTION_DILATIONS, ones);
    auto& slides = keep(sliding.finish());

    switch (c.computes) {
      case convolution_part::result: slide<forward>(slides, x, w, *last); break;
      case convolution_part::image: slide<backward_data>(slides, x, w, *last); break;
      case convolution_part::filter: slide<backward_filter>(slides, x, w, *last);
    }
    if (more && c.bias) {
      auto& b = tensor(bias, {1, c.filters, 1, 1}, 0);
      last = &pointwise(CUDNN_POINTWISE_ADD, *last, &b, c.relu ? unnamed + 1 : result, y, !c.relu);
    }
    if (more && c.relu) pointwise(CUDNN_POINTWISE_RELU_FWD, *last, nullptr, result, y, true);
  }
  static constexpr std::int64_t unnamed = 10;  ///< from here on: what is never in memory

  /// A part's operation, and its attributes for the window, image, filter, result, and factors of what is computed and what was.
  struct operation {
    cudnnBackendDescriptorType_t kind;
    cudnnBackendAttributeName_t window, image, filter, result, one, zero;
  };
  static constexpr operation forward{CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
                                     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
                                     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
                                     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
                                     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
                                     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
                                     CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA};
  static constexpr operation backward_data{CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
                                           CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
                                           CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
                                           CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
                                           CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
                                           CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
                                           CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA};
  static constexpr operation backward_filter{CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
                                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
                                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
                                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
                                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
                                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
                                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA};
  template <operation const& Op>
  void slide(cudnn_descriptor const& window, cudnn_descriptor const& x, cudnn_descriptor const& w, cudnn_descriptor const& y) {
    cudnn_descriptor op(Op.kind, doing);
    const float one = 1, zero = 0;
    op.set(Op.window, window).set(Op.image, x).set(Op.filter, w).set(Op.result, y);
    op.set(Op.one, CUDNN_TYPE_FLOAT, 1, &one).set(Op.zero, CUDNN_TYPE_FLOAT, 1, &zero);
    operations_.push_back(op.finish());
  }
  cudnn_descriptor& pointwise(cudnnPointwiseMode_t mode, cudnn_descriptor const& x, cudnn_descriptor const* b, std::int64_t id,
                              extents const& n, bool in_memory) {
    auto& y = tensor(id, n, what_.result_leading, in_memory);
    cudnn_descriptor what(CUDNN_BACKEND_POINTWISE_DESCRIPTOR, doing);
    what.set(CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode).set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT);
    auto& does = keep(what.finish());
    cudnn_descriptor op(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, doing);
    op.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, does)
        .set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x)
        .set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
    if (b) op.set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, *b);
    operations_.push_back(op.finish());
    return y;
  }

  convolution what_;
  std::vector<std::unique_ptr<cudnn_descriptor>> parts_;  ///< what others refer to
  std::vector<cudnn_descriptor> operations_, configurations_;
  std::unique_ptr<cudnn_descriptor> plan_;
  std::int64_t workspace_bytes_ = 0;
  int tried_ = 0;
  engine_info engine_;
};

/// The convolutions of a program that cuDNN does, made once: a handle, plans.
template <class P, bool Any = (convolutions_of<P>() > 0)> class cudnn_convolutions {
 public:
  /// Of device memory, which belongs to the program.
  static constexpr std::size_t workspace_bytes = 32 << 20;

  /// Throws cuda::error where there is no GPU.
  explicit cudnn_convolutions(cudaStream_t stream) : handle_(make_cudnn_handle()) {
    check(cudnnSetStream(handle_.get(), stream), "a convolution by cuDNN");
    const cudnn_descriptor device = cudnn_device(handle_.get());
    [&]<int... R>(std::integer_sequence<int, R...>) { (add<R>(device), ...); }(regions{});
  }
  /// Puts those of kernel K on the stream that it was made with.
  template <int K> void run(arguments<P> const& a, void* workspace, cudaStream_t) {
    [&]<int... R>(std::integer_sequence<int, R...>) { (run_one<K, R>(a, workspace), ...); }(regions{});
  }

 private:
  using regions = std::make_integer_sequence<int, P::regions>;
  template <int R> void add(cudnn_descriptor const& device) {
    if constexpr (is_left_convolution<P, R>())
      plans_[R] = std::make_unique<cudnn_convolution>(call_of<P, R>.sliding, device, workspace_bytes);
  }
  template <int K, int R> void run_one(arguments<P> const& a, void* workspace) {
    if constexpr (is_left_convolution<P, R>() && P::template region_at<R>.level == K)
      plans_[R]->run(handle_.get(), arrays_of_routine(a, call_of<P, R>), workspace);
  }
  cudnn_handle handle_;
  std::array<std::unique_ptr<cudnn_convolution>, P::regions> plans_;
};
template <class P> class cudnn_convolutions<P, false> : public no_routines<P> {
 public:
  using no_routines<P>::no_routines;
};

}  // namespace knit::cuda
