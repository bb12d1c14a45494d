// SPDX-License-Identifier: BSL-1.0
// metrics.hpp -- in: a model and labelled instances. out: how well it does.
#pragma once
#include <cstring>
#include <knit/data/labelled.hpp>
#include <knit/program.hpp>
#include <memory>

namespace knit {

/// The fraction of instances whose label is the row of the largest score; the first of equal ones. The model
/// is called with B instances at a time; the last call is filled up and the filling not counted.
template <class Backend = default_backend, int B = 100, model Model, int Features>
double accuracy(Model const& m, instances<Features> const& data) {
  inference<Backend, Model, view<unorm8, Features, B>> scores(m);
  constexpr shape s = decltype(scores)::result_shape;
  static_assert(s.extent[1] == B, "knit: accuracy needs a model whose scores are classes x instances");
  const auto x = std::make_unique<std::uint8_t[]>(std::size_t(Features) * B);
  using number_type = typename decltype(scores)::value_type;
  const auto z = std::make_unique<number_type[]>(std::size_t(s.size()));
  long right = 0;
  for (int first = 0; first < data.size; first += B) {
    const int count = data.size - first < B ? data.size - first : B;
    std::memcpy(x.get(), data.x.data() + std::size_t(first) * Features, std::size_t(count) * Features);
    scores(view<unorm8, Features, B>(reinterpret_cast<unorm8 const*>(x.get())), z.get());
    for (int i = 0; i < count; ++i) {
      number_type const* const column = z.get() + std::size_t(i) * std::size_t(s.extent[0]);
      const auto best = std::max_element(column, column + s.extent[0]) - column;
      right += best == data.y[std::size_t(first + i)];
    }
  }
  return data.size == 0 ? 0 : double(right) / data.size;
}

}  // namespace knit
