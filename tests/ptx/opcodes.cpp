// SPDX-License-Identifier: BSL-1.0
// opcodes.cpp -- in: the name of an instruction. out: what decodes it.
#include "arith_opcodes.hpp"
#include "async_copy.hpp"
#include "compare.hpp"
#include "control.hpp"
#include "convert.hpp"
#include "matrix.hpp"
#include "module.hpp"

namespace ptx::detail {

opcode_table const& opcodes() {
  static const opcode_table all = [] {
    opcode_table t;
    add_arithmetic(t);
    add_comparisons(t);
    add_conversions(t);
    add_memory(t);
    add_control(t);
    add_exchanges(t);
    add_async(t);
    add_matrices(t);
    return t;
  }();
  return all;
}

}  // namespace ptx::detail
