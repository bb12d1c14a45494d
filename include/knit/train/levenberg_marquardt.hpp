// SPDX-License-Identifier: BSL-1.0
// levenberg_marquardt.hpp -- in: a model of residuals and its data. out: sums of their squares, until these are least.
#pragma once
#include <cmath>
#include <knit/optim/trust_region.hpp>
#include <knit/train/fit.hpp>
#include <stdexcept>
#include <string>
#include <vector>

namespace knit {

/// It ends where a step makes the sum of squares less by at most ftol of it, and was expected to; where a step is at
/// most xtol of the parameters, in their scale; or where the cosine between the residuals and each column of their
/// derivative is at most gtol. The first step is at most `factor` times the length of the parameters. As in MINPACK's
/// lmder, but for its factor of 100, which leaps over the optimum of one of NIST's data sets; 0.3 to 30 find all.
struct levenberg_marquardt_options {
  double ftol = 1e-14, xtol = 1e-14, gtol = 1e-12, factor = 1;
};

namespace detail {

constexpr sentence named_residuals(shape s) {
  return sentence() << "levenberg_marquardt: the residuals have shape " << s
                    << "; the compiler must know how many there are, so give "
                       "the data extents that are numbers";
}

template <class Model> constexpr sentence one_residual() {
  return sentence() << "levenberg_marquardt takes a model whose value is the array of its residuals, and the value of this one is "
                       "a number, as a loss "
                       "is; return the residuals, or minimise the loss by lbfgs";
}

/// A model's residuals r on arguments, and J v, their derivative along a direction v of the parameters: that by u of
/// the product of v and the derivative of u r, which is linear in u, so no u is left in it. Leaves: parameters,
/// arguments, v, u.
template <class Model, class... X> struct residuals_spec {
  using base = inference_spec<Model, X...>;
  using parameters = typename base::parameters;
  using argument_tag = base;
  using residuals = typename base::traced;
  static constexpr bool known = [] {
    if constexpr (residuals::extents_type::named > 0) complain<named_residuals(residuals::shape)>();
    if constexpr (residuals::shape.rank == 0) complain<one_residual<Model>()>();
    return true;
  }();
  static_assert(known);
  static constexpr int first_argument = base::first_argument, given = sizeof...(X);
  static constexpr int argument_count = given + parameters::count + 1;
  template <int K> using array_at = typename parameters::template array_at<K>;
  template <int K> using v = argument<base, given + K, typename array_at<K>::extents_type>;
  using u = argument<base, given + parameters::count, typename residuals::extents_type>;

  static constexpr auto leaves = [] {
    std::array<leaf_info, 1> of_u{leaf_info{number_among(base::leaves), {}, residuals::shape}};
    return joined(base::leaves, parameters::value, of_u);
  }();
  template <int K> static constexpr auto part() {
    return sum(v<K>{} % make<gradient_op>(sum(u{} % residuals{}), parameter<K, array_at<K>>{}));
  }
  template <int... K> static constexpr auto along(std::integer_sequence<int, K...>) {
    return make<gradient_op>((part<K>() + ...), u{});
  }
  using derivative = decltype(along(std::make_integer_sequence<int, parameters::count>{}));
  using results = mp::mp_list<result<typename residuals::graph>, result<typename derivative::graph>>;
};

template <class Backend, class Model, class... X> class levenberg_marquardt_iteration {
  using spec = residuals_spec<Model, X...>;
  using program = typename Backend::template program<spec>;

 public:
  using value_type = typename program::value_type;  ///< double if the model or an argument is of double, else float

  levenberg_marquardt_iteration(Model& m, levenberg_marquardt_options const& o, X const&... x)
      : model_(&m),
        data_(&x...),
        options_(o),
        region_(rows_, columns_),
        h_(columns_),
        w_(columns_),
        w_next_(columns_),
        r_(rows_),
        r_next_(rows_),
        u_(rows_),
        j_(std::size_t(rows_) * columns_) {}

  void begin() { begun_ = converged_ = over_ = false; }
  bool over() const { return over_; }
  value_type operator()() {
    if (!begun_) start();
    const double squares = squares_;
    over_ = converged_ || !linearise() || !descend();
    return value_type(squares);
  }

 private:
  static constexpr int rows_ = int(spec::residuals::shape.size()), columns_ = int(parameter_elements<Model>);
  using row = std::vector<value_type>;
  using arrays = mp::mp_transform<std::remove_pointer_t, decltype(parameters_of(std::declval<Model&>()))>;

  static double sum_of_squares(row const& r) {
    double s = 0;
    for (value_type x : r) s += double(x) * double(x);
    return s;
  }
  void start() {
    region_.clear();
    read_parameters(*model_, w_.data());
    evaluate(r_, j_.data());
    squares_ = sum_of_squares(r_);
    begun_ = first_ = true;
  }
  /// The residuals of the model as it is, and their derivative along v_.
  void evaluate(row& r, value_type* along) {
    leaf_list<spec> leaves;
    std::apply([&](auto*... p) { (leaves.add(p->data()), ...); }, parameters_of(*model_));
    std::apply([&](auto const*... x) { (leaves.add(*x), ...); }, data_);
    std::apply([&](auto&... v) { (leaves.add(v.data()), ...); }, v_);
    leaves.add(u_.data());
    void* outputs[] = {r.data(), along};
    program_.run(leaves.data(), outputs);
  }
  /// J, one column after the other. False if |r| is no number or least already; throws where J is none.
  bool linearise() {
    if (!std::isfinite(squares_)) return false;
    value_type* column = j_.data();
    std::apply(
        [&](auto&... v) {
          auto each = [&](auto& a) {
            for (long i = 0; i < a.size(); ++i, column += rows_) {
              a[i] = 1;
              evaluate(r_, column);
              a[i] = 0;
            }
          };
          (each(v), ...);
        },
        v_);
    if (!region_.linearise(j_.data(), r_.data(), rows_))
      throw std::runtime_error("knit: levenberg_marquardt has come to where the squares of the residuals add up to " +
                               std::to_string(squares_) + " and their derivative is infinite or no number; begin elsewhere");
    return region_.steepest() > options_.gtol;
  }
  /// A step to a smaller sum of squares; false if there is none, and the model stays.
  bool descend() {
    if (first_) {
      const double length = region_.length(w_.data());
      radius_ = options_.factor * (length > 0 ? length : 1);
    }
    for (bool accepted = false; !accepted;) {
      region_.step(radius_, h_.data());
      for (std::size_t k = 0; k < h_.size(); ++k) w_next_[k] = value_type(double(w_[k]) + h_[k]);
      write_parameters(*model_, w_next_.data());
      evaluate(r_next_, j_.data());
      const double next = sum_of_squares(r_next_), fall = squares_ - next;
      const double expected = region_.linear() + 2 * region_.damped();
      accepted = fall >= 1e-4 * expected && fall > 0;
      resize(next, fall, expected);
      bool const flat = std::max(std::abs(fall), expected) <= options_.ftol * squares_ && fall <= 2 * expected;
      converged_ = flat || radius_ <= options_.xtol * region_.length(w_.data()) || w_next_ == w_;
      if (accepted) {
        w_.swap(w_next_);
        r_.swap(r_next_);
        squares_ = next;
        first_ = false;
      } else if (converged_) {
        write_parameters(*model_, w_.data());
        return false;
      }
    }
    return true;
  }
  /// A radius within which the next step's fall is likely to be as expected.
  void resize(double next, double fall, double expected) {
    const double length = region_.length(h_.data());
    if (first_) radius_ = std::min(radius_, length);
    if (!(fall > 0.25 * expected)) {
      const double slope = region_.linear() + region_.damped();  // half of that along h, downhill
      const double share = fall >= 0 ? 0.5 : 0.5 * slope / (slope - 0.5 * fall);
      radius_ = (next < 100 * squares_ && share > 0.1 ? share : 0.1) * std::min(radius_, 10 * length);
    } else if (region_.damped() == 0 || fall >= 0.75 * expected) radius_ = 2 * length;
  }

  Model* model_;
  std::tuple<X const*...> data_;
  levenberg_marquardt_options options_;
  program program_;
  trust_region region_;
  arrays v_;
  std::vector<double> h_;
  row w_, w_next_, r_, r_next_, u_, j_;
  double squares_ = 0, radius_ = 0;
  bool begun_ = false, first_ = true, converged_ = false, over_ = false;
};

template <class Backend, class Model, class... X> using levenberg_marquardt_of =
    levenberg_marquardt_iteration<Backend, std::remove_cvref_t<Model>, std::remove_cvref_t<X>...>;

}  // namespace detail

/// `for (double squares : levenberg_marquardt(model, x, y))`: fits a model whose value on all of the data, model(x, y),
/// is an array of residuals: reading an element makes an iteration that makes the sum of their squares less. Yields it
/// as it was before each; the last is that of the model as it stays. Meant for up to a hundred parameters or so: their
/// derivative is worked out forward, an element after the other. Throws std::runtime_error where that is no number. Model
/// and arrays are referred to and must outlive the range; after its construction nothing is allocated.
template <class Backend = default_backend, model Model, class X, class Y> requires array_like<X> && array_like<Y>
auto levenberg_marquardt(Model&& m, X&& x, Y&& y, levenberg_marquardt_options const& o = {}) {
  using iteration = detail::levenberg_marquardt_of<Backend, Model, X, Y>;
  return detail::fit<iteration>(std::forward<Model>(m), o, std::forward<X>(x), std::forward<Y>(y));
}
/// The same on the residuals model(x).
template <class Backend = default_backend, model Model, class X> requires array_like<X>
auto levenberg_marquardt(Model&& m, X&& x, levenberg_marquardt_options const& o = {}) {
  return detail::fit<detail::levenberg_marquardt_of<Backend, Model, X>>(std::forward<Model>(m), o, std::forward<X>(x));
}

}  // namespace knit
