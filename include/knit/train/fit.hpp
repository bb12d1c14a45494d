// SPDX-License-Identifier: BSL-1.0
// fit.hpp -- in: an iteration on all data. out: the losses before each, a range that ends where it converges.
#pragma once
#include <array>
#include <knit/train/step.hpp>
#include <knit/train/training.hpp>

namespace knit {

/// An iteration of an optimiser that has all data at once: reading a loss makes one. `begin` forgets what earlier
/// passes left, and the iteration that finds nothing to do is the last: its loss is that of the model as it stays.
template <class Iteration> struct fit_stage {
  static constexpr ranges::cardinality cardinality = ranges::unknown;
  std::shared_ptr<Iteration> iteration;
  std::optional<typename Iteration::value_type> loss;

  explicit fit_stage(std::shared_ptr<Iteration> i) : iteration(std::move(i)) {}
  void begin() {
    iteration->begin();
    loss.reset();
  }
  bool over() { return !loss && iteration->over(); }
  typename Iteration::value_type read() {
    if (!loss) loss = (*iteration)();
    return *loss;
  }
  void next() {
    read();
    loss.reset();
  }
};

namespace detail {

template <class Model> inline constexpr auto parameter_sizes = [] {
  std::array<long, std::size_t(leaves_of_model<Model>::count)> n{};
  for (std::size_t k = 0; k < n.size(); ++k) n[k] = leaves_of_model<Model>::value[k].extents.size();
  return n;
}();
/// Where the elements of parameter k begin, in one row of those of all.
template <class Model> constexpr long parameters_before(int k) {
  long n = 0;
  for (int i = 0; i < k; ++i) n += parameter_sizes<Model>[std::size_t(i)];
  return n;
}
template <class Model> inline constexpr long parameter_elements = parameters_before<Model>(leaves_of_model<Model>::count);

/// The parameters' elements in one row: in order, each first index fastest.
template <class Model, class T> void read_parameters(Model const& m, T* to) {
  auto read = [&](auto const& a) {
    for (long i = 0; i < a.size(); ++i) *to++ = T(a[i]);
  };
  std::apply([&](auto const*... a) { (read(*a), ...); }, parameters_of(m));
}
template <class Model, class T> void write_parameters(Model& m, T const* from) {
  auto write = [&]<class A>(A& a) { a.fill([&](long) { return typename A::value_type(*from++); }); };
  std::apply([&](auto*... a) { (write(*a), ...); }, parameters_of(m));
}

/// Makes the range of an iteration on a model and data that are referred to.
template <class Iteration, class Model, class Options, class... X> auto fit(Model&& m, Options const& o, X&&... x) {
  if constexpr (!std::is_lvalue_reference_v<Model>) complain<temporary<Model>("model")>();
  if constexpr (std::is_const_v<std::remove_reference_t<Model>>) complain<constant_model<Model>()>();
  if constexpr (!(std::is_lvalue_reference_v<X> && ...)) complain<temporary<mp::mp_list<X...>>("array")>();
  return stage_view(fit_stage(std::make_shared<Iteration>(m, o, x...)));
}

}  // namespace detail

}  // namespace knit
