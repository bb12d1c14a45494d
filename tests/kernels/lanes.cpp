// SPDX-License-Identifier: BSL-1.0
// lanes.cpp -- in: simd/lanes, simd/math, core/math. out: arithmetic, edges, accuracy, memory bounds, checked.

#include <knit/core/math.hpp>
#include <knit_kernels/simd/math.hpp>

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace {

using knit::simd::lanes;
namespace simd = knit::simd;
namespace scalar = knit::math;

constexpr int count = lanes::count;
constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float tiny = std::numeric_limits<float>::denorm_min(), huge = std::numeric_limits<float>::max();

std::vector<float> values(lanes a) {
  std::vector<float> out(count);
  simd::store(out.data(), a);
  return out;
}

std::vector<float> ramp(int n, float from = 0, float step = 1) {
  std::vector<float> out(n);
  for (int i = 0; i < n; ++i) out[i] = from + step * float(i);
  return out;
}

bool same(float a, float b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b && std::signbit(a) == std::signbit(b);
}

/// |got - want| in units of the last place of want as a float; denormal results count in the least denormal.
double ulps(float got, double want) {
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got) ? 0 : 1e30;
  float const rounded = static_cast<float>(want);
  if (std::isinf(rounded) || std::isinf(got)) {
    if (rounded == got) return 0;
    // One rounding away from the edge of the range is one ulp away.
    return std::abs(want) < 3.4028240e38 && std::abs(got) > 3.4028230e38f ? 1 : 1e30;
  }
  int exponent = 0;
  std::frexp(want, &exponent);
  return std::abs(double(got) - want) / std::ldexp(1.0, std::max(exponent - 24, -149));
}

/// The worst error of f over lanes against f over double, for every step-th bit pattern of float in the domain.
template <class F, class Domain> double worst(F f, Domain domain, std::uint32_t step = 997) {
  double most = 0;
  float at = 0;
  std::vector<float> x;
  auto const flush = [&] {
    auto const y = values(f(simd::load_n(x.data(), int(x.size()))));
    for (std::size_t i = 0; i < x.size(); ++i)
      if (double const e = ulps(y[i], f(double(x[i]))); e > most) most = e, at = x[i];
    x.clear();
  };
  for (std::uint64_t bits = 0; bits < (std::uint64_t(1) << 32); bits += step) {
    float const a = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    if (!domain(a)) continue;
    x.push_back(a);
    if (int(x.size()) == count) flush();
  }
  flush();
  std::printf("worst error %.3f ulp at %.9g\n", most, double(at));
  return most;
}

constexpr auto everywhere = [](float) { return true; };

// One function for float, double (by the standard library) and lanes.
using scalar::exp, scalar::floor, scalar::log, scalar::sigm, scalar::sqrt, scalar::tanh;
constexpr auto exponential = [](auto x) { return exp(x); };
constexpr auto logarithm = [](auto x) { return log(x); };
constexpr auto tangent = [](auto x) { return tanh(x); };
constexpr auto logistic = [](auto x) { return sigm(x); };
constexpr auto root = [](auto x) { return sqrt(x); };
constexpr auto round_down = [](auto x) { return floor(x); };

// One expression for every value type, as an op's eval will be written.
template <class V> V softplus_like(V x) {
  using namespace knit::math;
  V const y = select((x > V(0)) & (x < V(3)), x * exp(-x), fma(x, sigm(x), V(1)));
  return max(V(0), min(V(50), y + tanh(x) - log(abs(x) + V(1)) + sqrt(abs(x)) + floor(x)));
}

TEST(Lanes, GenericCodeAgreesOverFloatDoubleAndLanes) {
  auto const x = ramp(count, -2.3f, 0.37f);
  auto const y = values(softplus_like(simd::load(x.data())));
  for (int i = 0; i < count; ++i) {
    EXPECT_NEAR(y[i], softplus_like(x[i]), 2e-6);
    EXPECT_NEAR(y[i], softplus_like(double(x[i])), 2e-6);
  }
}

TEST(Lanes, ArithmeticIsTheScalarOne) {
  auto const x = ramp(count, -3.5f, 0.75f), y = ramp(count, 2.f, -0.3f);
  lanes const a = simd::load(x.data()), b = simd::load(y.data());
  auto const check = [&](lanes got, auto want) {
    auto const g = values(got);
    for (int i = 0; i < count; ++i) EXPECT_TRUE(same(g[i], want(x[i], y[i]))) << i << ' ' << g[i];
  };
  check(a + b, std::plus<float>());
  check(a - b, std::minus<float>());
  check(a * b, std::multiplies<float>());
  check(a / b, std::divides<float>());
  check(-a, [](float p, float) { return -p; });
  check(2.f * a, [](float p, float) { return 2.f * p; });
  check(a + 1, [](float p, float) { return p + 1.f; });
  check(min(a, b), [](float p, float q) { return p < q ? p : q; });
  check(max(a, b), [](float p, float q) { return p > q ? p : q; });
  check(abs(a), [](float p, float) { return std::abs(p); });
  check(sqrt(abs(a)), [](float p, float) { return std::sqrt(std::abs(p)); });
  check(floor(a), [](float p, float) { return std::floor(p); });
  check(copysign(a, b), [](float p, float q) { return std::copysign(p, q); });
  check(select(a < b, a, b), [](float p, float q) { return p < q ? p : q; });
  check(select((a > b) | (a <= -2.f), 1.f, 0.f),
        [](float p, float q) { return p > q || p <= -2 ? 1.f : 0.f; });
  check(select((!(a >= b)) & (a != b), 1.f, 0.f), [](float p, float q) { return p < q ? 1.f : 0.f; });
  check(select(a == simd::load(x.data()), 1.f, 0.f), [](float, float) { return 1.f; });
  lanes c = a;
  c += b, c *= b, c -= a, c /= 2.f;
  for (int i = 0; i < count; ++i) EXPECT_NEAR(values(c)[i], ((x[i] + y[i]) * y[i] - x[i]) / 2, 1e-5);
  for (int i = 0; i < count; ++i) EXPECT_NEAR(values(fma(a, b, c))[i], x[i] * y[i] + values(c)[i], 1e-5);
}

TEST(Lanes, NanInMinAndMaxYieldsTheSecondArgument) {
  for (auto [a, b] : {std::pair(nan, 1.f), std::pair(1.f, nan), std::pair(0.f, -0.f), std::pair(-0.f, 0.f)}) {
    EXPECT_TRUE(same(values(simd::min(a, b))[0], b));
    EXPECT_TRUE(same(values(simd::max(a, b))[0], b));
    EXPECT_TRUE(same(scalar::min(a, b), b));
    EXPECT_TRUE(same(scalar::max(a, b), b));
  }
}

TEST(Lanes, MasksIotaAndAlignedMemory) {
  alignas(64) float x[count];
  simd::store_aligned(x, simd::iota());
  EXPECT_EQ(values(simd::load_aligned(x)), ramp(count));
  for (int n = 0; n <= count; ++n) {
    auto const y = values(select(simd::first_n(n), 1.f, 0.f));
    for (int i = 0; i < count; ++i) EXPECT_EQ(y[i], i < n ? 1.f : 0.f);
    EXPECT_EQ(any(simd::first_n(n)), n > 0);
    EXPECT_EQ(all(simd::first_n(n)), n == count);
  }
}

TEST(Lanes, ReductionsFollowTheHalvingTree) {
  std::vector<float> x(count);
  for (int i = 0; i < count; ++i) x[i] = std::sin(float(i + 1)) * std::pow(10.f, float(i % 7));
  auto tree = x;
  for (int half = count / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) tree[i] += tree[i + half];
  EXPECT_EQ(reduce_add(simd::load(x.data())), tree[0]);
  for (int i = 0; i < count; ++i) {
    auto y = ramp(count, -100, -1);
    y[i] = -1;
    EXPECT_EQ(reduce_max(simd::load(y.data())), -1);
  }
}

/// Room for n elements of T with an unreadable page right after them.
template <class T> class fenced {
public:
  explicit fenced(int n)
      : base_(static_cast<char*>(
            mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))),
        data_(reinterpret_cast<T*>(base_ + page) - n) {
    mprotect(base_ + page, page, PROT_NONE);
  }
  fenced(fenced const&) = delete;
  ~fenced() { munmap(base_, 2 * page); }
  T* data() { return data_; }

private:
  std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  char* base_;
  T* data_;
};

template <class T> void check_partial_loads() {
  for (int n = 0; n <= count; ++n) {
    fenced<T> page(n);
    auto const heap = std::make_unique<T[]>(n);  // exactly sized: the sanitizer build sees an overrun
    for (int i = 0; i < n; ++i) page.data()[i] = heap[i] = static_cast<T>(17 * i + 3);
    for (T const* p : {static_cast<T const*>(page.data()), static_cast<T const*>(heap.get())}) {
      auto const y = values(simd::load_n(p, n));
      for (int i = 0; i < count; ++i) EXPECT_EQ(y[i], i < n ? float(T(17 * i + 3)) : 0.f);
    }
  }
  fenced<T> whole(count);
  for (int i = 0; i < count; ++i) whole.data()[i] = static_cast<T>(i);
  EXPECT_EQ(values(simd::load(whole.data())), ramp(count));
}

TEST(Lanes, PartialLoadsStayInside) {
  check_partial_loads<float>();
  check_partial_loads<std::uint8_t>();
  check_partial_loads<std::int32_t>();
}

TEST(Lanes, IntegersConvert) {
  std::vector<std::uint8_t> bytes(256 + count);
  for (int i = 0; i < int(bytes.size()); ++i) bytes[i] = static_cast<std::uint8_t>(i);
  for (int i = 0; i < 256; i += count) EXPECT_EQ(values(simd::load(bytes.data() + i)), ramp(count, float(i)));
  std::vector<std::int32_t> const ints(count, -1234567);
  EXPECT_EQ(values(simd::load(ints.data())), std::vector(count, -1234567.f));
}

TEST(Lanes, PartialStoresStayInside) {
  auto const x = ramp(count, 1);
  for (int n = 0; n <= count; ++n) {
    fenced<float> page(n);
    auto const heap = std::make_unique<float[]>(n);
    for (float* p : {page.data(), heap.get()}) {
      simd::store_n(p, simd::load(x.data()), n);
      for (int i = 0; i < n; ++i) EXPECT_EQ(p[i], x[i]);
    }
    std::vector<float> wide(count, -7.f);
    simd::store_n(wide.data(), simd::load(x.data()), n);
    for (int i = 0; i < count; ++i) EXPECT_EQ(wide[i], i < n ? x[i] : -7.f);
  }
}

TEST(Lanes, Gathers) {
  for (int stride : {1, 3, 17, 784}) {
    auto const x = ramp((count - 1) * stride + 1);
    auto const y = values(simd::gather(x.data(), stride));
    for (int i = 0; i < count; ++i) EXPECT_EQ(y[i], x[i * stride]);
    auto const back = values(simd::gather(x.data() + (count - 1) * stride, -stride));
    for (int i = 0; i < count; ++i) EXPECT_EQ(back[i], x[(count - 1 - i) * stride]);
  }
  for (int n = 0; n <= count; ++n) {
    fenced<float> page(n == 0 ? 0 : (n - 1) * 5 + 1);
    for (int i = 0; i < n; ++i) page.data()[i * 5] = float(i + 1);
    auto const y = values(simd::gather_n(page.data(), 5, n));
    for (int i = 0; i < count; ++i) EXPECT_EQ(y[i], i < n ? float(i + 1) : 0.f);
  }
}

TEST(LanesMath, Accuracy) {
  EXPECT_LE(worst(exponential, everywhere), 1.25);
  EXPECT_LE(worst(logarithm, everywhere), 1.5);
  EXPECT_LE(worst(tangent, everywhere), 2.75);
  EXPECT_LE(worst(logistic, everywhere), 2.5);
  EXPECT_LE(worst(root, everywhere), 0.5);
}

TEST(LanesMath, AccuracyWhereTheFunctionsTurn) {  // many more of the floats with an exponent near 0
  auto const mid = [](float x) { return std::abs(x) > 0.01f && std::abs(x) < 120.f; };
  auto const near_one = [](float x) { return x > 0.4f && x < 2.5f; };
  EXPECT_LE(worst(exponential, mid, 67), 1.25);
  EXPECT_LE(worst(logarithm, near_one, 17), 1.5);
  EXPECT_LE(worst(tangent, mid, 67), 2.75);
  EXPECT_LE(worst(logistic, mid, 67), 2.5);
}

template <class F> void check_edges(F f, std::initializer_list<std::pair<float, float>> edges) {
  for (auto [x, y] : edges) {
    for (float got : values(f(lanes(x)))) EXPECT_TRUE(same(got, y)) << "lanes: f(" << x << ") = " << got;
    EXPECT_TRUE(same(f(x), y)) << "float: f(" << x << ") = " << f(x);
    EXPECT_TRUE(same(float(f(double(x))), y) || std::isinf(y)) << "double: f(" << x << ") = " << f(double(x));
  }
}

TEST(LanesMath, Edges) {
  check_edges(exponential, {{0, 1}, {-0.f, 1}, {inf, inf}, {-inf, 0}, {nan, nan}, {89, inf}, {huge, inf}});
  check_edges(exponential, {{-huge, 0}, {-104, 0}, {tiny, 1}});
  check_edges(
      logarithm,
      {{1, 0}, {0, -inf}, {-0.f, -inf}, {-1, nan}, {-tiny, nan}, {-inf, nan}, {inf, inf}, {nan, nan}});
  check_edges(
      tangent,
      {{0, 0}, {-0.f, -0.f}, {inf, 1}, {-inf, -1}, {nan, nan}, {tiny, tiny}, {-tiny, -tiny}, {huge, 1}});
  check_edges(tangent, {{9.02f, 1}, {-9.02f, -1}, {10, 1}, {1e-30f, 1e-30f}, {1e-40f, 1e-40f}});
  check_edges(logistic,
              {{0, 0.5f}, {-0.f, 0.5f}, {inf, 1}, {-inf, 0}, {nan, nan}, {huge, 1}, {-huge, 0}, {100, 1}});
  check_edges(root, {{0, 0}, {-0.f, -0.f}, {-1, nan}, {inf, inf}, {nan, nan}});
  check_edges(round_down,
              {{0, 0}, {-0.f, -0.f}, {-0.5f, -1}, {inf, inf}, {-inf, -inf}, {nan, nan}, {huge, huge}});
}

}  // namespace
