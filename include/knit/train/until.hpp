// SPDX-License-Identifier: BSL-1.0
// until.hpp -- in: a range, a judge of its elements. out: the elements before the one at which the judge says stop.
#pragma once
#include <knit/train/pull.hpp>
#include <knit/train/tap.hpp>
#include <limits>
#include <stdexcept>
#include <string>

namespace knit {

/// The element that stops it is taken from the range and not handed on: its step is made. A copy of the judge judges each pass.
template <class Rng, class Judge> struct until_stage {
  static constexpr ranges::cardinality cardinality = ranges::unknown;
  upstream<Rng> all;
  Judge fresh;
  std::optional<Judge> judge;
  bool passed = false, stopped = false;

  until_stage(Rng r, Judge j) : all(std::move(r)), fresh(std::move(j)) {}
  void begin() {
    all.begin();
    judge.reset();
    passed = stopped = false;
  }
  bool over() {
    if (passed || stopped) return stopped;
    if (all.over()) return true;
    if (!judge) judge.emplace(fresh);
    if constexpr (!std::is_invocable_r_v<bool, Judge&, typename upstream<Rng>::element>)
      complain<detail::no_task<Judge>("until", "until([](auto loss) { return loss < 0.1f; })")>();
    else stopped = (*judge)(all.read());
    passed = !stopped;
    return stopped;
  }
  decltype(auto) read() {
    over();
    return all.read();
  }
  void next() {
    over();
    all.next();
    passed = false;
  }
};

namespace detail {

/// Knet's rule: stop where the running mean of what an element is above the running mean of those before it is above 0.
struct converged {
  double alpha, mean = 0, rise = 0;
  bool first = true;

  bool operator()(double x) {
    if (first) mean = x, first = false;
    const double above = x - mean;
    mean = alpha * x + (1 - alpha) * mean;
    rise = alpha * above + (1 - alpha) * rise;
    return !(rise <= 0);  // not `rise > 0`: what is no number will not converge
  }
};
template <class Metric> constexpr sentence no_patience() {
  return sentence() << "early_stop takes a metric and for how many elements in a row it may get no better; write "
                       "early_stop(metric, 3)";
}
template <class Metric> struct out_of_patience {
  Metric metric;
  long patience, waited = 0;
  double best = std::numeric_limits<double>::infinity();

  template <class X> bool operator()(X const& x) {
    double now;
    if constexpr (std::is_invocable_r_v<double, Metric&, X const&>) now = metric(x);
    else if constexpr (std::is_invocable_r_v<double, Metric&>) now = metric();
    else {
      complain<no_task<Metric>("early_stop", "early_stop([&] { return -accuracy(model, test); }, 3)")>();
      return true;
    }
    if (now < best) best = now, waited = 0;
    else ++waited;
    return waited >= patience;
  }
};

template <class Rng> struct converge_stage : until_stage<Rng, converged> {
  explicit converge_stage(Rng r, double alpha = 0.1) : until_stage<Rng, converged>(std::move(r), {alpha}) {
    if (!(alpha > 0 && alpha <= 1))
      throw std::invalid_argument("knit: converge takes alpha above 0 and at most 1, not " + std::to_string(alpha));
  }
};
template <class Rng, class Metric> struct early_stop_stage : until_stage<Rng, out_of_patience<Metric>> {
  early_stop_stage(Rng r, Metric m, long patience)
      : until_stage<Rng, out_of_patience<Metric>>(std::move(r), {std::move(m), patience}) {
    if (patience < 1)
      throw std::invalid_argument("knit: early_stop waits for a number of elements from 1 on, not " + std::to_string(patience));
  }
  early_stop_stage(Rng r, Metric m) : early_stop_stage(std::move(r), std::move(m), 1) { complain<no_patience<Metric>()>(); }
};

}  // namespace detail

/// `range | until(judge)`: its elements until judge(element) is true.
inline constexpr adaptor<until_stage> until{};

/// `losses | converge` or `converge(losses, alpha)`: until the losses no longer fall. For each loss x, where m is the mean so
/// far (at first x) and r the rise (at first 0): r <- alpha (x - m) + (1 - alpha) r, m <- alpha x + (1 - alpha) m; it ends
/// when r > 0, or is no number. Alpha is 0.1 unless it is given. Source: Knet.jl.
inline constexpr view_closure<adaptor<detail::converge_stage>> converge{};

/// `losses | takenth(600) | early_stop(metric, patience)`: until an element's metric is the patience-th in a row that is not
/// below all before. metric(element), or metric(), gives a number of which less is better, as `[&] { return
/// -accuracy(model, test); }` does; it is called once for each element.
inline constexpr adaptor<detail::early_stop_stage> early_stop{};

}  // namespace knit
