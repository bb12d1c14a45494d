// SPDX-License-Identifier: BSL-1.0
// contraction_letters.hpp -- in: a step of a plan that is a contraction. out: its letters as numbers, and their extents.
#pragma once
#include <knit/backend/runtime.hpp>

namespace knit {

/// The letters of the contraction of step S. They are numbered as plan::cut_axis numbers them: axes of the result, then, from
/// contracted_cut on, axes of operand 0 that are summed over.
template <class P, int S> struct contraction_letters {
  static constexpr step st = P::plan.steps[S];
  static constexpr int v = P::plan.order[st.first];
  static constexpr op_info info = P::graph.info(v);
  static constexpr product_letters letters = product_of(P::graph, v);
  /// The number of what has no letter: its coordinate is 0.
  static constexpr int nowhere = contracted_cut + max_rank;

  static constexpr int rank_of(int k) {
    int n = 0;
    while (info.labels[k][n]) ++n;
    return n;
  }
  static constexpr char letter_of(int q) { return q == nowhere ? '\0' : q < contracted_cut ? info.labels[2][q] : info.labels[0][q - contracted_cut]; }
  static constexpr int number_of(char letter) {
    if (!letter) return nowhere;
    const int q = axis_of_letter(info, 2, letter);
    return q != no_axis ? q : contracted_cut + axis_of_letter(info, 0, letter);
  }
  static constexpr int axis_in(int k, char letter) { return letter ? axis_of_letter(info, k, letter) : no_axis; }
  static constexpr int extent_of(char letter) {
    for (int k = 0; k < 2; ++k)
      if (axis_in(k, letter) != no_axis) return P::graph.extents[P::graph.operand(v, k)].extent[axis_in(k, letter)];
    return 1;
  }
  /// Of an extent that is known at run time only.
  static constexpr long name_of(char letter) {
    for (int k = 0; k < 2; ++k)
      if (axis_in(k, letter) != no_axis) return P::graph.extents[P::graph.operand(v, k)].name[axis_in(k, letter)];
    return 0;
  }
};

}  // namespace knit
