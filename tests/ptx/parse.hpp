// SPDX-License-Identifier: BSL-1.0
// parse.hpp -- in: PTX. out: its variables and functions, names resolved.
#pragma once
#include "syntax.hpp"
#include "text.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

namespace ptx::detail {

class parser {
 public:
  explicit parser(std::string_view text) : in_(text) {}

  file parse() {
    while (!in_.done()) declaration();
    return std::move(out_);
  }

 private:
  struct binding {
    enum kind { reg, local, label };
    kind is;
    int index;
  };
  struct scope {
    std::map<std::string, binding, std::less<>> names;
    std::size_t first;  // statement
  };

  // ---- the module ----

  void declaration() {
    bool external = false;
    while (in_.peek() == ".visible" || in_.peek() == ".weak" || in_.peek() == ".common" || in_.peek() == ".extern")
      external |= in_.take() == ".extern";
    const std::string_view word = in_.peek();
    if (word == ".version" || word == ".target" || word == ".address_size" || word == ".file") in_.skip_line();
    else if (word == ".section") in_.skip_past("}");
    else if (word == ".pragma" || word == ".alias") in_.skip_past(";");
    else if (word == ".entry" || word == ".func") define_function();
    else if (auto const where = space_of(word)) {
      in_.take();
      variable v = declare(*where);
      v.external = external;
      in_.expect(";");
      out_.variable_named.emplace(v.name, int(out_.variables.size()));
      out_.variables.push_back(std::move(v));
    } else in_.fail("a declaration");
  }

  static std::optional<space> space_of(std::string_view word) {
    if (word == ".global") return space::global;
    if (word == ".const") return space::constant;
    if (word == ".shared") return space::shared;
    if (word == ".local") return space::local;
    if (word == ".param") return space::param;
    return {};
  }

  /// After the word of its space: [.align n] .type name [extents] [= initial].
  variable declare(space where) {
    variable v;
    v.where = where;
    std::uint64_t size = 0, lanes = 1, explicit_align = 0;
    while (in_.peek().starts_with('.')) {
      const std::string_view word = in_.take();
      if (word == ".align") explicit_align = integer();
      else if (word == ".v2") lanes = 2;
      else if (word == ".v4") lanes = 4;
      else if (int const bits = bits_of(word.substr(1))) size = std::uint64_t(bits) / 8;
      else if (word == ".ptr") {
        while (in_.peek().starts_with('.') || std::isdigit(static_cast<unsigned char>(in_.peek()[0]))) in_.take();
        break;
      }
    }
    v.align = explicit_align ? explicit_align : size * lanes;
    v.name = in_.take();
    v.size = size * lanes;
    while (in_.accept("[")) {
      const std::uint64_t extent = in_.peek() == "]" ? 0 : integer();
      in_.expect("]");
      v.size *= extent;
    }
    if (in_.accept("=")) initialise(v, std::size_t(size));
    return v;
  }

  void initialise(variable& v, std::size_t size) {
    if (in_.accept("{")) {
      while (!in_.accept("}")) {
        initialise(v, size);
        in_.accept(",");
      }
      return;
    }
    std::uint64_t bits = 0;
    const std::string_view word = in_.peek();
    if (word == "-" || std::isdigit(static_cast<unsigned char>(word[0]))) bits = number().bits;
    else {
      bool const wrapped = in_.accept("generic") && (in_.expect("("), true);
      variable::pointer p{v.initial.size(), std::string(in_.take()), 0};
      if (wrapped) in_.expect(")");
      if (in_.accept("+")) p.addend = number().bits;
      v.pointers.push_back(std::move(p));
    }
    for (std::size_t k = 0; k < size; ++k) v.initial.push_back(std::byte(bits >> 8 * k));
  }

  std::uint64_t integer() { return number().bits; }

  operand number() {
    operand out;
    out.is = operand::number;
    bool const minus = in_.accept("-");
    std::string word(in_.take());
    if (word.size() == 10 && word[0] == '0' && (word[1] == 'f' || word[1] == 'F')) {
      out.real = 'f';
      out.bits = std::strtoull(word.c_str() + 2, nullptr, 16) ^ (minus ? 1u << 31 : 0);
    } else if (word.size() == 18 && word[0] == '0' && (word[1] == 'd' || word[1] == 'D')) {
      out.real = 'd';
      out.bits = std::strtoull(word.c_str() + 2, nullptr, 16) ^ (std::uint64_t(minus) << 63);
    } else {
      char* end = nullptr;
      bool const binary = word.size() > 2 && word[0] == '0' && word[1] == 'b';
      out.bits = binary ? std::strtoull(word.c_str() + 2, &end, 2) : std::strtoull(word.c_str(), &end, 0);
      if (end && *end == 'U') ++end;
      if (!end || *end) in_.fail("a number before");
      if (minus) out.bits = -out.bits;
    }
    return out;
  }

  // ---- a function ----

  void define_function() {
    function f;
    f.kernel = in_.take() == ".entry";
    scopes_.assign(1, {});
    fn_ = &f;
    if (in_.accept("(")) f.results = declare_parameters();
    f.name = in_.take();
    if (in_.accept("(")) f.parameters = declare_parameters();
    while (in_.peek() != "{" && in_.peek() != ";") directive();
    if (!in_.accept(";")) {
      in_.take();
      body();
      f.defined = true;
    }
    fn_ = nullptr;
    auto const [at, fresh] = out_.function_named.emplace(f.name, int(out_.functions.size()));
    if (fresh) out_.functions.push_back(std::move(f));
    else if (f.defined) out_.functions[std::size_t(at->second)] = std::move(f);
  }

  std::vector<int> declare_parameters() {
    std::vector<int> out;
    while (!in_.accept(")")) {
      if (in_.accept(".param")) out.push_back(declare_here(space::param));
      else if (in_.accept(".reg")) in_.fail("parameters that are no registers");
      else in_.expect(",");
    }
    return out;
  }

  int declare_here(space where) {
    variable v = declare(where);
    int const index = int(fn_->variables.size());
    scopes_.back().names[v.name] = {binding::local, index};
    fn_->variables.push_back(std::move(v));
    return index;
  }

  void directive() {
    const std::string_view word = in_.take();
    if (word == ".maxntid" || word == ".reqntid") {
      fn_->most_threads = 1;
      do fn_->most_threads *= std::uint32_t(integer());
      while (in_.accept(","));
    } else if (word == ".pragma") in_.skip_past(";");
    else if (!word.starts_with('.')) in_.fail("a body");
    else
      while (!in_.peek().starts_with('.') && in_.peek() != "{" && in_.peek() != ";") in_.take();
  }

  void body() {
    while (true) {
      const std::string_view word = in_.peek();
      if (in_.accept("{")) scopes_.push_back({{}, fn_->statements.size()});
      else if (in_.accept("}")) {
        bind_labels();
        scopes_.pop_back();
        if (scopes_.empty()) return;
      } else if (in_.accept(";")) continue;
      else if (word == ".loc" || word == ".file") in_.skip_line();
      else if (word == ".pragma" || word == ".callprototype") in_.skip_past(";");
      else if (in_.accept(".reg")) declare_registers();
      else if (auto const where = space_of(word)) {
        in_.take();
        declare_here(*where);
        in_.expect(";");
      } else if (in_.peek(1) == ":") {
        scopes_.back().names[std::string(in_.take())] = {binding::label, int(fn_->statements.size())};
        in_.take();
      } else read_statement();
    }
  }

  void declare_registers() {
    int bits = 0;
    while (in_.peek().starts_with('.')) bits = bits_of(in_.take().substr(1));
    if (!bits) in_.fail("a type before");
    do {
      const std::string name(in_.take());
      auto const declare_one = [&](std::string const& n) {
        scopes_.back().names[n] = {binding::reg, int(fn_->registers.size())};
        fn_->registers.push_back(bits == 1 ? 1 : std::max(bits, 16));
      };
      if (in_.accept("<")) {
        const std::uint64_t n = integer();
        for (std::uint64_t k = 0; k < n; ++k) declare_one(name + std::to_string(k));
        in_.expect(">");
      } else declare_one(name);
    } while (in_.accept(","));
    in_.expect(";");
  }

  void read_statement() {
    statement s;
    s.line = in_.line();
    const std::size_t first = in_.position();
    if (in_.accept("@")) {
      s.unless = in_.accept("!");
      const operand p = read_operand();
      if (p.is != operand::reg) in_.fail("a predicate before");
      s.guard = p.index;
    }
    s.name = in_.take();
    while (!in_.accept(";")) {
      if (!s.operands.empty()) in_.accept(",");
      s.operands.push_back(read_operand());
      if (in_.accept("|")) {
        operand pair;
        pair.is = operand::list;
        pair.parts = {s.operands.back(), read_operand()};
        s.operands.back() = std::move(pair);
      }
    }
    s.text = in_.text(first);
    fn_->statements.push_back(std::move(s));
  }

  operand read_operand() {
    operand out;
    if (in_.accept("!")) {
      out = read_operand();
      out.negated = true;
    } else if (in_.peek() == "{" || in_.peek() == "(") {
      const std::string_view close = in_.take() == "{" ? "}" : ")";
      out.is = operand::list;
      while (!in_.accept(close)) {
        out.parts.push_back(read_operand());
        in_.accept(",");
      }
    } else if (in_.accept("[")) {
      out.is = operand::memory;
      out.parts.push_back(read_operand());
      std::swap(out.bits, out.parts[0].is == operand::number ? out.bits : out.parts[0].bits);
      while (in_.accept("+")) out.bits += number().bits;
      in_.expect("]");
    } else if (in_.peek() == "-" || std::isdigit(static_cast<unsigned char>(in_.peek()[0]))) out = number();
    else {
      out = named(std::string(in_.take()));
      // The offset in `var+4`, and in the brackets of memory.
      if (out.is == operand::variable || out.is == operand::reg)
        while (in_.peek() == "+") in_.take(), out.bits += number().bits;
    }
    return out;
  }

  operand named(std::string name) {
    operand out;
    if (name == "_") return out;
    for (auto s = scopes_.rbegin(); s != scopes_.rend(); ++s)
      if (auto const found = s->names.find(name); found != s->names.end() && found->second.is != binding::label) {
        out.is = found->second.is == binding::reg ? operand::reg : operand::variable;
        out.index = found->second.index;
        return out;
      }
    if (auto const found = out_.variable_named.find(name); found != out_.variable_named.end()) {
      out.is = operand::variable;
      out.of_module = true;
      out.index = found->second;
    } else out.is = name[0] == '%' || name == "WARP_SZ" ? operand::special : operand::name;
    out.text = std::move(name);
    return out;
  }

  /// At the end of a scope: branches within it to its labels.
  void bind_labels() {
    scope const& s = scopes_.back();
    for (std::size_t k = s.first; k < fn_->statements.size(); ++k)
      for (operand& o : fn_->statements[k].operands) bind(o, s);
  }
  static void bind(operand& o, scope const& s) {
    for (operand& part : o.parts) bind(part, s);
    if (o.is != operand::name) return;
    auto const found = s.names.find(o.text);
    if (found == s.names.end() || found->second.is != binding::label) return;
    o.is = operand::label;
    o.index = found->second.index;
  }

  reader in_;
  file out_;
  function* fn_ = nullptr;
  std::vector<scope> scopes_;
};

}  // namespace ptx::detail
