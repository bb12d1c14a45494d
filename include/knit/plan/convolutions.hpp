// SPDX-License-Identifier: BSL-1.0
// convolutions.hpp -- in: a contraction that slides. out: it as a convolution of arrays in memory, as a library's routine takes it.
#pragma once
#include <knit/plan/matrices.hpp>

namespace knit {

/// What is computed of a convolution's three arrays, from the other two.
enum class convolution_part { result, image, filter };
constexpr char const* name_of(convolution_part p) {
  return p == convolution_part::result ? "result" : p == convolution_part::image ? "image" : "filter";
}

/// Images of width x height x channels x instances, filters of width x height x channels x filters, results of width x height x
/// filters x instances, all float, first index fastest. Element w of a result meets element i of a filter at element
/// stride * w + i - padding of an image, along both axes. No filters: it is no such convolution.
struct convolution {
  convolution_part computes;
  int width, height, channels, instances;
  int filter_width, filter_height, filters;
  int stride, padding;
  bool bias, relu;  ///< on a result: a number for each filter is added, then the larger of it and 0 is taken
  /// From one row of an array to the next, as a plan stores it. 0: they have no gaps.
  int image_leading = 0, filter_leading = 0, result_leading = 0;
  int image_operand = 0, filter_operand = 0, result_operand = 0;  ///< of the contraction; 2: what it computes

  constexpr int result_width() const { return (width + 2 * padding - filter_width) / stride + 1; }
  constexpr int result_height() const { return (height + 2 * padding - filter_height) / stride + 1; }
};

/// Contraction v as a convolution. cuDNN takes images and results with gaps between rows, but no filters.
constexpr convolution convolution_of(flat_graph const& g, int v, contraction_places const& lie) {
  constexpr convolution nothing{};
  op_info const& f = g.info(v);
  if (!f.slides || g.number != element::f32 || g.extents[v].named()) return nothing;
  for (int k = 0; k < 2; ++k) {
    access const& a = g.read(v, k);
    if (!are_numbers(g, a.node) || !is_pointwise(g, a, g.extents[g.operand(v, k)]) || lie.at[k].panels) return nothing;
  }
  auto letter = [&](int k, int axis) { return f.labels[k][axis]; };
  for (int k = 0; k < 3; ++k)
    for (int q = 0; q < max_rank; ++q)
      if (!letter(k, q)) return nothing;
  // The last two axes: channels and filters, channels and instances, filters and instances.
  convolution c{};
  sliding const& s = f.slide[0];
  if (letter(0, 2) == letter(1, 2) && letter(0, 3) == letter(2, 2) && letter(1, 3) == letter(2, 3)) {
    c.computes = convolution_part::result;
    c.filter_operand = 0, c.image_operand = 1, c.result_operand = 2;
    c.stride = s.by, c.padding = -s.offset;
  } else if (letter(0, 3) == letter(1, 2) && letter(0, 2) == letter(2, 2) && letter(1, 3) == letter(2, 3)) {
    c.computes = convolution_part::image;
    c.filter_operand = 0, c.result_operand = 1, c.image_operand = 2;
    c.stride = s.divisor, c.padding = s.offset;
  } else if (letter(0, 3) == letter(1, 3) && letter(1, 2) == letter(2, 2) && letter(0, 2) == letter(2, 3)) {
    c.computes = convolution_part::filter;
    c.result_operand = 0, c.image_operand = 1, c.filter_operand = 2;
    c.stride = s.by_term, c.padding = -s.offset;
  } else return nothing;
  auto const& at = lie.at;
  shape const &x = at[c.image_operand].extents, &w = at[c.filter_operand].extents, &y = at[c.result_operand].extents;
  c.width = x.extent[0], c.height = x.extent[1], c.channels = x.extent[2], c.instances = x.extent[3];
  c.filter_width = w.extent[0], c.filter_height = w.extent[1], c.filters = w.extent[3];
  c.image_leading = at[c.image_operand].leading, c.filter_leading = at[c.filter_operand].leading,
  c.result_leading = at[c.result_operand].leading;
  const bool same = c.stride > 0 && c.padding >= 0 && c.result_width() == y.extent[0] && c.result_height() == y.extent[1];
  return same && c.filter_leading == c.filter_width ? c : nothing;
}

}  // namespace knit
