// SPDX-License-Identifier: BSL-1.0
// lbfgs.hpp -- in: a model and all of its data. out: the losses of L-BFGS, until it converges.
#pragma once
#include <algorithm>
#include <cmath>
#include <knit/optim/wolfe.hpp>
#include <knit/train/fit.hpp>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace knit {

/// It ends where no element of the gradient is above gtol in size, or a step from loss a to loss b has a - b <= ftol
/// max(|a|, |b|, 1); both as in SciPy's L-BFGS-B. `memory`: how many of the last steps tell how the loss is curved.
struct lbfgs_options {
  int memory = 10;
  double gtol = 1e-5, ftol = 2.2e-9;
};

namespace detail {

/// A model's loss on arguments and its derivative with regard to each parameter, all outputs. Leaves: parameters,
/// arguments.
template <class Model, class... X> struct loss_spec : inference_spec<Model, X...> {
  using base = inference_spec<Model, X...>;
  template <int K> using parameter_at = parameter<K, typename base::parameters::template array_at<K>>;
  using first_argument_type = argument<base, 0, typename mp::mp_front<mp::mp_list<X...>>::extents_type>;
  using loss = unless_poisoned<typename decltype(check_loss<typename base::traced>())::type, decltype(sum(first_argument_type{}))>;
  template <int... K> static auto list(std::integer_sequence<int, K...>)
      -> mp::mp_list<result<typename loss::graph>,
                     result<typename decltype(make<gradient_op>(loss{}, parameter_at<K>{}))::graph>...>;
  using results = decltype(list(std::make_integer_sequence<int, base::parameters::count>{}));
};

template <class T> double dot(std::vector<T> const& a, std::vector<T> const& b) {
  double s = 0;
  for (std::size_t i = 0; i < a.size(); ++i) s += double(a[i]) * double(b[i]);
  return s;
}
template <class T> void add_scaled(std::vector<T>& to, double by, std::vector<T> const& a) {
  for (std::size_t i = 0; i < a.size(); ++i) to[i] = T(double(to[i]) + by * double(a[i]));
}

/// What the last steps and the changes of the gradient over them tell of the inverse of the loss's second derivative.
template <class T> class inverse_hessian {
 public:
  inverse_hessian(int memory, std::size_t n) : pairs_(std::size_t(memory) + 1, {std::vector<T>(n), std::vector<T>(n), 0, 0}) {}
  void clear() { count_ = 0; }
  bool empty() const { return count_ == 0; }
  /// The step and the change of the gradient from one point and gradient to another. One that shows no curvature is
  /// left out.
  void add(std::vector<T> const& from, std::vector<T> const& to, std::vector<T> const& g, std::vector<T> const& g_to) {
    pair& p = at(count_);
    for (std::size_t i = 0; i < g.size(); ++i) p.s[i] = to[i] - from[i], p.y[i] = g_to[i] - g[i];
    p.sy = dot(p.s, p.y);
    if (p.sy > std::numeric_limits<T>::epsilon() * dot(p.y, p.y)) ++count_;
  }
  /// d <- H d. Source: Nocedal, Wright, Numerical Optimization, 2006, algorithm 7.4.
  void apply(std::vector<T>& d) {
    if (empty()) return;
    const long first = std::max(count_ + 1 - long(pairs_.size()), 0l);
    for (long k = count_ - 1; k >= first; --k) {
      at(k).alpha = dot(at(k).s, d) / at(k).sy;
      add_scaled(d, -at(k).alpha, at(k).y);
    }
    pair const& last = at(count_ - 1);
    const double scale = last.sy / dot(last.y, last.y);
    for (T& x : d) x = T(scale * double(x));
    for (long k = first; k < count_; ++k) add_scaled(d, at(k).alpha - dot(at(k).y, d) / at(k).sy, at(k).s);
  }

 private:
  struct pair {
    std::vector<T> s, y;
    double sy, alpha;
  };
  pair& at(long k) { return pairs_[std::size_t(k) % pairs_.size()]; }
  std::vector<pair> pairs_;  // those that are known and, in the place of the next, one that may be left out
  long count_ = 0;
};

template <class Backend, class Model, class... X> class lbfgs_iteration {
  using spec = loss_spec<Model, X...>;
  using program = typename Backend::template program<spec>;

 public:
  using value_type = typename program::value_type;  ///< double if the model or an argument is of double, else float

  lbfgs_iteration(Model& m, lbfgs_options const& o, X const&... x)
      : model_(&m), data_(&x...), options_(o), inverse_(checked(o.memory), n_), w_(n_), g_(n_), w_next_(n_), g_next_(n_), d_(n_) {}

  void begin() { begun_ = converged_ = over_ = false; }
  bool over() const { return over_; }
  value_type operator()() {
    if (!begun_) start();
    const value_type loss = loss_;
    over_ = converged_ || !std::isfinite(loss) || largest(g_) <= options_.gtol || !descend();
    return loss;
  }

 private:
  static constexpr std::size_t n_ = std::size_t(parameter_elements<Model>);
  using row = std::vector<value_type>;

  static int checked(int memory) {
    if (memory >= 1) return memory;
    throw std::invalid_argument("knit: lbfgs remembers from 1 step on, not " + std::to_string(memory));
  }
  static double largest(row const& g) {
    double most = 0;
    for (value_type x : g) most = std::max(most, std::abs(double(x)));
    return most;
  }
  void start() {
    inverse_.clear();
    read_parameters(*model_, w_.data());
    loss_ = evaluate(g_);
    if (std::isfinite(loss_) && !std::ranges::all_of(g_, [](value_type x) { return std::isfinite(x); }))
      throw std::runtime_error("knit: lbfgs begins where the loss is " + std::to_string(loss_) +
                               " and its gradient is infinite or no number, as that of a root at 0 is; begin elsewhere");
    begun_ = true;
  }
  /// The loss of the model as it is, and its gradient.
  value_type evaluate(row& g) {
    leaf_list<spec> leaves;
    std::apply([&](auto*... p) { (leaves.add(p->data()), ...); }, parameters_of(*model_));
    std::apply([&](auto const*... x) { (leaves.add(*x), ...); }, data_);
    value_type loss = 0;
    void* outputs[1 + spec::parameters::count] = {&loss};
    for (int k = 0; k < spec::parameters::count; ++k) outputs[1 + k] = g.data() + parameters_before<Model>(k);
    program_.run(leaves.data(), outputs);
    return loss;
  }
  /// A step to a lower loss; false if there is none, and the model stays.
  bool descend() {
    d_ = g_;
    inverse_.apply(d_);
    for (value_type& x : d_) x = -x;
    const double slope = dot(d_, g_), first = inverse_.empty() ? std::min(1.0, 1 / std::sqrt(dot(g_, g_))) : 1;
    const line_point start{0, double(loss_), slope};
    const line_point found = slope < 0 ? strong_wolfe([&](double at) { return along(at); }, start, first) : start;
    if (found.at == 0) {
      write_parameters(*model_, w_.data());
      if (inverse_.empty()) return false;
      inverse_.clear();
      return descend();
    }
    inverse_.add(w_, w_next_, g_, g_next_);
    w_.swap(w_next_);
    g_.swap(g_next_);
    const double fall = start.value - found.value;
    converged_ = fall <= options_.ftol * std::max({std::abs(start.value), std::abs(found.value), 1.0});
    loss_ = value_type(found.value);
    return true;
  }
  line_point along(double at) {
    for (std::size_t i = 0; i < n_; ++i) w_next_[i] = value_type(double(w_[i]) + at * double(d_[i]));
    write_parameters(*model_, w_next_.data());
    const double loss = evaluate(g_next_);
    return {at, loss, dot(g_next_, d_)};
  }

  Model* model_;
  std::tuple<X const*...> data_;
  lbfgs_options options_;
  program program_;
  inverse_hessian<value_type> inverse_;
  row w_, g_, w_next_, g_next_, d_;
  value_type loss_ = 0;
  bool begun_ = false, converged_ = false, over_ = false;
};

template <class Backend, class Model, class... X> using lbfgs_of =
    lbfgs_iteration<Backend, std::remove_cvref_t<Model>, std::remove_cvref_t<X>...>;

}  // namespace detail

/// `for (double loss : lbfgs(model, x, y))`: reading a loss makes an iteration of L-BFGS with a line search by the
/// strong Wolfe conditions, on the loss model(x, y) of all data at once. Yields the loss before each iteration; the
/// last is that of the model as it stays. Throws std::runtime_error where a pass begins with a loss that is a number and a
/// gradient that is none. A random model is as it is in inference. Model and arrays are referred to and
/// must outlive the range; after its construction nothing is allocated. Source: Liu, Nocedal, Mathematical Programming
/// 45 (1989).
template <class Backend = default_backend, model Model, class X, class Y> requires array_like<X> && array_like<Y>
auto lbfgs(Model&& m, X&& x, Y&& y, lbfgs_options const& o = {}) {
  using iteration = detail::lbfgs_of<Backend, Model, X, Y>;
  return detail::fit<iteration>(std::forward<Model>(m), o, std::forward<X>(x), std::forward<Y>(y));
}
/// The same on the loss model(x).
template <class Backend = default_backend, model Model, class X> requires array_like<X>
auto lbfgs(Model&& m, X&& x, lbfgs_options const& o = {}) {
  return detail::fit<detail::lbfgs_of<Backend, Model, X>>(std::forward<Model>(m), o, std::forward<X>(x));
}

}  // namespace knit
