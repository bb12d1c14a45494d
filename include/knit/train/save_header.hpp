// SPDX-License-Identifier: BSL-1.0
// save_header.hpp -- in: a model. out: a C++ header with its parameters, for programs without files; from that a model again.
#pragma once
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <knit/expr/model.hpp>
#include <knit/io/replace_file.hpp>
#include <map>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace knit {

namespace detail {

/// "float 256 x 784", "double number"
template <class T> std::string spell_parameter(std::vector<int> const& extent) {
  static_assert(std::is_floating_point_v<T>, "knit: the parameters in a header are of float or double");
  return number_name<T>() + (extent.empty() ? std::string(" number") : ' ' + times(extent));
}
template <class A> std::vector<int> extents_of(A const&) { return {A::shape.extent, A::shape.extent + A::shape.rank}; }

/// Exactly, as a literal: 0x1.8p+1f.
template <class T> std::string hex_literal(T v) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, std::abs(v), std::chars_format::hex).ptr;
  return (std::signbit(v) ? "-0x" : "0x") + std::string(text, end) + (std::is_same_v<T, float> ? "f" : "");
}
inline std::string identifier_of(std::string path) {
  for (char& c : path) c = c == '.' ? '_' : c;
  return path;
}
template <class A> std::string array_literal(std::string const& path, A const& a) {
  using T = std::remove_cv_t<typename A::value_type>;
  std::string s = "  alignas(64) static constexpr " + std::string(number_name<T>()) + " " + identifier_of(path) + "[" +
                  std::to_string(a.size()) + "] = {  // " + path + ", " + spell_parameter<T>(extents_of(a));
  for (long i = 0; i < a.size(); ++i) {
    if (!std::isfinite(a[i]))
      throw data_error("knit: " + path + " has an element that is infinite or NaN, which no header can hold; train it anew");
    s += (i % 8 == 0 ? "\n      " : " ") + hex_literal<T>(a[i]) + ",";
  }
  return s + "};\n";
}
/// Words of C++ up to 2023, and F, which the header calls a template's parameter.
inline constexpr std::string_view reserved_words =
    " F alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t char8_t class co_await "
    "co_return "
    "co_yield compl concept const const_cast consteval constexpr constinit continue decltype default delete do double dynamic_cast "
    "else enum explicit export extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq "
    "nullptr operator or or_eq private protected public register reinterpret_cast requires return short signed sizeof static "
    "static_assert static_cast struct switch template this thread_local throw true try typedef typeid typename union unsigned "
    "using virtual void volatile wchar_t while xor xor_eq ";
inline void check_identifier(std::string const& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto fits = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  if (name.empty() || !letter(name[0]) || !std::ranges::all_of(name, fits) ||
      reserved_words.find(' ' + name + ' ') != std::string_view::npos)
    throw std::invalid_argument("knit: `" + name +
                                "` cannot be the name of a struct; give save_header letters, digits and _, and no "
                                "word of the language or F");
}

struct array_in_header {
  std::string spelled;
  void const* first;
};

}  // namespace detail

/// The text of save_header's file.
template <model Model> std::string header_of(Model const& m, std::string const& name) {
  detail::check_identifier(name);
  std::set<std::string> names{"for_each_parameter", name};
  std::string arrays, calls;
  for_each_parameter(m, [&](std::string const& path, auto const& a) {
    const std::string member = detail::identifier_of(path);
    if (!names.insert(member).second)
      throw data_error("knit: the name " + member + " of " + path + " is taken in its header; rename the field");
    arrays += detail::array_literal(path, a);
    calls += "    f(\"" + path + "\", " + name + "::" + member;  // whole, as a member may be f or F, too
    for (int e : detail::extents_of(a)) calls += ", " + std::to_string(e);
    calls += ");\n";
  });
  return "// The parameters of a model, exactly, for C++17 and later. Needs no other file; written by save_header of knit.\n"
         "// clang-format off\n"
         "#pragma once\n\n"
         "/// The first index of each array is the fastest. `load(" +
         name +
         "{}, model)` puts them into a model of knit.\n"
         "struct " +
         name + " {\n" + arrays +
         "\n  /// Calls f(path, array, extents...) for each.\n"
         "  template <class F> static constexpr void for_each_parameter(F&& f) {\n" +
         calls + "  }\n};\n";
}

/// `save_header("digits.hpp", model, "digits")`: a header that defines a struct of that name, with an array for each
/// parameter, `digits::layers_0_w` of "layers.0.w", in hexadecimal literals, so bit for bit. It compiles alone. A model can
/// lie on the arrays where they are, `dense{view<float, 256, 784>(digits::layers_0_w), ...}`, or take copies: load. All of
/// the file is written or nothing. Throws data_error where it cannot be, and if an element is infinite or NaN.
template <model Model> void save_header(std::string const& path, Model const& m, std::string const& name) {
  const std::string text = header_of(m, name);
  replace_file(path, {std::as_bytes(std::span(text))});
}

/// `load(digits{}, model)`: the parameters in a header of save_header, into a model. Throws data_error, and changes nothing,
/// unless the header has each parameter in its shape and type, and nothing else.
template <class Header, model Model> requires requires(void (*f)(...)) { Header::for_each_parameter(f); }
void load(Header, Model& m) {
  if constexpr (std::is_const_v<Model>) complain<detail::constant_model<Model>()>();
  else {
    std::map<std::string, detail::array_in_header> arrays;
    Header::for_each_parameter([&](char const* path, auto const& array, auto... extent) {
      arrays[path] = {detail::spell_parameter<std::remove_cvref_t<decltype(array[0])>>({extent...}), array};
    });
    std::size_t count = 0;
    for_each_parameter(m, [&](std::string const& path, auto& a) {
      const auto found = arrays.find(path);
      const std::string wanted = detail::spell_parameter<std::remove_cvref_t<decltype(a[0])>>(detail::extents_of(a));
      ++count;
      if (found != arrays.end() && found->second.spelled == wanted) return;
      throw data_error("knit: the model has as " + path + " an array of " + wanted + ", and the header " +
                       (found == arrays.end() ? "none" : "one of " + found->second.spelled) + "; load a header of the same model");
    });
    if (count != arrays.size())
      throw data_error("knit: the header has " + std::to_string(arrays.size()) + " parameters, and the model " +
                       std::to_string(count) + "; load a header of the same model");
    for_each_parameter(m, [&](std::string const& path, auto& a) {
      auto const* const from = static_cast<std::remove_cvref_t<decltype(a[0])> const*>(arrays.at(path).first);
      a.fill([&](long i) { return from[i]; });
    });
  }
}

}  // namespace knit
