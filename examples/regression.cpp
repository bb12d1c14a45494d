// SPDX-License-Identifier: BSL-1.0
// Tells how far cars go on a gallon by a line through six numbers of each, fitted by L-BFGS and, for comparison, by
// Eigen's least squares. With --test the exit status is 1 unless both find the same line and make the same errors.
#include <Eigen/QR>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <knit/io/csv.hpp>
#include <knit/knit.hpp>
#include <knit/train/lbfgs.hpp>
#include <stdexcept>
#include <string>
#include <vector>

using namespace knit;

static constexpr int features = 6, cars = 392, tested = cars / 4, trained = cars - tested;

template <int N> struct data_set {
  tensor<double, features, N> x;
  tensor<double, 1, N> y;
};

/// Every fourth car is for the test.
static void read(std::string const& path, data_set<trained>& train, data_set<tested>& test) {
  const auto table = read_csv<double>(path);
  const auto miles = table.column("mpg"), numbers = table.without("mpg");
  if (numbers.extent != std::vector{cars, features})
    throw std::runtime_error(path + " is no table of " + std::to_string(features) + " numbers of " + std::to_string(cars) +
                             " cars");
  auto car = [&](auto& set, int at, int n) {
    set.y(0, at) = miles.values[std::size_t(n)];
    for (int f = 0; f < features; ++f) set.x(f, at) = numbers.values[std::size_t(n * features + f)];
  };
  for (int n = 0; n < cars; ++n)
    if (n % 4 == 3) car(test, n / 4, n);
    else car(train, n - n / 4, n);
}

/// In both sets each feature less its mean in training, in units of its standard deviation there.
static void standardise(data_set<trained>& train, data_set<tested>& test) {
  tensor mean = sum<1>(train.x) / trained;
  tensor deviation = sqrt(sum<1>(square(train.x - mean)) / trained);
  train.x = (train.x - mean) / deviation;
  test.x = (test.x - mean) / deviation;
}

template <class Model, int N> static double error(Model const& model, data_set<N> const& d) {
  tensor squared = mse(eval(model(d.x)), d.y);
  return std::sqrt(squared[0]);
}

/// Weights and, last, the bias, by a QR decomposition.
static Eigen::VectorXd least_squares(data_set<trained> const& d) {
  Eigen::MatrixXd a(trained, features + 1);
  Eigen::VectorXd b(trained);
  for (int n = 0; n < trained; ++n) {
    for (int f = 0; f < features; ++f) a(n, f) = d.x(f, n);
    a(n, features) = 1;
    b(n) = d.y(0, n);
  }
  return a.colPivHouseholderQr().solve(b);
}

int main(int argc, char** argv) try {
  const bool test = argc > 1 && std::strcmp(argv[1], "--test") == 0;
  data_set<trained> train_set;
  data_set<tested> test_set;
  read(KNIT_EXAMPLE_DATA "/auto-mpg/auto-mpg.csv", train_set, test_set);
  standardise(train_set, test_set);

  auto ours = make_regression(dense(tensor<double, 1, features>(), tensor<double, 1>(), identity));
  int iterations = -1;  // the last loss is of no iteration
  for (double loss : lbfgs(ours, train_set.x, train_set.y, {.gtol = 1e-9, .ftol = 0}))
    std::printf("%3d  %.6f\n", ++iterations, loss);

  auto theirs = ours;
  const auto found = least_squares(train_set);
  for (int f = 0; f < features; ++f) theirs.net.w(0, f) = found(f);
  theirs.net.b[0] = found(features);

  std::printf("root of the mean squared error in miles per gallon, of %d cars and of %d others:\n", trained, tested);
  const double by_knit[] = {error(ours, train_set), error(ours, test_set)};
  const double by_eigen[] = {error(theirs, train_set), error(theirs, test_set)};
  std::printf("knit   %.6f  %.6f\n", by_knit[0], by_knit[1]);
  std::printf("Eigen  %.6f  %.6f\n", by_eigen[0], by_eigen[1]);
  double apart = std::abs(ours.net.b[0] - found(features));
  for (int f = 0; f < features; ++f) apart = std::max(apart, std::abs(ours.net.w(0, f) - found(f)));
  for (int k = 0; k < 2; ++k) apart = std::max(apart, std::abs(by_knit[k] - by_eigen[k]));
  return test && !(apart < 1e-7 && by_knit[1] < 4);
} catch (std::exception const& e) {
  std::fprintf(stderr, "regression: %s\n", e.what());
  return 1;
}
