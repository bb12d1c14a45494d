// SPDX-License-Identifier: BSL-1.0
// decode.hpp -- in: a kernel and the functions it calls. out: one program, its registers and memory laid out.
#pragma once
#include "parse.hpp"
#include "warp.hpp"

#include <algorithm>
#include <initializer_list>
#include <set>

namespace ptx::detail {

class decoder;
using decode_one = void (*)(decoder&);
using opcode_table = std::map<std::string_view, decode_one>;

class decoder {
 public:
  decoder(file const& f, std::vector<std::uint64_t> const& addresses, opcode_table const& table)
      : file_(f), addresses_(addresses), table_(table) {}

  program decode(int kernel) {
    reach(kernel);
    lay_out();
    for (int const f : reached_) decode_function(f);
    finish(kernel);
    return std::move(p_);
  }

  // ---- the statement at hand ----

  statement const& at() const { return *now_; }
  std::vector<std::string_view> const& parts() const { return parts_; }
  bool has(std::string_view part) const { return std::find(parts_.begin() + 1, parts_.end(), part) != parts_.end(); }
  std::string_view type() const { return parts_.back(); }
  std::size_t arguments() const { return now_->operands.size(); }
  operand const& argument(std::size_t k) const {
    if (k >= now_->operands.size()) throw fault(wrong::syntax, "too few operands: " + now_->text);
    return now_->operands[k];
  }
  function const& fn() const { return file_.functions[std::size_t(current_)]; }
  int current() const { return current_; }
  file const& whole() const { return file_; }

  /// Width of a register in bits; of all else 0.
  int width(operand const& o) const { return o.is == operand::reg ? fn().registers[std::size_t(o.index)] : 0; }

  slot out(operand const& o) const {
    if (o.is == operand::sink) return nowhere;
    if (o.is != operand::reg) throw fault(wrong::syntax, "no register to write to: " + now_->text);
    return register_of(current_, o.index);
  }
  /// A source of that many bits; 1: a predicate.
  slot in(operand const& o, int bits) {
    switch (o.is) {
      case operand::reg: return o.negated ? negated(register_of(current_, o.index)) : register_of(current_, o.index);
      case operand::number: return constant(o.real == 'f' && bits == 64 ? widen(o.bits) : o.bits, bits);
      case operand::variable: return constant(address(o), bits);
      case operand::special: return special(o.text, bits);
      case operand::sink: return constant(0, bits);
      default: throw fault(wrong::syntax, "no source: " + now_->text);
    }
  }
  slot out(std::size_t k) const { return out(argument(k)); }
  slot in(std::size_t k, int bits) { return in(argument(k), bits); }

  /// A constant in all lanes. Up to 16 bits take 16, more than 32 take 64.
  slot constant(std::uint64_t bits, int size) {
    if (size == 1) bits = bits ? all_lanes : 0;
    int const bytes = size == 1 ? 4 : size <= 16 ? 2 : size <= 32 ? 4 : 8;
    if (bytes < 8) bits &= (std::uint64_t(1) << 8 * bytes) - 1;
    auto const [found, fresh] = constants_.try_emplace({bits, bytes + (size == 1)}, slot(pool_.size()));
    if (fresh)
      for (int l = 0; l < lane_count; ++l)
        for (int b = 0; b < bytes; ++b) pool_.push_back(std::byte(bits >> 8 * b));
    return found->second | constant_bit;
  }
  slot scratch(int bits) { return allocate(bits); }
  /// The carries of a warp's lanes.
  slot carry() { return carry_ == nowhere ? carry_ = allocate(1) : carry_; }

  std::uint64_t address(operand const& o) const {
    std::uint64_t const base = o.of_module ? module_address(o.index) : local_[std::size_t(current_)][std::size_t(o.index)];
    return base + o.bits;
  }
  std::uint64_t local_address(int f, int variable) const { return local_[std::size_t(f)][std::size_t(variable)]; }
  slot return_slot(int f) { return returns_.try_emplace(f, nowhere).first->second; }
  bool recursive(int f) const { return recursive_.contains({current_, f}); }

  instruction& emit(decltype(instruction::run) run, std::initializer_list<slot> slots, std::uint64_t imm = 0) {
    return emit(run, std::vector<slot>(slots), imm);
  }
  instruction& emit(decltype(instruction::run) run, std::vector<slot> const& slots, std::uint64_t imm = 0) {
    instruction i{run};
    first_slot_.push_back(p_.slots.size());
    p_.slots.insert(p_.slots.end(), slots.begin(), slots.end());
    i.imm = imm;
    if (now_->guard >= 0) i.guard = register_of(current_, now_->guard);
    i.unless = now_->unless;
    p_.origins.push_back({now_->line, opcode_, &now_->text});
    p_.code.push_back(i);
    return p_.code.back();
  }
  /// The last instruction's imm is to be the place of this statement of this function.
  void target(int f, int label) { targets_.push_back({p_.code.size() - 1, f, label}); }
  void target(operand const& o) {
    if (o.is != operand::label) throw fault(wrong::syntax, "no label: " + now_->text);
    target(current_, o.index);
  }
  /// The places that a .branchtargets lists go into slots, once they are known.
  void table_targets(std::vector<operand> const& labels) {
    for (std::size_t k = 0; k < labels.size(); ++k)
      table_targets_.push_back({p_.slots.size() - labels.size() + k, current_, labels[k].index});
  }

  void unknown() {
    p_.unknown.push_back(now_->text);
    emit([](warp& w, instruction const&) { w.fail(wrong::unknown, "unknown instruction", std::countr_zero(w.exec)); }, {});
  }
  void grain(space where, std::size_t bytes) {
    if (where == space::generic || where == space::shared) p_.shared_grain = std::min(p_.shared_grain, bytes);
    if (where == space::generic || where == space::global) p_.global_grain = std::min(p_.global_grain, bytes);
  }

 private:
  static std::uint64_t up(std::uint64_t n, std::uint64_t align) { return (n + align - 1) / align * align; }
  static std::uint64_t widen(std::uint64_t bits) {
    return std::bit_cast<std::uint64_t>(double(std::bit_cast<float>(std::uint32_t(bits))));
  }

  void reach(int f) {
    reached_.push_back(f);
    path_.push_back(f);
    for (statement const& s : file_.functions[std::size_t(f)].statements) {
      if (!s.name.starts_with("call")) continue;
      for (operand const& o : s.operands) {
        auto const found = file_.function_named.find(o.text);
        if (o.is != operand::name || found == file_.function_named.end()) continue;
        if (std::find(path_.begin(), path_.end(), found->second) != path_.end()) recursive_.insert({f, found->second});
        else if (std::find(reached_.begin(), reached_.end(), found->second) == reached_.end()) reach(found->second);
      }
    }
    path_.pop_back();
  }

  slot allocate(int bits) {
    const std::size_t bytes = bits == 1 ? 4 : std::size_t(bits) / 8 * lane_count;
    p_.frame = up(p_.frame, std::min<std::size_t>(bytes, 64));
    p_.frame += bytes;
    return slot(p_.frame - bytes);
  }
  slot register_of(int f, int index) const { return registers_[std::size_t(f)][std::size_t(index)]; }

  slot special(std::string const& name, int bits) {
    if (name == "WARP_SZ") return constant(lane_count, bits);
    for (auto const& [known, where] : p_.specials)
      if (known == name + '/' + std::to_string(bits)) return where;
    p_.specials.emplace_back(name + '/' + std::to_string(bits), allocate(bits));
    return p_.specials.back().second;
  }
  slot negated(slot predicate) {
    const slot t = allocate(1);
    emit([](warp& w, instruction const& i) { w.set_pred(i.s[0], ~w.pred(i.s[1])); }, {t, predicate});
    return t;
  }

  void lay_out() {
    registers_.resize(file_.functions.size());
    local_.resize(file_.functions.size());
    for (int const f : reached_) {
      function const& fn = file_.functions[std::size_t(f)];
      for (int const bits : fn.registers) registers_[std::size_t(f)].push_back(allocate(bits));
      p_.registers += int(fn.registers.size());
      if (!fn.kernel) returns_[f] = allocate(32);
      lay_out_variables(f, fn);
      for (statement const& s : fn.statements)
        for (operand const& o : s.operands) find_shared(o);
    }
    dynamic_ = up(p_.static_shared, p_.shared_align);
  }

  void lay_out_variables(int f, function const& fn) {
    auto& addresses = local_[std::size_t(f)];
    for (std::size_t k = 0; k < fn.variables.size(); ++k) {
      variable const& v = fn.variables[k];
      bool const outside = fn.kernel && std::find(fn.parameters.begin(), fn.parameters.end(), int(k)) != fn.parameters.end();
      std::size_t& top = outside ? p_.parameter_bytes : v.where == space::shared ? p_.static_shared : p_.local;
      top = up(top, std::max<std::uint64_t>(v.align, 1));
      addresses.push_back(top + (outside ? param_window : v.where == space::param ? local_window : 0));
      if (outside) p_.parameters.push_back({v.name, top, v.size});
      top += v.size;
    }
    p_.local = up(p_.local, 16);
  }

  void find_shared(operand const& o) {
    for (operand const& part : o.parts) find_shared(part);
    if (o.is != operand::variable || !o.of_module) return;
    variable const& v = file_.variables[std::size_t(o.index)];
    if (v.where != space::shared || shared_.contains(o.index)) return;
    if (v.external || !v.size) {
      p_.shared_align = std::max<std::size_t>(p_.shared_align, v.align);
      return;
    }
    p_.static_shared = up(p_.static_shared, v.align);
    shared_[o.index] = p_.static_shared;
    p_.static_shared += v.size;
  }

  std::uint64_t module_address(int index) const {
    if (file_.variables[std::size_t(index)].where != space::shared) return addresses_[std::size_t(index)];
    auto const found = shared_.find(index);
    return found == shared_.end() ? dynamic_ : found->second;
  }

  void decode_function(int f) {
    current_ = f;
    function const& fn = file_.functions[std::size_t(f)];
    auto& places = places_[f];
    for (statement const& s : fn.statements) {
      places.push_back(int(p_.code.size()));
      now_ = &s;
      parts_ = parts_of(s.name);
      auto const opcode = opcodes_.try_emplace(s.name, int(p_.opcodes.size()));
      if (opcode.second) p_.opcodes.push_back(s.name);
      opcode_ = opcode.first->second;
      auto const found = table_.find(parts_[0].empty() && parts_.size() > 1 ? std::string_view(s.name) : parts_[0]);
      if (found == table_.end()) unknown();
      else found->second(*this);
    }
    // Statements after the last: a label at the end, or a body without `ret`.
    places.push_back(int(p_.code.size()));
    static const statement end{-1, false, "ret", {}, 0, "ret"};
    now_ = &end;
    parts_ = {"ret"};
    opcode_ = opcodes_.try_emplace("ret", int(p_.opcodes.size())).first->second;
    if (std::size_t(opcode_) == p_.opcodes.size()) p_.opcodes.push_back("ret");
    table_.at("ret")(*this);
  }

  void finish(int kernel) {
    for (auto const& [place, f, label] : targets_) p_.code[place].imm = std::uint64_t(places_.at(f)[std::size_t(label)]);
    for (auto const& [place, f, label] : table_targets_) p_.slots[place] = places_.at(f)[std::size_t(label)];
    for (std::size_t k = 0; k < p_.code.size(); ++k) p_.code[k].s = p_.slots.data() + first_slot_[k];
    p_.constants = aligned_bytes(pool_.size());
    std::copy(pool_.begin(), pool_.end(), p_.constants.data());
    p_.name = file_.functions[std::size_t(kernel)].name;
    p_.most_threads = file_.functions[std::size_t(kernel)].most_threads;
    p_.dynamic_shared_at = dynamic_;
  }

  struct place {
    std::size_t at;
    int function, label;
  };

  file const& file_;
  std::vector<std::uint64_t> const& addresses_;
  opcode_table const& table_;
  program p_;
  statement const* now_ = nullptr;
  std::vector<std::string_view> parts_;
  int current_ = 0, opcode_ = 0;
  slot carry_ = nowhere;
  std::vector<int> reached_, path_;
  std::set<std::pair<int, int>> recursive_;
  std::vector<std::vector<slot>> registers_;
  std::vector<std::vector<std::uint64_t>> local_;
  std::map<int, std::uint64_t> shared_;
  std::uint64_t dynamic_ = 0;
  std::map<int, slot> returns_;
  std::map<int, std::vector<int>> places_;
  std::map<std::pair<std::uint64_t, int>, slot> constants_;
  std::vector<std::byte> pool_;
  std::map<std::string, int, std::less<>> opcodes_;
  std::vector<std::size_t> first_slot_;
  std::vector<place> targets_, table_targets_;
};

}  // namespace ptx::detail
