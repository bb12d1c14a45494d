// SPDX-License-Identifier: BSL-1.0
// tiny_eigen.cpp -- in: requests of bench/tiny.py. out: 4-32-16-4 by hand, one sample a step, on fixed-size matrices of Eigen.
#include <Eigen/Core>
#include <memory>
#include <stdexcept>

#include "tiny.hpp"

using namespace bench::tiny;

namespace {

template <int Rows, int Columns> using matrix = Eigen::Matrix<float, Rows, Columns>;
template <int Rows> using vector = Eigen::Matrix<float, Rows, 1>;

template <int In, int Out> struct layer {
  matrix<Out, In> w;
  vector<Out> b;
  void reset(std::uint32_t counter) {
    for (int o = 0; o < Out; ++o)
      for (int i = 0; i < In; ++i) w(o, i) = bench::initial_weight(Out, In, counter, o, i);
    b.setZero();
  }
  void descend(vector<Out> const& slope, vector<In> const& x, float rate) {
    const vector<Out> by = -rate * slope;
    w.noalias() += by * x.transpose();
    b += by;
  }
};

struct network {
  layer<inputs, first> a;
  layer<first, second> b;
  layer<second, outputs> c;

  void reset() { a.reset(counter[0]), b.reset(counter[1]), c.reset(counter[2]); }

  float step(float const* sample, float const* target, float rate) {
    const vector<inputs> x = Eigen::Map<vector<inputs> const>(sample);
    vector<first> h = a.b;
    h.noalias() += a.w * x;
    h = h.array().tanh();
    vector<second> k = b.b;
    k.noalias() += b.w * h;
    k = k.array().tanh();
    vector<outputs> d = c.b - Eigen::Map<vector<outputs> const>(target);
    d.noalias() += c.w * k;
    const float loss = d.squaredNorm() / outputs;

    const vector<outputs> dy = d * (2.f / outputs);
    vector<second> dk;
    dk.noalias() = c.w.transpose() * dy;
    dk.array() *= 1 - k.array().square();
    vector<first> dh;
    dh.noalias() = b.w.transpose() * dk;
    dh.array() *= 1 - h.array().square();
    c.descend(dy, k, rate);
    b.descend(dk, h, rate);
    a.descend(dh, x, rate);
    return loss;
  }
};

}  // namespace

int main(int argc, char** argv) {
  bench::parse(argc, argv, "usage: bench_tiny_eigen --worker; bench/run tiny compares with it");
  return bench::serve([]() -> bench::contest {
    auto data = std::make_shared<data_set>();
    auto net = std::make_shared<network>();
    return {100,
            samples,
            [=](int steps) {
              net->reset();
              return bench::time_steps(
                  steps, [&](int s) { return net->step(data->x.data() + s * inputs, data->y.data() + s * outputs, 0.1f); });
            },
            {}};
  });
}
