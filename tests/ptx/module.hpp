// SPDX-License-Identifier: BSL-1.0
// module.hpp -- in: the text of a file of PTX. out: its kernels, decoded when they are first asked for.
#pragma once
#include "block.hpp"
#include "decode.hpp"

#include <atomic>
#include <fstream>
#include <iterator>
#include <memory>

namespace ptx {

namespace detail {

/// All that can be interpreted. They are a unit of their own: they take longer to compile than what runs them.
opcode_table const& opcodes();

}  // namespace detail

class module {
 public:
  explicit module(std::string_view text) : own_(std::make_unique<contents>(detail::parser(text).parse())) {
    static std::atomic<std::uint64_t> serial{0};
    std::uint64_t at = detail::module_window + (serial++ << 32) * 256;
    for (detail::variable const& v : own_->parsed.variables) {
      at = (at + v.align + 255) / 256 * 256;
      own_->addresses.push_back(at);
      at += v.size + 256;  // so that an index out of one does not fall into the next at once
    }
  }
  static module from_file(std::string const& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw fault(wrong::syntax, "cannot read " + path);
    return module(std::string(std::istreambuf_iterator<char>(in), {}));
  }

  /// The names of all kernels, as the compiler has mangled them.
  std::vector<std::string> kernels() const {
    std::vector<std::string> names;
    for (detail::function const& f : own_->parsed.functions)
      if (f.kernel && f.defined) names.push_back(f.name);
    return names;
  }

  /// The one kernel whose name contains all of these: find("gemm", "Li64E").
  template <class... Parts> std::string find(Parts const&... parts) const {
    std::string found;
    for (std::string const& name : kernels()) {
      if (!((name.find(parts) != name.npos) && ...)) continue;
      if (!found.empty()) throw fault(wrong::launch, "two kernels have such a name: " + found + " and " + name);
      found = name;
    }
    if (found.empty()) throw fault(wrong::launch, "no kernel has such a name: " + ((std::string(parts) + ' ') + ...));
    return found;
  }

  /// Its parameters, registers, shared and local memory, and `unknown`: what it cannot be interpreted with.
  detail::program const& kernel(std::string const& name) const {
    auto const known = own_->programs.find(name);
    if (known != own_->programs.end()) return known->second;
    auto const found = own_->parsed.function_named.find(name);
    if (found == own_->parsed.function_named.end() || !own_->parsed.functions[std::size_t(found->second)].kernel)
      throw fault(wrong::launch, "no kernel is named " + name);
    detail::decoder d(own_->parsed, own_->addresses, detail::opcodes());
    return own_->programs.emplace(name, d.decode(found->second)).first->second;
  }

 private:
  friend class device;
  struct contents {
    explicit contents(detail::file f) : parsed(std::move(f)) {}
    detail::file parsed;
    std::vector<std::uint64_t> addresses;
    std::map<std::string, detail::program> programs;
  };
  std::unique_ptr<contents> own_;
};

}  // namespace ptx
