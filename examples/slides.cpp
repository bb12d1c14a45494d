// SPDX-License-Identifier: BSL-1.0
// "Deep Learning in Julia" (Deniz Yuret, 2019), slide by slide in knit's words. Every result is compared with
// plain loops; the exit status is 1 if one differs.
#include <cmath>
#include <cstdio>
#include <knit/knit.hpp>
#include <string>
#include <vector>

using namespace knit;

// ---- plain loops to compare with ---------------------------------------------------------------------

namespace plain {

struct matrix {
  int rows, cols;
  std::vector<double> at;
  matrix(int r, int c) : rows(r), cols(c), at(std::size_t(r) * std::size_t(c)) {}
  double& operator()(int i, int j) { return at[std::size_t(i) + std::size_t(j) * std::size_t(rows)]; }
  double operator()(int i, int j) const { return at[std::size_t(i) + std::size_t(j) * std::size_t(rows)]; }
};

template <class A> matrix from(A const& a) {
  matrix m(A::shape.extent[0], A::shape.extent[1]);
  for (std::size_t i = 0; i < m.at.size(); ++i) {
    m.at[i] = double(a[long(i)]);
    if constexpr (std::is_same_v<typename A::value_type, unorm8>) m.at[i] /= 255;
  }
  return m;
}
matrix transposed(matrix const& a) {
  matrix t(a.cols, a.rows);
  for (int i = 0; i < a.rows; ++i)
    for (int j = 0; j < a.cols; ++j) t(j, i) = a(i, j);
  return t;
}
matrix product(matrix const& a, matrix const& b) {
  matrix c(a.rows, b.cols);
  for (int j = 0; j < b.cols; ++j)
    for (int k = 0; k < a.cols; ++k)
      for (int i = 0; i < a.rows; ++i) c(i, j) += a(i, k) * b(k, j);
  return c;
}
matrix row_sums(matrix const& a) {
  matrix s(a.rows, 1);
  for (int j = 0; j < a.cols; ++j)
    for (int i = 0; i < a.rows; ++i) s(i, 0) += a(i, j);
  return s;
}
matrix affine(matrix const& w, matrix const& x, matrix const& b) {
  matrix y = product(w, x);
  for (int j = 0; j < y.cols; ++j)
    for (int i = 0; i < y.rows; ++i) y(i, j) += b(i, 0);
  return y;
}
void step(matrix& w, matrix const& g, double lr) {
  for (std::size_t i = 0; i < w.at.size(); ++i) w.at[i] -= lr * g.at[i];
}

/// 784-256-10 with relu; one step of gradient descent.
struct mlp {
  matrix w1, b1, w2, b2;
  matrix hidden(matrix const& x) const {
    matrix h = affine(w1, x, b1);
    for (double& v : h.at) v = v > 0 ? v : 0;
    return h;
  }
  matrix scores(matrix const& x) const { return affine(w2, hidden(x), b2); }
  double train(matrix const& x, matrix const& y, double lr) {
    const matrix h = hidden(x);
    matrix dz = affine(w2, h, b2);
    double loss = 0;
    for (int j = 0; j < dz.cols; ++j) {
      double total = 0;
      for (int i = 0; i < dz.rows; ++i) total += std::exp(dz(i, j));
      const int label = int(y(j, 0));
      loss += (std::log(total) - dz(label, j)) / dz.cols;
      for (int i = 0; i < dz.rows; ++i) dz(i, j) = (std::exp(dz(i, j)) / total - (i == label)) / dz.cols;
    }
    matrix dh = product(transposed(w2), dz);
    for (std::size_t i = 0; i < dh.at.size(); ++i)
      if (h.at[i] == 0) dh.at[i] = 0;
    step(w2, product(dz, transposed(h)), lr);
    step(b2, row_sums(dz), lr);
    step(w1, product(dh, transposed(x)), lr);
    step(b1, row_sums(dh), lr);
    return loss;
  }
};

}  // namespace plain

static int failures = 0;

static void report(char const* slide, char const* code, bool good) {
  std::printf("%-18s %-64s %s\n", slide, code, good ? "ok" : "DIFFERS");
  failures += !good;
}
static bool close(double a, double b) { return std::abs(a - b) <= 2e-5 * (1 + std::abs(b)); }
template <class A> static bool close(A const& a, plain::matrix const& m) {
  bool good = A::shape.size() == long(m.at.size());
  for (std::size_t i = 0; good && i < m.at.size(); ++i) good = close(double(a[long(i)]), m.at[i]);
  return good;
}

template <long... N> static tensor<float, N...> randn(unsigned stream) { return init<N...>(gaussian{1, 0, 1}, stream); }

// ---- loss function -----------------------------------------------------------------------------------

struct predict {
  constexpr auto operator()(auto const& w, auto const& x) const { return w * x; }
};
struct squared_loss {
  constexpr auto operator()(auto const& w, auto const& x, auto const& y) const {
    auto ypred = predict{}(w, x);
    auto ydiff = ypred - y;
    auto sqerr = square(ydiff);
    return sum(sqerr);
  }
};

static void loss_function() {
  const tensor w = randn<3, 5>(0);
  const tensor x = randn<5, 4>(1);
  const tensor y = randn<3, 4>(2);
  auto f = diff(squared_loss{})(w, x, y);
  const float loss = value(f);
  tensor dw = grad(f, w);

  plain::matrix difference = plain::product(plain::from(w), plain::from(x));
  plain::step(difference, plain::from(y), 1);
  double expected = 0;
  for (double v : difference.at) expected += v * v;
  plain::matrix slope = plain::product(difference, plain::transposed(plain::from(x)));
  for (double& v : slope.at) v *= 2;
  report("loss function", "sum(square(predict(w, x) - y)), its derivative", close(loss, expected) && close(dw, slope));
}

// ---- optimization loop -------------------------------------------------------------------------------

template <class W> struct linear {
  BOOST_HANA_DEFINE_STRUCT(linear, (W, w));
  constexpr auto operator()(auto const& x, auto const& y) const { return squared_loss{}(w, x, y); }
};
template <class W> linear(W) -> linear<W>;

struct instance {
  tensor<float, 5> x;
  tensor<float, 3> y;
};

template <class Model, class Data> static void SGD(Model& func, Data const& data, float lr) {
  for (auto const& [x, y] : data) {
    auto f = diff(func)(x, y);
    update(params(f), [&](auto w) { return w - grad(f, w) * lr; });
  }
}

static void optimization_loop() {
  std::vector<instance> data;
  for (unsigned i = 0; i < 30; ++i) data.push_back({randn<5>(10 + 2 * i), randn<3>(11 + 2 * i)});
  linear model{randn<3, 5>(8)};
  plain::matrix w = plain::from(model.w);

  const float lr = 0.02f;
  SGD(model, data, lr);

  for (auto const& [x, y] : data) {
    plain::matrix difference = plain::product(w, plain::from(x));
    plain::step(difference, plain::from(y), 1);
    plain::step(w, plain::product(difference, plain::transposed(plain::from(x))), 2 * double(lr));
  }
  report("optimization loop", "update(params(f), [&](auto w) { return w - grad(f, w) * lr; })", close(model.w, w));
}

// ---- multiple dispatch -------------------------------------------------------------------------------

static void multiple_dispatch() {
  const tensor x = randn<6, 7>(3);
  const tensor y = randn<7, 8>(4);
  tensor z = x * y;
  const plain::matrix px = plain::from(x), py = plain::from(y);
  report("multiple dispatch", "x * y of matrices", close(z, plain::product(px, py)));

  auto f = diff([](auto x, auto y) { return sum(x * y); })(x, y);
  tensor dx = grad(f, x);
  tensor dy = grad(f, y);
  plain::matrix ones(6, 8);
  for (double& v : ones.at) v = 1;
  report("multiple dispatch", "x * y of parameters",
         close(dx, plain::product(ones, plain::transposed(py))) && close(dy, plain::product(plain::transposed(px), ones)));
}

// ---- metaprogramming ---------------------------------------------------------------------------------

static void metaprogramming() {
  const tensor w = randn<4, 6>(5);
  const tensor x = randn<6, 5>(6);
  const tensor b = randn<4>(7);
  tensor y = tanh(w * x + b);
  auto dy = diff([](auto w, auto x, auto b) { return tanh(w * x + b); })(w, x, b);
  tensor dw = grad(dy, w);
  tensor db = grad(dy, b);

  plain::matrix expected = plain::affine(plain::from(w), plain::from(x), plain::from(b));
  for (double& v : expected.at) v = std::tanh(v);
  report("metaprogramming", "y = tanh(w * x + b)", close(y, expected));
  plain::matrix slope = expected;
  for (double& v : slope.at) v = 1 - v * v;
  report("metaprogramming", "grad(dy, w)", close(dw, plain::product(slope, plain::transposed(plain::from(x)))));
  report("metaprogramming", "grad(dy, b)", close(db, plain::row_sums(slope)));
}

// ---- callable objects ----------------------------------------------------------------------------------

template <class A, class B> constexpr bool same(A const&, B const&) { return std::is_same_v<A, B>; }

static void callable_objects() {
  dense d1{init<256, 784>(xavier_uniform{5}, 0), tensor<float, 256>(), relu};
  dense d2{init<10, 256>(xavier_uniform{5}, 1), tensor<float, 10>(), identity};
  auto mlp = make_chain(d1, d2);
  plain::mlp net{plain::from(d1.w), plain::from(d1.b), plain::from(d2.w), plain::from(d2.b)};

  const auto mnist = read_mnist(KNIT_EXAMPLE_DATA "/mnist");
  auto data = mnist.train | minibatch<100>(shuffle_by{5});
  const auto first = *data.begin();
  tensor<float, 784, 100> x = first.x;
  auto y = first.y;

  report("callable objects", "d(x) is f(w * x + b)", same(d1(x), relu(d1.w * x + d1.b)));
  report("callable objects", "c(x) is each layer after the other", same(mlp(x), d2(d1(x))));
  report("callable objects", "c(x, y) is nll(c(x), y)", same(mlp(x, y), nll(mlp(x), y)));

  tensor scores = mlp(x);
  const float loss = mlp(x, y);
  report("callable objects", "mlp(x)", close(scores, net.scores(plain::from(x))));
  plain::mlp copy = net;
  report("callable objects", "mlp(x, y)", close(loss, copy.train(plain::from(x), plain::from(tensor<float, 100>(y)), 0)));
}

// ---- iterators -----------------------------------------------------------------------------------------

/// Losses by Knet's rule: those before the one at which their running mean rises.
static std::vector<float> until_they_rise(std::vector<float> const& losses) {
  double mean = losses[0], rise = 0;
  std::size_t n = 0;
  for (; n < losses.size(); ++n) {
    rise = 0.1 * (losses[n] - mean) + 0.9 * rise;
    mean = 0.1 * losses[n] + 0.9 * mean;
    if (rise > 0) break;
  }
  return {losses.begin(), losses.begin() + long(n)};
}

static void iterators() {
  const auto mnist = read_mnist(KNIT_EXAMPLE_DATA "/mnist");
  dense d1{init<256, 784>(xavier_uniform{5}, 0), tensor<float, 256>(), relu};
  dense d2{init<10, 256>(xavier_uniform{5}, 1), tensor<float, 10>(), identity};
  const auto mlp = make_chain(d1, d2);
  plain::mlp net{plain::from(d1.w), plain::from(d1.b), plain::from(d2.w), plain::from(d2.b)};
  std::vector<float> losses, expected;

  auto f = mlp;
  auto d = mnist.train | minibatch<100>();
  for (float loss : sgd(f, take(d, 3))) losses.push_back(loss);
  bool good = losses.size() == 3;
  for (auto const& batch : d | take(3)) {
    const double loss = net.train(plain::from(batch.x), plain::from(batch.y), 0.1);
    good = good && close(losses[expected.size()], loss);
    expected.push_back(float(loss));
  }
  report("iterators", "for (float loss : sgd(f, take(d, n)))", good && close(f.layers[hana::size_c<0>].w, net.w1));

  // Three epochs, once as three loops.
  f = mlp;
  expected.clear();
  double right = 0;
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (float loss : sgd(f, d)) expected.push_back(loss);
    if (epoch == 0) right = accuracy(f, mnist.test);
  }
  const std::vector<float> one_epoch(expected.begin(), expected.begin() + 600);
  double sum = 0;
  for (float loss : one_epoch) sum += loss;
  std::printf("one epoch: loss %.4f, accuracy %.4f\n", sum / 600, right);
  report("iterators", "for (float loss : sgd(f, d))", expected.size() == 1800 && sum / 600 < 0.5 && right > 0.92);

  auto again = [&](auto make) {
    f = mlp;
    losses.clear();
    make();
    return losses;
  };
  report("iterators", "for (float loss : sgd(f, repeat(d, n)))", again([&] {
                                                                   for (float loss : sgd(f, repeat(d, 3))) losses.push_back(loss);
                                                                 }) == expected);
  report("iterators", "for (float loss : progress(sgd(f, d)))", again([&] {
                                                                  for (float loss : progress(sgd(f, d))) losses.push_back(loss);
                                                                }) == one_epoch);
  report("iterators", "for (float loss : converge(sgd(f, cycle(d))))", again([&] {
                                                                         for (float loss : converge(sgd(f, cycle(d))))
                                                                           losses.push_back(loss);
                                                                       }) == until_they_rise(expected));

  std::vector<float> tests;
  auto task = [&](float loss) {
    losses.push_back(loss);
    tests.push_back(float(accuracy(f, mnist.test)));
  };
  again([&] { run(tap(takenth(sgd(f, d), 200), task)); });
  report("iterators", "run(tap(takenth(sgd(f, d), n), task))",
         losses == std::vector{one_epoch[199], one_epoch[399], one_epoch[599]} && tests.size() == 3 && tests[2] == float(right));
}

int main() try {
  loss_function();
  optimization_loop();
  multiple_dispatch();
  metaprogramming();
  callable_objects();
  iterators();
  return failures != 0;
} catch (std::exception const& e) {
  std::fprintf(stderr, "slides: %s\n", e.what());
  return 1;
}
