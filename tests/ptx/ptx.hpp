// SPDX-License-Identifier: BSL-1.0
// ptx.hpp -- in: PTX, buffers, a launch. out: what a GPU would have written, or the fault that it would have hidden.
//
//   ptx::module const m = ptx::module::from_file(path);
//   ptx::device d;
//   float const* x = d.copy_in(std::span(values), "x");  // an address of the device: only for kernels
//   float* y = d.allocate<float>(n, "y");
//   ptx::counters const c = d.run(m, m.find("scale"), {.grid = 8, .block = 128}, ptx::pack(x, y, 2.0f, n));
//   std::span<float> result = d.view(y);
#pragma once
#include "module.hpp"

#include <algorithm>
#include <span>

namespace ptx {

/// The arguments of a kernel, as its parameters lie.
struct packed {
  std::vector<std::byte> bytes;
  std::vector<std::pair<std::size_t, std::size_t>> places;  // offset and size of each; empty: not known
};

template <class... Ts> packed pack(Ts const&... values) {
  static_assert((std::is_trivially_copyable_v<Ts> && ...), "arguments of kernels are copied as bytes");
  packed p;
  auto const add = [&]<class T>(T const& x) {
    const std::size_t at = (p.bytes.size() + alignof(T) - 1) / alignof(T) * alignof(T);
    p.bytes.resize(at + sizeof(T));
    std::memcpy(p.bytes.data() + at, &x, sizeof(T));
    p.places.emplace_back(at, sizeof(T));
  };
  (add(values), ...);
  return p;
}

/// Memory that kernels reach, buffer by buffer.
class device {
 public:
  /// Uninitialised: all bits are ones, which are NaNs.
  template <class T> T* allocate(std::size_t n, std::string name = "buffer") {
    return reinterpret_cast<T*>(add(n * sizeof(T), std::move(name), true));
  }
  template <class T> T* copy_in(std::span<T const> values, std::string name = "buffer") {
    T* const p = allocate<T>(values.size(), std::move(name));
    std::copy(values.begin(), values.end(), view(p).begin());
    return p;
  }
  template <class T> T* copy_in(std::vector<T> const& values, std::string name = "buffer") {
    return copy_in(std::span<T const>(values), std::move(name));
  }
  /// Memory of the host at its own address, in which kernels work in place: they may only read what is const.
  template <class T> T* share(std::span<T> values, std::string name = "buffer") {
    detail::buffer b;
    b.address = reinterpret_cast<std::uintptr_t>(values.data());
    b.size = values.size_bytes();
    b.host = reinterpret_cast<std::byte*>(const_cast<std::remove_const_t<T>*>(values.data()));
    b.writable = !std::is_const_v<T>;
    b.name = std::move(name);
    memory_.add(std::move(b));
    return values.data();
  }
  template <class T> void free(T* p) { memory_.remove(reinterpret_cast<std::uint64_t>(p)); }
  /// Kernels may only read it from now on.
  template <class T> void freeze(T* p) { at(p).writable = false; }

  /// The elements of the buffer that begins there.
  template <class T> std::span<T> view(T* p) {
    detail::buffer& b = at(p);
    return {reinterpret_cast<T*>(b.host), b.size / sizeof(T)};
  }
  /// A variable of the module's own.
  std::span<std::byte> variable(module const& m, std::string_view name) {
    load(m);
    auto const found = m.own_->parsed.variable_named.find(name);
    if (found == m.own_->parsed.variable_named.end()) throw fault(wrong::launch, "no variable is named " + std::string(name));
    detail::buffer& b = *memory_.below(m.own_->addresses[std::size_t(found->second)]);
    return {b.host, b.size};
  }

  counters run(module const& m, std::string const& kernel, launch const& how, packed const& arguments) {
    detail::program const& code = m.kernel(kernel);
    load(m);
    check(code, how, arguments);
    counters counted;
    if (stamp_ > detail::block_shadow::many - 1 - how.grid.count()) {
      memory_.forget_shadows();
      stamp_ = 1;
    }
    detail::grid g{code, how, memory_, arguments.bytes, counted, stamp_, {}, {}, how.most_instructions};
    stamp_ += std::uint32_t(how.grid.count());
    g.hits.resize(code.code.size());
    g.hints.resize(code.code.size());
    std::vector<std::uint64_t> order(how.grid.count());
    for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
    std::mt19937_64 random(how.seed);
    if (how.seed) std::shuffle(order.begin(), order.end(), random);
    detail::block b(g);
    for (const std::uint64_t n : order) b.run(n, random);
    add_up(g);
    return counted;
  }

 private:
  template <class T> detail::buffer& at(T* p) {
    const std::uint64_t address = reinterpret_cast<std::uint64_t>(p);
    detail::buffer* const b = memory_.below(address);
    if (!b || b->address != address) throw fault(wrong::launch, "no buffer begins at " + hex(address));
    return *b;
  }

  std::uint64_t add(std::size_t bytes, std::string name, bool writable) {
    detail::buffer b;
    b.address = next_;
    b.size = bytes;
    b.storage = detail::aligned_bytes(bytes, 0xff);
    b.host = b.storage.data();
    b.writable = writable;
    b.name = std::move(name);
    next_ += (bytes / detail::buffer_distance + 1) * detail::buffer_distance;
    return memory_.add(std::move(b)).address;
  }

  /// The module's variables with their initial values, once.
  void load(module const& m) {
    auto const& own = *m.own_;
    if (std::find(loaded_.begin(), loaded_.end(), &own) != loaded_.end()) return;
    loaded_.push_back(&own);
    for (std::size_t k = 0; k < own.parsed.variables.size(); ++k) {
      detail::variable const& v = own.parsed.variables[k];
      if (v.where != detail::space::global && v.where != detail::space::constant) continue;
      detail::buffer b;
      b.address = own.addresses[k];
      b.size = v.size;
      b.storage = detail::aligned_bytes(v.size);
      b.host = b.storage.data();
      b.writable = v.where == detail::space::global;
      b.name = v.name;
      std::copy(v.initial.begin(), v.initial.end(), b.host);
      for (detail::variable::pointer const& p : v.pointers) {
        auto const target = own.parsed.variable_named.find(p.target);
        if (target == own.parsed.variable_named.end()) continue;  // a function: it is not called through this
        const std::uint64_t address = own.addresses[std::size_t(target->second)] + p.addend;
        std::memcpy(b.host + p.offset, &address, sizeof address);
      }
      memory_.add(std::move(b));
    }
  }

  static void check(detail::program const& code, launch const& how, packed const& arguments) {
    auto const refuse = [&](std::string const& why) { throw fault(wrong::launch, "launch of " + code.name + ": " + why); };
    const std::uint64_t most = code.most_threads ? code.most_threads : 1024;
    if (!how.grid.count() || !how.block.count()) refuse("an empty grid or block");
    if (how.grid.count() >= detail::block_shadow::many) refuse("too many blocks");
    if (how.block.count() > most)
      refuse(std::to_string(how.block.count()) + " threads, at most " + std::to_string(most) + " are allowed");
    if (arguments.bytes.size() != code.parameter_bytes)
      refuse(std::to_string(arguments.bytes.size()) + " bytes of arguments for parameters of " +
             std::to_string(code.parameter_bytes));
    if (arguments.places.empty()) return;
    if (arguments.places.size() != code.parameters.size())
      refuse(std::to_string(arguments.places.size()) + " arguments for " + std::to_string(code.parameters.size()) + " parameters");
    for (std::size_t k = 0; k < code.parameters.size(); ++k)
      if (arguments.places[k] != std::pair<std::size_t, std::size_t>(code.parameters[k].offset, code.parameters[k].size))
        refuse("argument " + std::to_string(k) + " has not the size of its parameter");
  }

  static void add_up(detail::grid const& g) {
    counters& c = g.counted;
    for (std::size_t k = 0; k < g.hits.size(); ++k) {
      if (!g.hits[k].warps) continue;
      std::string const& name = g.code.opcodes[std::size_t(g.code.origins[k].opcode)];
      c.opcodes[name] += g.hits[k];
      c.all += g.hits[k];
    }
    for (auto const& [name, n] : c.opcodes) {
      if (name.starts_with("mma.")) c.mma += n.warps;
      if (!name.starts_with("fma.") && !name.starts_with("mad.")) continue;
      if (name.ends_with(".f32")) c.fma += n.lanes;
      if (name.ends_with(".f32x2")) c.fma += 2 * n.lanes;
    }
  }

  detail::buffers memory_;
  std::uint64_t next_ = detail::device_window;
  std::uint32_t stamp_ = 1;
  std::vector<void const*> loaded_;
};

}  // namespace ptx
