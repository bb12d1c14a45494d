// SPDX-License-Identifier: BSL-1.0
// catalogue.hpp -- every op, by kind: what the laws test and the docs list. An op is tested by being here.
#pragma once
#include <knit/op/activation.hpp>
#include <knit/op/arithmetic.hpp>
#include <knit/op/compare.hpp>
#include <knit/op/composite.hpp>
#include <knit/op/contract.hpp>
#include <knit/op/conv.hpp>
#include <knit/op/index.hpp>
#include <knit/op/pool.hpp>
#include <knit/op/reduce.hpp>
#include <knit/op/scan.hpp>
#include <knit/op/shape.hpp>
#include <knit/op/transcendental.hpp>

namespace knit::catalogue {

/// Ops of one operand, by elements.
using unary = mp::mp_list<neg_op, exp_op, log_op, sin_op, cos_op, sqrt_op, square_op, abs_op, tanh_op, sigm_op, relu_op>;
/// Ops of two operands, by elements.
using binary = mp::mp_list<add_op, sub_op, mul_op, div_op, max_op, min_op, less_op, less_equal_op, equal_op, not_equal_op>;
/// Ops of three operands, by elements.
using ternary = mp::mp_list<select_op>;
/// Sums and maxima along axes.
using reductions = mp::mp_list<sum_op<>, sum_op<0>, sum_op<1>, sum_op<0, 1>, maximum_op<>, maximum_op<0>, maximum_op<1>>;
/// Other ways to index.
using views = mp::mp_list<transpose_op<1, 0>, reshape_op<6, 2>>;
/// Ops that take the shape of their last operand.
using like =
    mp::mp_list<broadcast_like_op, sum_to_like_op, reshape_like_op, count_per_op, coordinate_like_op<0>, coordinate_like_op<1>>;
/// What runs along an axis.
using scans = mp::mp_list<recurrence_op<0, false>, recurrence_op<0, true>, recurrence_op<1, false>, recurrence_op<1, true>>;
/// Products that sum over axes.
using contractions = mp::mp_list<contract_op<"mk", "kn", "mn">, contract_op<"mk", "k", "m">>;
/// Views of elements that lie apart.
using samples = mp::mp_list<sample_op<2, 2, 0, 1>, sample_op<3, 1, 2, 0>, sample_op<3, 2, 1, 1>>;
/// Their derivatives.
using samples_like = mp::mp_list<sample_like_op<1, 0, -1, 2>, sample_like_op<2, 1, 0, 3>>;
/// Products that slide.
using convolutions =
    mp::mp_list<conv_op<1, 0, conv_part::result>, conv_op<1, 1, conv_part::result>, conv_op<2, 1, conv_part::result>>;

}  // namespace knit::catalogue
