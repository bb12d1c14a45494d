// SPDX-License-Identifier: BSL-1.0
// lanes.cpp -- in: simd/lanes, simd/math, core/math. out: arithmetic, edges, accuracy, memory bounds, checked, of floats
// and of doubles.

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
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace {

using knit::simd::basic_lanes;
namespace simd = knit::simd;
namespace scalar = knit::math;

template <class T> constexpr int count = basic_lanes<T>::count;
template <class T> constexpr T inf = std::numeric_limits<T>::infinity();
template <class T> constexpr T nan = std::numeric_limits<T>::quiet_NaN();
template <class T> constexpr T tiny = std::numeric_limits<T>::denorm_min();
template <class T> constexpr T huge = std::numeric_limits<T>::max();

template <class T> std::vector<T> values(basic_lanes<T> a) {
  std::vector<T> out(count<T>);
  simd::store(out.data(), a);
  return out;
}

template <class T> std::vector<T> ramp(int n, T from = 0, T step = 1) {
  std::vector<T> out(n);
  for (int i = 0; i < n; ++i) out[i] = from + step * T(i);
  return out;
}

template <class T> bool same(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b && std::signbit(a) == std::signbit(b);
}

/// What a result of T is measured against.
template <class T> using wider = std::conditional_t<std::is_same_v<T, float>, double, long double>;

/// |got - want| in units of the last place of want as a T; denormal results count in the least denormal.
template <class T> double ulps(T got, wider<T> want) {
  if (std::isnan(want) || std::isnan(got)) return std::isnan(want) && std::isnan(got) ? 0 : 1e30;
  T const rounded = static_cast<T>(want);
  if (std::isinf(rounded) || std::isinf(got)) {
    if (rounded == got) return 0;
    // One rounding away from the edge of the range is one ulp away.
    wider<T> const edge = huge<T>, eps = std::numeric_limits<T>::epsilon();
    return std::abs(want) < edge * (1 + 2 * eps) && std::abs(got) > edge * (1 - 2 * eps) ? 1 : 1e30;
  }
  constexpr int digits = std::numeric_limits<T>::digits, least = std::numeric_limits<T>::min_exponent - digits;
  int exponent = 0;
  std::frexp(want, &exponent);
  return double(std::abs(wider<T>(got) - want) / std::ldexp(wider<T>(1), std::max(exponent - digits, least)));
}

/// The worst error of f over lanes against f in a wider type, for about `samples` bit patterns of T, evenly spread.
template <class T, class F, class Domain> double worst(F f, Domain domain, std::uint64_t samples = 4300000) {
  using bits = std::conditional_t<std::is_same_v<T, float>, std::uint32_t, std::uint64_t>;
  constexpr bits last = ~bits(0);
  bits const step = bits(last / samples) | 1;
  double most = 0;
  T at = 0;
  std::vector<T> x;
  auto const flush = [&] {
    auto const y = values(f(simd::load_n(x.data(), int(x.size()))));
    for (std::size_t i = 0; i < x.size(); ++i)
      if (double const e = ulps<T>(y[i], f(wider<T>(x[i]))); e > most) most = e, at = x[i];
    x.clear();
  };
  for (bits b = 0; b <= last - step; b += step) {
    T const a = std::bit_cast<T>(b);
    if (!domain(a)) continue;
    x.push_back(a);
    if (int(x.size()) == count<T>) flush();
  }
  flush();
  std::printf("worst error %.3f ulp at %.17g\n", most, double(at));
  return most;
}
/// The same for `samples` values spread evenly from a to b.
template <class T, class F> double worst_between(F f, T a, T b, int samples = 1000000) {
  double most = 0;
  T at = 0;
  for (int i = 0; i < samples; i += count<T>) {
    auto const x = ramp<T>(count<T>, a + (b - a) * T(i) / T(samples), (b - a) / T(samples));
    auto const y = values(f(simd::load(x.data())));
    for (int k = 0; k < count<T>; ++k)
      if (double const e = ulps<T>(y[k], f(wider<T>(x[k]))); e > most) most = e, at = x[k];
  }
  std::printf("worst error %.3f ulp at %.17g\n", most, double(at));
  return most;
}

constexpr auto everywhere = [](auto) { return true; };

// One function for float, double, long double (by the standard library) and lanes.
using scalar::cos, scalar::exp, scalar::floor, scalar::log, scalar::sigm, scalar::sin, scalar::sqrt, scalar::tanh;
constexpr auto exponential = [](auto x) { return exp(x); };
constexpr auto logarithm = [](auto x) { return log(x); };
constexpr auto sine = [](auto x) { return sin(x); };
constexpr auto cosine = [](auto x) { return cos(x); };
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

template <class T> class Lanes : public testing::Test {};
template <class T> class LanesMath : public testing::Test {};
using numbers = testing::Types<float, double>;
TYPED_TEST_SUITE(Lanes, numbers);
TYPED_TEST_SUITE(LanesMath, numbers);

TYPED_TEST(Lanes, GenericCodeAgreesOverFloatDoubleAndLanes) {
  using T = TypeParam;
  double const tolerance = 20 * double(std::numeric_limits<T>::epsilon());
  auto const x = ramp<T>(count<T>, T(-2.3), T(0.37));
  auto const y = values(softplus_like(simd::load(x.data())));
  for (int i = 0; i < count<T>; ++i) {
    EXPECT_NEAR(y[i], softplus_like(x[i]), tolerance);
    EXPECT_NEAR(y[i], softplus_like(double(x[i])), tolerance);
  }
}

TYPED_TEST(Lanes, ArithmeticIsTheScalarOne) {
  using T = TypeParam;
  using lanes = basic_lanes<T>;
  auto const x = ramp<T>(count<T>, T(-3.5), T(0.75)), y = ramp<T>(count<T>, 2, T(-0.3));
  lanes const a = simd::load(x.data()), b = simd::load(y.data());
  auto const check = [&](lanes got, auto want) {
    auto const g = values(got);
    for (int i = 0; i < count<T>; ++i) EXPECT_TRUE(same<T>(g[i], want(x[i], y[i]))) << i << ' ' << g[i];
  };
  check(a + b, std::plus<T>());
  check(a - b, std::minus<T>());
  check(a * b, std::multiplies<T>());
  check(a / b, std::divides<T>());
  check(-a, [](T p, T) { return -p; });
  check(2.f * a, [](T p, T) { return 2 * p; });
  check(a + 1, [](T p, T) { return p + 1; });
  check(min(a, b), [](T p, T q) { return p < q ? p : q; });
  check(max(a, b), [](T p, T q) { return p > q ? p : q; });
  check(abs(a), [](T p, T) { return std::abs(p); });
  check(sqrt(abs(a)), [](T p, T) { return std::sqrt(std::abs(p)); });
  check(floor(a), [](T p, T) { return std::floor(p); });
  check(copysign(a, b), [](T p, T q) { return std::copysign(p, q); });
  check(select(a < b, a, b), [](T p, T q) { return p < q ? p : q; });
  check(select((a > b) | (a <= -2.f), 1.f, 0.f), [](T p, T q) { return p > q || p <= -2 ? T(1) : T(0); });
  check(select((!(a >= b)) & (a != b), 1.f, 0.f), [](T p, T q) { return p < q ? T(1) : T(0); });
  check(select(a == simd::load(x.data()), 1.f, 0.f), [](T, T) { return T(1); });
  double const tolerance = 100 * double(std::numeric_limits<T>::epsilon());
  lanes c = a;
  c += b, c *= b, c -= a, c /= 2.f;
  for (int i = 0; i < count<T>; ++i) EXPECT_NEAR(values(c)[i], ((x[i] + y[i]) * y[i] - x[i]) / 2, tolerance);
  for (int i = 0; i < count<T>; ++i) EXPECT_NEAR(values(fma(a, b, c))[i], x[i] * y[i] + values(c)[i], tolerance);
}

TYPED_TEST(Lanes, NanInMinAndMaxYieldsTheSecondArgument) {
  using T = TypeParam;
  using lanes = basic_lanes<T>;
  T const zero = 0;
  for (auto [a, b] : {std::pair(nan<T>, T(1)), std::pair(T(1), nan<T>), std::pair(zero, -zero), std::pair(-zero, zero)}) {
    EXPECT_TRUE(same(values(min(lanes(a), lanes(b)))[0], b));
    EXPECT_TRUE(same(values(max(lanes(a), lanes(b)))[0], b));
    EXPECT_TRUE(same(scalar::min(a, b), b));
    EXPECT_TRUE(same(scalar::max(a, b), b));
  }
}

TYPED_TEST(Lanes, MasksIotaAndAlignedMemory) {
  using T = TypeParam;
  alignas(64) T x[count<T>];
  simd::store_aligned(x, simd::iota<T>());
  EXPECT_EQ(values(simd::load_aligned(x)), ramp<T>(count<T>));
  for (int n = 0; n <= count<T>; ++n) {
    auto const y = values(select(simd::first_n<T>(n), 1.f, 0.f));
    for (int i = 0; i < count<T>; ++i) EXPECT_EQ(y[i], i < n ? T(1) : T(0));
    EXPECT_EQ(any(simd::first_n<T>(n)), n > 0);
    EXPECT_EQ(all(simd::first_n<T>(n)), n == count<T>);
  }
}

TYPED_TEST(Lanes, ReductionsFollowTheHalvingTree) {
  using T = TypeParam;
  std::vector<T> x(count<T>);
  for (int i = 0; i < count<T>; ++i) x[i] = std::sin(T(i + 1)) * std::pow(T(10), T(i % 7));
  auto tree = x;
  for (int half = count<T> / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) tree[i] += tree[i + half];
  EXPECT_EQ(reduce_add(simd::load(x.data())), tree[0]);
  for (int i = 0; i < count<T>; ++i) {
    auto y = ramp<T>(count<T>, -100, -1);
    y[i] = -1;
    EXPECT_EQ(reduce_max(simd::load(y.data())), -1);
  }
}

TYPED_TEST(Lanes, SumsOfSeveralVectors) {
  using T = TypeParam;
  basic_lanes<T> v[count<T>];
  for (int i = 0; i < count<T>; ++i) v[i] = T(i + 1) * simd::iota<T>() + T(100 * i);
  auto const sums = values(simd::reduce_add_each(v));
  for (int i = 0; i < count<T>; ++i) EXPECT_EQ(sums[i], T(i + 1) * T(count<T> * (count<T> - 1) / 2) + T(100 * i * count<T>)) << i;
}

/// Room for n elements of T with an unreadable page right after them.
template <class T> class fenced {
 public:
  explicit fenced(int n)
      : base_(static_cast<char*>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))),
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

template <class T, class Memory> void check_partial_loads() {
  for (int n = 0; n <= count<T>; ++n) {
    fenced<Memory> page(n);
    auto const heap = std::make_unique<Memory[]>(n);  // exactly sized: the sanitizer build sees an overrun
    for (int i = 0; i < n; ++i) page.data()[i] = heap[i] = static_cast<Memory>(17 * i + 3);
    for (Memory const* p : {static_cast<Memory const*>(page.data()), static_cast<Memory const*>(heap.get())}) {
      auto const y = values(simd::load_n_as<T>(p, n));
      for (int i = 0; i < count<T>; ++i) EXPECT_EQ(y[i], i < n ? T(Memory(17 * i + 3)) : T(0));
    }
  }
  fenced<Memory> whole(count<T>);
  for (int i = 0; i < count<T>; ++i) whole.data()[i] = static_cast<Memory>(i);
  EXPECT_EQ(values(simd::load_as<T>(whole.data())), ramp<T>(count<T>));
}

TYPED_TEST(Lanes, PartialLoadsStayInside) {
  check_partial_loads<TypeParam, float>();
  check_partial_loads<TypeParam, TypeParam>();
  check_partial_loads<TypeParam, std::uint8_t>();
  check_partial_loads<TypeParam, std::int32_t>();
}

TYPED_TEST(Lanes, LoadsBetweenStayInside) {
  using T = TypeParam;
  for (int hi = 0; hi <= count<T>; ++hi)
    for (int lo = 0; lo <= hi; ++lo) {
      fenced<T> page(hi - lo);  // nothing is there before lo, and a wall from hi on
      for (int i = 0; i < hi - lo; ++i) page.data()[i] = T(i + lo + 1);
      auto const y = values(simd::in_register(simd::load_between(page.data() - lo, lo, hi)));
      for (int i = 0; i < count<T>; ++i) EXPECT_EQ(y[i], i >= lo && i < hi ? T(i + 1) : T(0));
    }
}

TYPED_TEST(Lanes, IntegersConvert) {
  using T = TypeParam;
  std::vector<std::uint8_t> bytes(256 + count<T>);
  for (int i = 0; i < int(bytes.size()); ++i) bytes[i] = static_cast<std::uint8_t>(i);
  for (int i = 0; i < 256; i += count<T>) EXPECT_EQ(values(simd::load_as<T>(bytes.data() + i)), ramp<T>(count<T>, T(i)));
  std::vector<std::int32_t> const ints(count<T>, -1234567);
  EXPECT_EQ(values(simd::load_as<T>(ints.data())), std::vector(count<T>, T(-1234567)));
  std::vector<std::int32_t> const large(count<T>, 0x7fffffff);  // more than a float holds, and not more than a double
  EXPECT_EQ(values(simd::load_as<T>(large.data())), std::vector(count<T>, T(0x7fffffff)));
}

template <class T, class Memory> void check_partial_stores() {
  auto const x = ramp<T>(count<T>, 1);
  for (int n = 0; n <= count<T>; ++n) {
    fenced<Memory> page(n);
    auto const heap = std::make_unique<Memory[]>(n);
    for (Memory* p : {page.data(), heap.get()}) {
      simd::store_n(p, simd::load(x.data()), n);
      for (int i = 0; i < n; ++i) EXPECT_EQ(p[i], x[i]);
    }
    std::vector<Memory> wide(count<T>, -7);
    simd::store_n(wide.data(), simd::load(x.data()), n);
    for (int i = 0; i < count<T>; ++i) EXPECT_EQ(wide[i], i < n ? x[i] : T(-7));
  }
  fenced<Memory> whole(count<T>);
  simd::store(whole.data(), simd::load(x.data()));
  for (int i = 0; i < count<T>; ++i) EXPECT_EQ(whole.data()[i], x[i]);
}
TYPED_TEST(Lanes, PartialStoresStayInside) {
  check_partial_stores<TypeParam, TypeParam>();
  check_partial_stores<TypeParam, float>();
}

TEST(LanesOfDouble, AreRoundedToFloats) {
  float one = 0;
  for (double x : {0.1, -1e-320, 3.4028235e38, 1e300, -inf<double>, nan<double>}) {
    simd::store_n(&one, basic_lanes<double>(x), 1);
    EXPECT_TRUE(same(one, float(x))) << x;
  }
}

TYPED_TEST(Lanes, Gathers) {
  using T = TypeParam;
  for (int stride : {1, 3, 17, 784}) {
    auto const x = ramp<T>((count<T> - 1) * stride + 1);
    auto const y = values(simd::gather(x.data(), stride));
    for (int i = 0; i < count<T>; ++i) EXPECT_EQ(y[i], x[i * stride]);
    auto const back = values(simd::gather(x.data() + (count<T> - 1) * stride, -stride));
    for (int i = 0; i < count<T>; ++i) EXPECT_EQ(back[i], x[(count<T> - 1 - i) * stride]);
  }
  for (int n = 0; n <= count<T>; ++n) {
    fenced<T> page(n == 0 ? 0 : (n - 1) * 5 + 1);
    for (int i = 0; i < n; ++i) page.data()[i * 5] = T(i + 1);
    auto const y = values(simd::gather_n(page.data(), 5, n));
    for (int i = 0; i < count<T>; ++i) EXPECT_EQ(y[i], i < n ? T(i + 1) : T(0));
  }
}

/// In units in the last place.
template <class T> struct bounds {
  static constexpr bool single = std::is_same_v<T, float>;
  static constexpr double exponential = 1.25, logarithm = 1.5, tangent = single ? 2.75 : 3, logistic = single ? 2.5 : 3, wave = 2;
};

TYPED_TEST(LanesMath, Accuracy) {
  using T = TypeParam;
  EXPECT_LE(worst<T>(exponential, everywhere), bounds<T>::exponential);
  EXPECT_LE(worst<T>(logarithm, everywhere), bounds<T>::logarithm);
  EXPECT_LE(worst<T>(sine, everywhere, 1000000), bounds<T>::wave);
  EXPECT_LE(worst<T>(cosine, everywhere, 1000000), bounds<T>::wave);
  EXPECT_LE(worst<T>(tangent, everywhere), bounds<T>::tangent);
  EXPECT_LE(worst<T>(logistic, everywhere), bounds<T>::logistic);
  EXPECT_LE(worst<T>(root, everywhere), 0.5);
}

TYPED_TEST(LanesMath, AccuracyWhereTheFunctionsTurn) {
  using T = TypeParam;
  T const end = std::is_same_v<T, float> ? 120 : 800;
  for (T far : {T(1), T(25), end}) {  // through the denormals, beyond where they are 0 or infinite
    EXPECT_LE(worst_between<T>(exponential, -far, far), bounds<T>::exponential);
    EXPECT_LE(worst_between<T>(tangent, -far, far), bounds<T>::tangent);
    EXPECT_LE(worst_between<T>(logistic, -far, far), bounds<T>::logistic);
  }
  EXPECT_LE(worst_between<T>(logarithm, T(0.4), T(2.5)), bounds<T>::logarithm);
  EXPECT_LE(worst_between<T>(logarithm, T(0.999), T(1.001)), bounds<T>::logarithm);
  EXPECT_LE(worst_between<T>(logarithm, 0, std::numeric_limits<T>::min()), bounds<T>::logarithm);  // of denormals
  auto const mid = [](auto x) { return std::abs(x) > T(0.01) && std::abs(x) < T(120); };
  EXPECT_LE(worst<T>(exponential, mid, 60000000 / (std::is_same_v<T, float> ? 1 : 4)), bounds<T>::exponential);
}

TYPED_TEST(LanesMath, AccuracyOfAngles) {
  using T = TypeParam;
  for (T far : {T(1), T(25), T(1e4), T(1.2e5), T(1e6), T(2e9)}) {  // on both sides of where the C library steps in
    EXPECT_LE(worst_between<T>(sine, -far, far), bounds<T>::wave);
    EXPECT_LE(worst_between<T>(cosine, -far, far), bounds<T>::wave);
  }
  // As near to multiples of pi/2 as a T lies, where all digits but the last ones cancel.
  double most = 0;
  auto const far = std::is_same_v<T, float> ? 100000L : 1000000000L;
  for (long n = 1; n < far; n += 1 + n / 1000) {
    T const near = T(static_cast<long double>(n) * 1.57079632679489661923132169163975144L);
    for (T x : {std::nextafter(near, T(0)), near, std::nextafter(near, inf<T>)}) {
      most = std::max(most, ulps<T>(values(sin(basic_lanes<T>(x)))[0], sin(wider<T>(x))));
      most = std::max(most, ulps<T>(values(cos(basic_lanes<T>(x)))[0], cos(wider<T>(x))));
    }
  }
  std::printf("worst error %.3f ulp near multiples of pi/2\n", most);
  EXPECT_LE(most, bounds<T>::wave);
}

TYPED_TEST(LanesMath, AnglesDoNotDependOnTheirNeighbours) {
  using T = TypeParam;
  auto x = ramp<T>(count<T>, T(-1.7), T(0.37));
  auto const right = values(sin(simd::load(x.data())));
  x[count<T> / 2] = huge<T>;
  auto const got = values(sin(simd::load(x.data())));
  for (int i = 0; i < count<T>; ++i) EXPECT_EQ(got[i], i == count<T> / 2 ? std::sin(huge<T>) : right[i]);
}

template <class T, class F> void check_edges(F f, std::initializer_list<std::pair<T, T>> edges) {
  for (auto [x, y] : edges) {
    for (T got : values(f(basic_lanes<T>(x)))) EXPECT_TRUE(same(got, y)) << "lanes: f(" << x << ") = " << got;
    EXPECT_TRUE(same(f(x), y)) << "scalar: f(" << x << ") = " << f(x);
    EXPECT_TRUE(same(T(f(wider<T>(x))), y) || std::isinf(y)) << "wider: f(" << x << ") = " << f(wider<T>(x));
  }
}

TYPED_TEST(LanesMath, Edges) {
  using T = TypeParam;
  constexpr T infinite = inf<T>, none = nan<T>, small = tiny<T>, large = huge<T>, zero = 0;
  constexpr bool single = std::is_same_v<T, float>;
  constexpr T most = single ? 89 : 710, least = single ? -104 : -746;
  check_edges<T>(exponential,
                 {{0, 1}, {-zero, 1}, {infinite, infinite}, {-infinite, 0}, {none, none}, {most, infinite}, {large, infinite}});
  check_edges<T>(exponential, {{-large, 0}, {least, 0}, {small, 1}, {-small, 1}});
  check_edges<T>(logarithm, {{1, 0},
                             {0, -infinite},
                             {-zero, -infinite},
                             {-1, none},
                             {-small, none},
                             {-infinite, none},
                             {infinite, infinite},
                             {none, none}});
  check_edges<T>(
      tangent,
      {{0, 0}, {-zero, -zero}, {infinite, 1}, {-infinite, -1}, {none, none}, {small, small}, {-small, -small}, {large, 1}});
  check_edges<T>(sine,
                 {{0, 0}, {-zero, -zero}, {infinite, none}, {-infinite, none}, {none, none}, {small, small}, {-small, -small}});
  check_edges<T>(cosine, {{0, 1}, {-zero, 1}, {infinite, none}, {-infinite, none}, {none, none}, {small, 1}, {-small, 1}});
  T const end = single ? T(9.02) : T(20);
  check_edges<T>(tangent, {{end, 1}, {-end, -1}, {T(21), 1}, {T(1e-30), T(1e-30)}, {T(1e-40), T(1e-40)}});
  check_edges<T>(logistic,
                 {{0, T(0.5)}, {-zero, T(0.5)}, {infinite, 1}, {-infinite, 0}, {none, none}, {large, 1}, {-large, 0}, {100, 1}});
  check_edges<T>(root, {{0, 0}, {-zero, -zero}, {-1, none}, {infinite, infinite}, {none, none}});
  check_edges<T>(
      round_down,
      {{0, 0}, {-zero, -zero}, {T(-0.5), -1}, {infinite, infinite}, {-infinite, -infinite}, {none, none}, {large, large}});
}

}  // namespace
