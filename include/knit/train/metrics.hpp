// SPDX-License-Identifier: BSL-1.0
// metrics.hpp -- in: a model and labelled instances. out: how well it does, in one pass over them.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <knit/data/minibatch.hpp>
#include <knit/op/index.hpp>
#include <knit/program.hpp>
#include <range/v3/range/concepts.hpp>
#include <range/v3/range/traits.hpp>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace knit {

// A metric is called with the scores of each instance, a std::span, and its label, 0 .. classes - 1; at the end value() is
// asked for. It may be of the user's own.

namespace detail {
/// The row of the largest score, the first of equal ones; -1, which is no label, where a score is NaN.
long row_of_largest(auto scores) {
  if (std::ranges::any_of(scores, [](auto z) { return std::isnan(z); })) return -1;
  return long(std::ranges::max_element(scores) - scores.begin());
}
}  // namespace detail

/// The fraction of instances whose label is the row of the largest score, the first of equal ones; of no instances 0. One with a
/// score that is NaN is not right.
struct accuracy_metric {
  long right = 0, count = 0;
  void operator()(auto scores, long label) {
    right += detail::row_of_largest(scores) == label;
    ++count;
  }
  double value() const { return count == 0 ? 0 : double(right) / double(count); }
};

/// The mean negative log-likelihood of the labels, as the function nll of scores has it, in double. NaN if a score is NaN, and
/// of no instances.
struct nll_metric {
  double sum = 0;
  long count = 0;
  void operator()(auto scores, long label) {
    const double largest = double(std::ranges::max(scores));
    double all = 0;
    for (auto z : scores) all += std::exp(double(z) - largest);
    sum += std::log(all) - (double(scores[std::size_t(label)]) - largest);
    ++count;
  }
  double value() const { return sum / double(count); }
};

/// counts(label, row): how many instances of a label have their largest score, the first of equal ones, in a row. One with a
/// score that is NaN has none and is not counted.
template <int Classes> struct confusion_metric {
  tensor<std::int32_t, Classes, Classes> counts;
  void operator()(auto scores, long label) {
    if (const long row = detail::row_of_largest(scores); row >= 0) ++counts(label, row);
  }
  tensor<std::int32_t, Classes, Classes> value() const { return counts; }
};

namespace detail {

/// A range of batches, or of a set of data its batches of B, in order, the last one smaller.
template <int B, class Data> decltype(auto) in_batches(Data& data) {
  if constexpr (ranges::range<Data>) return (data);
  else return data | minibatch<dyn<"batch", B>>(in_order{});
}
template <class Batches> using batch_in = std::remove_cvref_t<ranges::range_reference_t<Batches>>;
template <class Backend, class Model, class Batch> using scores_of =
    inference<Backend, Model, std::remove_cvref_t<decltype(Batch::x)>>;

inline long checked_label(long label, int classes) {
  if (label >= 0 && label < classes) return label;
  throw data_error("knit: an instance has the label " + std::to_string(label) + ", but the model gives scores for labels 0 .. " +
                   std::to_string(classes - 1) + "; give it a row for each class");
}
template <class Y> constexpr sentence labels_are_measured() {
  return sentence() << "a metric counts instances by their class, and the y of these batches are measured values of float or "
                       "double; for them evaluate "
                       "the model's loss";
}
template <class Data> constexpr sentence no_labelled() {
  return sentence() << "a metric is of a set of instances or of a range of batches, and this is neither; of a set of data "
                       "that has parts name one, mnist.test";
}
/// What is wrong with a model or data before they are looked at more closely.
template <class Model, class Data> constexpr sentence metric_complaint() {
  if constexpr (!model<Model>) return no_model<std::remove_cvref_t<Model>>("a metric");
  else if constexpr (!ranges::range<Data> && !requires(Data const& d) { d.size; }) return no_labelled<Data>();
  else return {};
}
/// Calls f with the scores and the label of each instance.
template <class Backend, class Model, class Batches, class F> void for_each_scored(Model const& m, Batches&& batches, F f) {
  using batch_type = batch_in<Batches>;
  using program = scores_of<Backend, Model, batch_type>;
  constexpr shape s = program::result_shape;
  constexpr sentence wrong = label_complaint("a metric of a model", s, std::remove_cvref_t<decltype(batch_type::y)>::shape);
  if constexpr (!wrong.empty()) complain<wrong>();
  else if constexpr (std::is_floating_point_v<typename std::remove_cvref_t<decltype(batch_type::y)>::value_type>)
    complain<labels_are_measured<batch_type>()>();
  else {
    program scores(m);
    using number_type = typename program::value_type;
    std::vector<number_type> z(std::size_t(s.size()));
    for (auto const& batch : batches) {
      scores(batch.x, z.data());
      for (long i = 0; i < batch.y.size(); ++i)
        f(std::span<number_type const>(z).subspan(std::size_t(i * s.extent[0]), std::size_t(s.extent[0])),
          checked_label(long(batch.y[i]), s.extent[0]));
    }
  }
}

}  // namespace detail

/// `auto [right, loss] = measure(model, data, accuracy_metric{}, nll_metric{});`: the values of metrics, as a std::tuple,
/// from one pass over a range of batches with members x and y, or over a set of data in batches of B. The model is called
/// once for each batch, by a program that has no gradients. Throws data_error at a label for which there is no score.
template <class Backend = default_backend, int B = 100, class Model, class Data, class... Metric>
auto measure(Model const& m, Data&& data, Metric... metric) {
  auto const each = [&](auto scores, long label) { (metric(scores, label), ...); };
  if constexpr (constexpr sentence s = detail::metric_complaint<Model, Data>(); !s.empty()) complain<s>();
  else if constexpr (ranges::range<Data>) detail::for_each_scored<Backend>(m, data, each);
  else if (data.size > 0) detail::for_each_scored<Backend>(m, detail::in_batches<B>(data), each);
  return std::tuple(metric.value()...);
}

/// `accuracy(model, mnist.test)`, or of a range of batches: see accuracy_metric.
template <class Backend = default_backend, int B = 100, class Model, class Data> double accuracy(Model const& m, Data&& data) {
  return std::get<0>(measure<Backend, B>(m, data, accuracy_metric{}));
}
/// `nll(model, mnist.test)`, or of a range of batches: see nll_metric.
template <class Backend = default_backend, int B = 100, model Model, class Data> double nll(Model const& m, Data&& data) {
  return std::get<0>(measure<Backend, B>(m, data, nll_metric{}));
}
/// `confusion(model, mnist.test)`, or of a range of batches: see confusion_metric.
template <class Backend = default_backend, int B = 100, model Model, class Data> auto confusion(Model const& m, Data&& data) {
  using batch = detail::batch_in<decltype(detail::in_batches<B>(data))>;
  constexpr int classes = detail::scores_of<Backend, Model, batch>::result_shape.extent[0];
  return std::get<0>(measure<Backend, B>(m, data, confusion_metric<classes>{}));
}

}  // namespace knit
