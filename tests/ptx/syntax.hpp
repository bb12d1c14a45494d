// SPDX-License-Identifier: BSL-1.0
// syntax.hpp -- what a file of PTX consists of, once its names are resolved.
#pragma once
#include "fault.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ptx::detail {

enum class space { generic, global, constant, shared, local, param };

/// A variable of the module, of a function, or a parameter.
struct variable {
  struct pointer {
    std::size_t offset;
    std::string target;
    std::uint64_t addend;
  };
  std::string name;
  space where = space::generic;
  std::uint64_t size = 0, align = 1;
  std::vector<std::byte> initial;  // shorter than size: zeros follow
  std::vector<pointer> pointers;   // which of the initial bytes are addresses
  bool external = false;
};

struct operand {
  enum kind { reg, number, variable, memory, list, special, name, label, sink };
  kind is = sink;
  bool negated = false, of_module = false;  // whether `index` counts the module's variables or the function's
  int index = -1;                           // of a register, a variable, or the statement of a label
  std::uint64_t bits = 0;                   // of a number; for variables and memory the offset
  char real = 0;               // 'f' or 'd': the number was written as the bits of a float or a double
  std::string text;            // of a name
  std::vector<operand> parts;  // of a list; of memory the base
};

struct statement {
  int guard = -1;  // a predicate register
  bool unless = false;
  std::string name;
  std::vector<operand> operands;
  int line = 0;
  std::string text;
};

struct function {
  std::string name;
  bool kernel = false, defined = false;
  std::vector<int> parameters, results;  // among its variables
  std::vector<int> registers;            // their widths in bits; 1: a predicate
  std::vector<variable> variables;
  std::vector<statement> statements;
  std::uint32_t most_threads = 0;
};

struct file {
  std::vector<variable> variables;
  std::vector<function> functions;
  std::map<std::string, int, std::less<>> variable_named, function_named;
};

/// The number of bits of "u32", "b16", "pred", ...; 0: it is no type.
inline int bits_of(std::string_view type) {
  if (type == "pred") return 1;
  if (type == "f16x2" || type == "bf16x2") return 32;
  if (type == "bf16") return 16;
  if (type == "tf32") return 32;
  if (type == "f32x2") return 64;
  if (type.size() < 2 || type.size() > 4 || std::string_view("usbf").find(type[0]) == type.npos) return 0;
  int bits = 0;
  for (char const c : type.substr(1)) {
    if (c < '0' || c > '9') return 0;
    bits = bits * 10 + (c - '0');
  }
  return bits == 8 || bits == 16 || bits == 32 || bits == 64 || bits == 128 ? bits : 0;
}

}  // namespace ptx::detail
