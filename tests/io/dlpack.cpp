// SPDX-License-Identifier: BSL-1.0
// dlpack.cpp -- in: arrays as other libraries describe them. out: views of the same memory, or one sentence; each released once.
#include <knit/io/dlpack.hpp>

#include <gtest/gtest.h>
#include <knit/backend/cuda/device_view.hpp>
#include <vector>

namespace knit::cuda {
/// Memory of a GPU, as device.cuh has it, where there is no CUDA: nobody reads it.
template <class T> class memory_of {
 public:
  using value_type = T;
  explicit memory_of(std::size_t n) : at_(n) {}
  T* data() const { return const_cast<T*>(at_.data()); }
  std::size_t size() const { return at_.size(); }

 private:
  std::vector<T> at_;
};
}  // namespace knit::cuda

namespace {

using namespace knit;

/// What another library hands over: 3 x 2 floats in C's order, unless a test changes it.
struct theirs {
  alignas(16) float numbers[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  std::int64_t shape[6] = {3, 2, 1, 1, 1, 1}, strides[6] = {2, 1, 1, 1, 1, 1};
  DLManagedTensor managed{};
  int released = 0;

  theirs() {
    managed.dl_tensor = {numbers, {kDLCPU, 0}, 2, {kDLFloat, 32, 1}, shape, strides, 0};
    managed.manager_ctx = this;
    managed.deleter = [](DLManagedTensor* m) { ++static_cast<theirs*>(m->manager_ctx)->released; };
  }
  theirs(theirs const&) = delete;
};
using ours = view<float, 2, 3>;
using on_gpu = cuda::device_view<float, 2, 3>;

/// What is said of an array after a change to it.
template <class View, class Change> std::string said_of(Change change, int gpu = 0) {
  theirs t;
  change(t, t.managed.dl_tensor);
  std::string said;
  try {
    from_dlpack<View>(&t.managed, gpu);
  } catch (std::invalid_argument const& e) {
    said = e.what();
  }
  EXPECT_EQ(t.released, 1) << "a refused array is released, once";
  return said;
}

TEST(from_dlpack, is_a_view_of_their_memory_for_as_long_as_a_copy_lives) {
  theirs t;
  {
    kept<ours> x = from_dlpack<ours>(&t.managed);
    EXPECT_EQ(x->data(), t.numbers);
    EXPECT_EQ((*x)(1, 2), 6) << "the last index of C is the first here";
    auto const y = x;
    x = kept<ours>(ours(), nullptr);
    EXPECT_EQ(t.released, 0);
    auto sum = [](ours const& v) { return v[0] + v[5]; };
    EXPECT_EQ(sum(y), 7) << "it is passed as a view";
  }
  EXPECT_EQ(t.released, 1);
  EXPECT_EQ(from_dlpack<ours>(t.managed.dl_tensor)[1], 2) << "without an owner";
  EXPECT_EQ(t.released, 1);
  t.managed.deleter = nullptr;
  EXPECT_EQ((*from_dlpack<ours>(&t.managed))[0], 1) << "there may be no deleter";
}

TEST(from_dlpack, takes_what_lies_alike) {
  EXPECT_EQ(said_of<ours>([](theirs&, DLTensor& d) { d.strides = nullptr; }), "") << "C's order";
  EXPECT_EQ(said_of<ours>([](theirs&, DLTensor& d) { d.device = {kDLCUDAHost, 0}; }), "") << "pinned";
  EXPECT_EQ(said_of<ours>([](theirs&, DLTensor& d) { d.device = {kDLCUDAManaged, 0}; }), "");
  EXPECT_EQ(said_of<on_gpu>([](theirs&, DLTensor& d) { d.device = {kDLCUDAManaged, 0}; }), "");
  EXPECT_EQ(said_of<on_gpu>([](theirs&, DLTensor& d) { d.device = {kDLCUDA, 1}; }, 1), "");
  EXPECT_EQ((said_of<view<float, 2, 1>>([](theirs& t, DLTensor&) { t.shape[0] = 1, t.strides[0] = 77; })), "")
      << "of one, the stride means nothing";
  EXPECT_EQ(said_of<view<float>>([](theirs&, DLTensor& d) { d.ndim = 0; }), "");
  theirs t;
  t.managed.dl_tensor.byte_offset = 8;
  EXPECT_EQ((*from_dlpack<ours>(&t.managed))[0], 3);
}

TEST(from_dlpack, takes_as_many_columns_as_there_are) {
  theirs t;
  auto x = from_dlpack<view<float, 2, dyn<"batch", 4>>>(&t.managed);
  EXPECT_EQ(x->extent(1), 3);
  t.managed.dl_tensor.device = {kDLCUDA, 0};
  auto there = from_dlpack<cuda::device_view<float, 2, dyn<"batch", 4>>>(t.managed.dl_tensor);
  EXPECT_EQ(there.extent(1), 3);
  EXPECT_EQ(
      (said_of<view<float, 2, dyn<"batch", 2>>>([](theirs&, DLTensor&) {})),
      "knit: an array of another library has the shape (3, 2), where (2, 2), or less along an axis with a name, is wanted, knit's "
      "extents from the last to the first");
  // An axis with a name that is not the last leaves gaps: 2 of 4 rows.
  EXPECT_EQ((said_of<view<float, dyn<"rows", 4>, 3>>([](theirs&, DLTensor&) {})),
            "knit: an array of another library of shape (3, 2) has strides (2, 1), where (4, 1) is wanted; make it contiguous, or "
            "pass its transpose");
}

TEST(from_dlpack, refuses_in_one_sentence) {
  const std::string begins = "knit: an array of another library ";
  auto nothing = [](theirs&, DLTensor&) {};
  EXPECT_EQ(said_of<on_gpu>(nothing),
            begins + "is on a device of DLPack's type 1, where memory of a GPU, type 2, is wanted; copy it there first");
  EXPECT_EQ(said_of<ours>([](theirs&, DLTensor& d) {
              d.device = {kDLCUDA, 0};
            }),
            begins + "is on a device of DLPack's type 2, where memory of the host, type 1, is wanted; copy it there first");
  EXPECT_EQ(said_of<on_gpu>([](theirs&, DLTensor& d) {
              d.device = {kDLCUDA, 1};
            }),
            begins + "is in the memory of GPU 1, where that of GPU 0 is wanted; copy it there first");
  EXPECT_EQ((said_of<view<double, 2, 3>>(nothing)), begins + "has elements of float32, where float64 is wanted; convert it first");
  EXPECT_EQ((said_of<view<std::int32_t, 2, 3>>([](theirs&, DLTensor& d) {
              d.dtype = {kDLInt, 64, 1};
            })),
            begins + "has elements of int64, where int32 is wanted; convert it first");
  EXPECT_EQ(said_of<ours>([](theirs&, DLTensor& d) { d.dtype.lanes = 4; }),
            begins + "has elements of float32x4, where float32 is wanted; convert it first");
  EXPECT_EQ((said_of<view<float, 3, 2>>(nothing)),
            begins + "has the shape (3, 2), where (2, 3) is wanted, knit's extents from the last to the first");
  EXPECT_EQ((said_of<view<float, 6>>(nothing)),
            begins + "has the shape (3, 2), where (6,) is wanted, knit's extents from the last to the first");
  EXPECT_EQ(said_of<ours>([](theirs& t, DLTensor&) { t.strides[0] = 1, t.strides[1] = 3; }),
            begins + "of shape (3, 2) has strides (1, 3), where (2, 1) is wanted; make it contiguous, or pass its transpose");
  EXPECT_EQ(said_of<ours>([](theirs&, DLTensor& d) { d.data = nullptr; }), begins + "has no memory");
  EXPECT_EQ(said_of<ours>([](theirs&, DLTensor& d) { d.byte_offset = 2; }), begins + "begins inside an element; copy it first");
  EXPECT_EQ(
      said_of<on_gpu>([](theirs&, DLTensor& d) {
        d.device = {kDLCUDA, 0}, d.byte_offset = 4;
      }),
      "knit: a device_view at an address that is no multiple of 16; kernels load four elements at once, so begin an array at a "
      "multiple of four of them");
  EXPECT_THROW(from_dlpack<ours>(static_cast<DLManagedTensor*>(nullptr)), std::invalid_argument);
}

/// As DLPack has it from version 1 on.
struct versioned {
  struct {
    std::uint32_t major = 1, minor = 0;
  } version;
  void* manager_ctx = nullptr;
  void (*deleter)(versioned*) = [](versioned* v) { ++*static_cast<int*>(v->manager_ctx); };
  std::uint64_t flags = 0;
  DLTensor dl_tensor{};
};
TEST(from_dlpack, takes_arrays_with_a_version_that_it_knows) {
  theirs t;
  versioned v;
  v.manager_ctx = &t.released;
  v.dl_tensor = t.managed.dl_tensor;
  EXPECT_EQ((*from_dlpack<ours>(&v))[3], 4);
  EXPECT_EQ(t.released, 1);
  v.version.major = 2;
  EXPECT_THROW(from_dlpack<ours>(&v), std::invalid_argument);
  EXPECT_EQ(t.released, 2);
}

TEST(to_dlpack, moves_memory_and_copies_panels) {
  tensor<std::int32_t, 2, 3> labels{1, 2, 3, 4, 5, 6};
  std::int32_t const* const at = labels.data();
  dlpack_array d = to_dlpack(std::move(labels));
  EXPECT_EQ(d->dl_tensor.data, at);
  EXPECT_EQ(d->dl_tensor.ndim, 2);
  EXPECT_EQ(d->dl_tensor.shape[0], 3);
  EXPECT_EQ(d->dl_tensor.strides[0], 2);
  EXPECT_EQ((*from_dlpack<view<std::int32_t, 2, 3>>(d.release()))(1, 2), 6);

  tensor<float, 40, 3> w;
  static_assert(w.layout.panels);
  w.fill([](long i) { return float(i); });
  const auto back = from_dlpack<view<float, 40, 3>>(to_dlpack(w).release());
  for (long i = 0; i < w.size(); ++i) EXPECT_EQ((*back)[i], float(i));
  EXPECT_EQ(w[119], 119) << "a copy was asked for";

  tensor<float, 2, dyn<"batch", 4>> some;
  some.resize(1, 3);
  EXPECT_EQ((from_dlpack<view<float, 2, dyn<"batch", 4>>>(to_dlpack(some).release())->extent(1)), 3);
  EXPECT_EQ(to_dlpack(tensor<double>(2.5))->dl_tensor.ndim, 0);
}

TEST(to_dlpack, moves_memory_of_a_gpu_of_the_right_size) {
  cuda::memory_of<unorm8> there(20);
  unorm8 const* const at = there.data();
  dlpack_array d = to_dlpack<cuda::device_view<unorm8, 4, 5>>(std::move(there), 2);
  EXPECT_EQ(d->dl_tensor.data, at);
  EXPECT_EQ(d->dl_tensor.device.device_type, kDLCUDA);
  EXPECT_EQ(d->dl_tensor.device.device_id, 2);
  EXPECT_EQ(d->dl_tensor.dtype.code, kDLUInt);
  const auto back = from_dlpack<cuda::device_view<unorm8, 4, 5>>(d.release(), 2);
  EXPECT_EQ(back->data(), at);
  try {
    to_dlpack<cuda::device_view<float, 4, 5>>(cuda::memory_of<float>(21));
    FAIL();
  } catch (std::invalid_argument const& e) {
    EXPECT_STREQ(e.what(),
                 "knit: memory of 21 elements for a device_view of 20; pass the address, data(), where the array is a part of it");
  }
}

TEST(device_view, begins_at_a_multiple_of_four_elements) {
  alignas(32) double four_at_once[6];
  EXPECT_EQ((cuda::device_view<double, 2>(four_at_once + 4).data()), four_at_once + 4);
  EXPECT_THROW((cuda::device_view<double, 2>(four_at_once + 2)), std::invalid_argument);
}

TEST(device_view, of_memory_has_as_many_elements) {
  using some = cuda::device_view<float, 2, dyn<"batch", 4>>;
  cuda::memory_of<float> seven(7), eight(8);
  EXPECT_EQ(some(eight, 3).extent(1), 3) << "there may be room for more";
  EXPECT_EQ(some(seven, 3).data(), seven.data());
  EXPECT_THROW(some(seven, 4), std::invalid_argument);
  EXPECT_THROW(some(eight, 5), std::invalid_argument) << "more than its type allows";
  static_assert(!std::is_convertible_v<float const*, cuda::device_view<float, 8>>);
  static_assert(!std::is_constructible_v<cuda::device_view<float, 8>, cuda::memory_of<float>>,
                "a temporary's memory is gone before a kernel reads it");
}

}  // namespace
