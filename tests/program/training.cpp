// SPDX-License-Identifier: BSL-1.0
// training.cpp -- in: program.hpp, train/*.hpp, MNIST. out: PyTorch's losses, no allocation in a step, models seen by
// index, accuracy as counted by hand.

#include <knit/knit.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <new>
#include <vector>

#include "curve.hpp"

// ---- every way to allocate, counted; not inlined, or compilers take them for mismatched ones ----------------------------------------------------------------------

namespace {
std::atomic<long> allocations{0};

void* allocate(std::size_t n, std::size_t alignment) {
  ++allocations;
  const std::size_t whole = (n + alignment - 1) / alignment * alignment;
  return std::aligned_alloc(alignment, whole ? whole : alignment);
}
void* allocate_or_throw(std::size_t n, std::size_t alignment = 16) {
  if (void* p = allocate(n, alignment)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void release(void* p) { std::free(p); }
}  // namespace

[[gnu::noinline]] void* operator new(std::size_t n) { return allocate_or_throw(n); }
[[gnu::noinline]] void* operator new[](std::size_t n) { return allocate_or_throw(n); }
[[gnu::noinline]] void* operator new(std::size_t n, std::align_val_t a) { return allocate_or_throw(n, std::size_t(a)); }
[[gnu::noinline]] void* operator new[](std::size_t n, std::align_val_t a) { return allocate_or_throw(n, std::size_t(a)); }
[[gnu::noinline]] void* operator new(std::size_t n, std::nothrow_t const&) noexcept { return allocate(n, 16); }
[[gnu::noinline]] void* operator new[](std::size_t n, std::nothrow_t const&) noexcept { return allocate(n, 16); }
[[gnu::noinline]] void* operator new(std::size_t n, std::align_val_t a, std::nothrow_t const&) noexcept {
  return allocate(n, std::size_t(a));
}
[[gnu::noinline]] void* operator new[](std::size_t n, std::align_val_t a, std::nothrow_t const&) noexcept {
  return allocate(n, std::size_t(a));
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

namespace {

using namespace knit;
using namespace curve_data;

// ---- PyTorch's curve: see tests/data/mnist_curve.py --------------------------------------------------------

template <class Backend> void follows_the_curve(int steps, int threads) {
  const auto expected = curve();
  ASSERT_EQ(expected.size(), 100u);
  thread_count() = threads;
  auto model = curve_model();
  int s = 0;
  for (float loss : mnist().train | minibatch<100>(in_order{}) | sgd<Backend>(model, {.lr = 0.1f}) | take(steps)) {
    ASSERT_NEAR(loss, expected[std::size_t(s)], 1e-4 * expected[std::size_t(s)]) << "step " << s;
    ++s;
  }
  EXPECT_EQ(s, steps);
  thread_count() = 0;
}

TEST(curve, begins_where_it_should) {
  EXPECT_EQ(hash(1), 0xab656acu);  // by Python
  EXPECT_NEAR(curve()[0], 2.43764329, 1e-8);
}
TEST(curve, is_followed_by_one_thread) { follows_the_curve<simd_backend>(100, 1); }
TEST(curve, is_followed_by_two_threads) { follows_the_curve<simd_backend>(100, 2); }
TEST(curve, is_followed_by_the_oracle) { follows_the_curve<scalar_backend<float>>(20, 1); }

/// Batches of 64 of 1000 images: the last of each pass has 40.
template <class Backend> void follows_the_partial_curve(int threads) {
  const auto expected = curve("mnist_partial.txt");
  ASSERT_EQ(expected.size(), 48u);
  thread_count() = threads;
  auto model = curve_model();
  const auto little = little_mnist();
  auto batches = little | minibatch<dyn<"batch", 64>>(in_order{});
  EXPECT_EQ(batches.size(), 16u);
  std::size_t s = 0;
  for (float loss : batches | cycle | sgd<Backend>(model, {.lr = 0.1f}) | take(48)) {
    ASSERT_NEAR(loss, expected[s], 1e-4 * expected[s]) << "step " << s;
    ++s;
  }
  EXPECT_EQ(s, 48u);
  thread_count() = 0;
}
TEST(partial_curve, is_followed_by_one_thread) { follows_the_partial_curve<simd_backend>(1); }
TEST(partial_curve, is_followed_by_two_threads) { follows_the_partial_curve<simd_backend>(2); }
TEST(partial_curve, is_followed_by_the_oracle) { follows_the_partial_curve<scalar_backend<float>>(1); }

// ---- memory ------------------------------------------------------------------------------------------------

using X = view<unorm8, 784, 100>;
using Y = view<std::uint8_t, 100>;
X images(int step) { return X(reinterpret_cast<unorm8 const*>(mnist().train.x.data()) + std::size_t(step) * 78400); }
Y labels(int step) { return Y(mnist().train.y.data() + step * 100); }

TEST(allocations, are_counted) {
  // As functions: what a new expression asks for may be left out by the compiler.
  auto counts = [](auto const& get) {
    const long before = allocations;
    void* const p = get();
    const bool counted = allocations == before + 1 && p != nullptr;
    release(p);
    return counted;
  };
  const std::align_val_t line{64};
  EXPECT_TRUE(counts([] { return ::operator new(8); }));
  EXPECT_TRUE(counts([] { return ::operator new[](8); }));
  EXPECT_TRUE(counts([=] { return ::operator new(8, line); }));
  EXPECT_TRUE(counts([=] { return ::operator new[](8, line); }));
  EXPECT_TRUE(counts([] { return ::operator new(8, std::nothrow); }));
  EXPECT_TRUE(counts([] { return ::operator new[](8, std::nothrow); }));
  EXPECT_TRUE(counts([=] { return ::operator new(8, line, std::nothrow); }));
  EXPECT_TRUE(counts([=] { return ::operator new[](8, line, std::nothrow); }));
}

TEST(a_step, allocates_nothing) {
  for (int threads : {1, 2, 5}) {  // 5: some of which the step's making starts, and not its first call
    thread_count() = threads;
    auto model = curve_model();
    training_step<simd_backend, mlp, sgd_rule, X, Y> step(model, {});
    const long before = allocations;
    for (int s = 0; s <= 10; ++s) {
      step(images(s), labels(s));
      EXPECT_EQ(allocations - before, 0) << "step " << s << ", " << threads << " threads";
    }
  }
  thread_count() = 0;
}

TEST(a_step, allocates_nothing_in_a_range) {
  auto model = curve_model();
  auto batches = mnist().train | minibatch<100>(shuffle_by{5});
  auto losses = batches | sgd(model, {.lr = 0.1f});
  auto at = losses.begin();
  float sum = *at;
  const long before = allocations;
  for (int s = 0; s < 10; ++s) {
    ++at;
    sum += *at;
    EXPECT_EQ(allocations - before, 0) << "step " << s;
  }
  EXPECT_GT(sum, 0);
}

TEST(a_step, allocates_nothing_at_the_seam_of_epochs) {
  auto const& all = mnist().train;
  const instances<784> little(all.x.first(300 * 784), all.y.first(300), 10);
  auto model = curve_model();
  auto losses = little | minibatch<100>(shuffle_by{5}) | cycle | sgd(model, {.lr = 0.1f});
  auto at = losses.begin();
  float sum = *at;
  const long before = allocations;
  for (int s = 0; s < 10; ++s) sum += *++at;
  EXPECT_EQ(allocations - before, 0);
  EXPECT_GT(sum, 0);
}

TEST(inference_of_a_model, allocates_nothing) {
  const auto model = curve_model();
  auto scores = make_inference<X>(model);
  static_assert(std::is_same_v<decltype(scores), inference<simd_backend, mlp, X>>);
  std::vector<float> z(1000);
  const long before = allocations;
  for (int s = 0; s < 5; ++s) scores(images(s), z.data());
  EXPECT_EQ(allocations - before, 0);
  static_assert(!std::is_move_constructible_v<decltype(scores)> && !std::is_copy_assignable_v<decltype(scores)>);
}

TEST(inference_of_a_model, takes_a_tensor_where_a_view_of_its_kind_was_named) {
  auto model = make_dense<3, 2>();
  tensor<float, 3> x{1, 2, 3};
  float by_view[2], by_expression[2];
  make_inference<view<float, 3>>(model)(x, by_view);
  tensor y = model(x);
  for (int i = 0; i < 2; ++i) by_expression[i] = y[i];
  EXPECT_EQ(by_view[0], by_expression[0]);
  EXPECT_EQ(by_view[1], by_expression[1]);
}

// ---- the model, as it is seen ------------------------------------------------------------------------------

template <class A, class B> void expect_same_elements(A const& a, B const& b, double tolerance) {
  double worst = 0, largest = 0;
  for (long i = 0; i < A::size(); ++i) {
    worst = std::max(worst, double(std::abs(a[i] - b[i])));
    largest = std::max(largest, double(std::abs(b[i])));
  }
  EXPECT_LE(worst, tolerance * largest);
}

TEST(a_model, is_seen_by_index_before_and_after_a_step) {
  auto by_simd = curve_model(), by_scalar = curve_model();
  auto& first = hana::at_c<0>(by_simd.layers);
  EXPECT_EQ(first.w(3, 5), float((double(hash(3 * 784 + 5)) / 4294967296.0 * 2 - 1) * std::sqrt(6.0 / 1040)));
  training_step<simd_backend, mlp, sgd_rule, X, Y> simd_step(by_simd, {0.5f});
  training_step<scalar_backend<float>, mlp, sgd_rule, X, Y> scalar_step(by_scalar, {0.5f});
  for (int s = 0; s < 3; ++s) {
    const float a = simd_step(images(s), labels(s)), b = scalar_step(images(s), labels(s));
    EXPECT_NEAR(a, b, 1e-5 * b);
  }
  for (int l = 0; l < 2; ++l) {
    auto check = [](auto const& a, auto const& b) {
      expect_same_elements(a.w, b.w, 1e-5);
      expect_same_elements(a.b, b.b, 1e-5);
    };
    check(hana::at_c<0>(by_simd.layers), hana::at_c<0>(by_scalar.layers));
    check(hana::at_c<1>(by_simd.layers), hana::at_c<1>(by_scalar.layers));
  }
  // Pixel 0 is white in every image, so what it is multiplied with never changes; that of a middle pixel does.
  const auto before = curve_model();
  EXPECT_EQ(first.w(3, 0), hana::at_c<0>(before.layers).w(3, 0));
  bool moved = false;
  for (int o = 0; o < 256; ++o) moved = moved || first.w(o, 14 * 28 + 14) != hana::at_c<0>(before.layers).w(o, 14 * 28 + 14);
  EXPECT_TRUE(moved);
}

/// The model's scores of one instance in double, by index.
std::vector<double> scores_by_hand(mlp const& model, std::uint8_t const* image) {
  auto const& [a, b] = std::tie(hana::at_c<0>(model.layers), hana::at_c<1>(model.layers));
  std::vector<double> h(256), z(10);
  for (int o = 0; o < 256; ++o) {
    double s = double(a.b(o));
    for (int i = 0; i < 784; ++i)
      if (image[i]) s += double(a.w(o, i)) * (image[i] / 255.0);
    h[std::size_t(o)] = s > 0 ? s : 0;
  }
  for (int o = 0; o < 10; ++o) {
    z[std::size_t(o)] = double(b.b(o));
    for (int i = 0; i < 256; ++i) z[std::size_t(o)] += double(b.w(o, i)) * h[std::size_t(i)];
  }
  return z;
}

TEST(a_model, is_shared_by_training_and_inference) {
  auto model = curve_model();
  training_step<simd_backend, mlp, sgd_rule, X, Y> step(model, {0.1f});
  inference<simd_backend, mlp, X> scores(model);
  inference<simd_backend, mlp, view<unorm8, 784, 1>> one(model);
  std::vector<float> z(1000), single(10);
  for (int s = 0; s < 3; ++s) {
    scores(images(s), z.data());
    one(view<unorm8, 784, 1>(images(s).data() + 7 * 784), single.data());
    for (int i : {0, 7, 99}) {
      const auto expected = scores_by_hand(model, reinterpret_cast<std::uint8_t const*>(images(s).data()) + i * 784);
      for (int c = 0; c < 10; ++c) {
        EXPECT_NEAR(z[std::size_t(i * 10 + c)], expected[std::size_t(c)], 1e-5);
        if (i == 7) {
          EXPECT_NEAR(single[std::size_t(c)], expected[std::size_t(c)], 1e-5);
        }
      }
    }
    step(images(s), labels(s));
  }
}

TEST(accuracy, counts_what_a_batch_leaves_over) {
  auto model = curve_model();
  for (float loss : mnist().train | minibatch<100>(in_order{}) | sgd(model, {.lr = 0.1f}) | take(20)) (void)loss;
  for (int size : {0, 1, 99, 100, 101, 250}) {
    auto const& all = mnist().test;
    const instances<784> some(all.x.first(std::size_t(size) * 784), all.y.first(std::size_t(size)), 10);
    int right = 0;
    for (int i = 0; i < size; ++i) {
      const auto z = scores_by_hand(model, some.x.data() + i * 784);
      right += std::max_element(z.begin(), z.end()) - z.begin() == some.y[std::size_t(i)];
    }
    const double expected = size ? double(right) / size : 0;
    EXPECT_EQ(accuracy(model, some), expected) << size;
    EXPECT_EQ((accuracy<scalar_backend<float>, 100>(model, some)), expected) << size;
    EXPECT_EQ((accuracy<simd_backend, 64>(model, some)), expected) << size;
  }
  EXPECT_GT(accuracy(model, mnist().test), 0.6);
}

TEST(accuracy, of_equal_scores_is_the_first_class) {
  const auto blank = make_chain(dense{tensor<float, 10, 784>(), tensor<float, 10>(), identity});
  long zeros = 0;
  for (auto y : mnist().test.y) zeros += y == 0;
  EXPECT_EQ(accuracy(blank, mnist().test), double(zeros) / 10000);
}

// ---- a rule's numbers -----------------------------------------------------------------------------------------

TEST(a_rule, may_change_between_steps) {
  auto model = curve_model();
  training_step<simd_backend, mlp, sgd_rule, X, Y> step(model, {0.0f});
  const auto before = curve_model();
  const float first = step(images(0), labels(0));
  expect_same_elements(hana::at_c<0>(model.layers).w, hana::at_c<0>(before.layers).w, 0);
  step.rule.lr = 0.1f;
  EXPECT_EQ(step(images(0), labels(0)), first);
  EXPECT_LT(step(images(0), labels(0)), first);
}

}  // namespace
