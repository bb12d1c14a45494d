// SPDX-License-Identifier: BSL-1.0
// contraction_letters.hpp -- in: a step of a plan that is a contraction. out: its letters as numbers, and their extents.
#pragma once
#include <knit/backend/runtime.hpp>

namespace knit {

/// The letters of the contraction of step S. They are numbered as plan::cut_axis numbers them: axes of the result, then, from
/// contracted_cut on, axes of operand 0 that are summed over.
template <class P, int S> struct contraction_letters {
  static constexpr step st = P::template step_at<S>;
  static constexpr int v = P::template planned_step<S>.value;
  static constexpr op_info info = info_of<typename P::template op<v>>;
  static constexpr product_letters letters = product_of(P::graph, v, st.lane);
  /// The number of what has no letter: its coordinate is 0.
  static constexpr int nowhere = contracted_cut + max_rank;

  static constexpr int rank_of(int k) {
    int n = 0;
    while (info.labels[k][n]) ++n;
    return n;
  }
  static constexpr char letter_of(int q) {
    return q == nowhere ? '\0' : q < contracted_cut ? info.labels[2][q] : info.labels[0][q - contracted_cut];
  }
  static constexpr int number_of(char letter) {
    if (!letter) return nowhere;
    const int q = axis_of_letter(info, 2, letter);
    return q != no_axis ? q : contracted_cut + axis_of_letter(info, 0, letter);
  }
  static constexpr int axis_in(int k, char letter) { return letter ? axis_of_letter(info, k, letter) : no_axis; }
  /// Does the place in operand k depend on the letter?
  static constexpr bool carried(int k, char letter) { return letter && carries(info, k, letter); }
  static constexpr int extent_of(char letter) {
    for (int k : {2, 0, 1})
      if (axis_in(k, letter) != no_axis) return shape_of(k).extent[axis_in(k, letter)];
    return 1;
  }
  /// Of an extent that is known at run time only.
  static constexpr long name_of(char letter) {
    for (int k : {2, 0, 1})
      if (axis_in(k, letter) != no_axis) return shape_of(k).name[axis_in(k, letter)];
    return 0;
  }
  static constexpr shape shapes[3] = {P::template extents<field(P::template at<v>, 0)>,
                                      P::template extents<field(P::template at<v>, 1)>, P::template extents<v>};
  /// Of operand k, or, if k is 2, of the result.
  static constexpr shape const& shape_of(int k) { return shapes[k]; }

  /// Does operand k slide?
  static constexpr bool slides(int k) { return info.slides && k == 1; }
  /// The axis of operand 1 that a letter slides along, or no_axis.
  static constexpr int slides_along(char letter) {
    for (int q = 0; info.slides && letter && q < sliding_axes; ++q)
      if (letter == info.labels[2][q] || letter == info.labels[0][q]) return q;
    return no_axis;
  }
  /// The axis of operand k that a letter walks along, slides or not.
  static constexpr int axis_along(int k, char letter) {
    const int q = slides(k) ? slides_along(letter) : no_axis;
    return q != no_axis ? q : axis_in(k, letter);
  }
  /// By how much: of the numerator, for each step of the letter.
  static constexpr int slides_by(char letter) {
    const int q = slides_along(letter);
    return q == no_axis ? 0 : letter == info.labels[2][q] ? info.slide[q].by : info.slide[q].by_term;
  }
  /// Does what slides along a letter move one element with each step of it?
  static constexpr bool slides_by_ones(char letter) {
    const int q = slides_along(letter);
    return q != no_axis && slides_by(letter) == 1 && info.slide[q].divisor == 1;
  }
  /// Is operand 1 read within its bounds wherever it slides to, and by whole steps?
  static constexpr bool slides_within = [] {
    bool all = info.slides;
    for (int q = 0; q < sliding_axes; ++q) {
      sliding const& s = info.slide[q];
      all = all && s.by >= 0 && s.by_term >= 0 && s.offset >= 0 && s.divisor == 1 &&
            s.numerator(shape_of(2).extent[q] - 1, shape_of(0).extent[q] - 1) < shape_of(1).extent[q];
    }
    return all;
  }();
  static constexpr bool stays(int k) { return !slides(k) || slides_within; }
};

}  // namespace knit
