// SPDX-License-Identifier: BSL-1.0
// slow_nist.cpp -- in: levenberg_marquardt.hpp and 24 of NIST's 27 data sets of nonlinear regression. out: the
// certified coefficients.

#include "nist.hpp"

namespace {

using namespace nist;

constexpr auto gauss = [](auto x, auto a, auto b, auto c, auto d, auto e, auto f, auto g, auto h) {
  return a * exp(-b * x) + c * exp(-square((x - d) / e)) + f * exp(-square((x - g) / h));
};
constexpr auto lanczos = [](auto x, auto a, auto b, auto c, auto d, auto e, auto f) {
  return a * exp(-b * x) + c * exp(-d * x) + e * exp(-f * x);
};
constexpr auto chwirut = [](auto x, auto a, auto b, auto c) { return exp(-a * x) / (b + c * x); };
constexpr auto rising = [](auto x, auto a, auto b) { return a * (1 - exp(-b * x)); };
constexpr auto ratio = [](auto x, auto a, auto b, auto c, auto d, auto e, auto f, auto g) {
  return (a + x % (b + x % (c + x * d))) / (1 + x % (e + x % (f + x * g)));
};

TEST(nist, lower_difficulty) {
  fits<14, 2>("Misra1a", rising);
  fits<14, 2>("Misra1b", [](auto x, auto a, auto b) { return a * (1 - 1 / square(1 + b * x / 2)); });
  fits<54, 3>("Chwirut2", chwirut);
  fits<214, 3>("Chwirut1", chwirut);
  fits<24, 6>("Lanczos3", lanczos);
  fits<250, 8>("Gauss1", gauss);
  fits<250, 8>("Gauss2", gauss);
  fits<6, 2>("DanWood", [](auto x, auto a, auto b) { return a * exp(b * log(x)); });
}
TEST(nist, average_difficulty) {
  fits<151, 5>("Kirby2",
               [](auto x, auto a, auto b, auto c, auto d, auto e) { return (a + x % (b + x * c)) / (1 + x % (d + x * e)); });
  fits<236, 7>("Hahn1", ratio);
  fits<33, 5>("MGH17", [](auto x, auto a, auto b, auto c, auto d, auto e) { return a + b * exp(-d * x) + c * exp(-e * x); });
  fits<24, 6>("Lanczos1", lanczos);
  fits<24, 6>("Lanczos2", lanczos);
  fits<250, 8>("Gauss3", gauss);
  fits<14, 2>("Misra1c", [](auto x, auto a, auto b) { return a * (1 - 1 / sqrt(1 + 2 * b * x)); });
  fits<14, 2>("Misra1d", [](auto x, auto a, auto b) { return a * b * x / (1 + b * x); });
}
TEST(nist, higher_difficulty) {
  fits<11, 4>("MGH09", [](auto x, auto a, auto b, auto c, auto d) { return a * x % (x + b) / (x % (x + c) + d); });
  fits<37, 7>("Thurber", ratio);
  fits<6, 2>("BoxBOD", rising);
  fits<9, 3>("Rat42", [](auto x, auto a, auto b, auto c) { return a / (1 + exp(b - c * x)); });
  fits<16, 3>("MGH10", [](auto x, auto a, auto b, auto c) { return a * exp(b / (x + c)); });
  fits<35, 3>("Eckerle4", [](auto x, auto a, auto b, auto c) { return a / b * exp(-square((x - c) / b) / 2); });
  fits<15, 4>("Rat43", [](auto x, auto a, auto b, auto c, auto d) { return a * exp(-log(1 + exp(b - c * x)) / d); });
  fits<154, 3>("Bennett5", [](auto x, auto a, auto b, auto c) { return a * exp(-log(b + x) / c); });
}

}  // namespace
