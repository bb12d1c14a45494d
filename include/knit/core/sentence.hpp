// SPDX-License-Identifier: BSL-1.0
// sentence.hpp -- in: words, numbers, shapes. out: a sentence that a compiler prints inside a type's name.
#pragma once
#if __cplusplus < 202002L
#error "knit: C++20 or later is needed; compile with -std=c++20"
#endif
#include <knit/core/shape.hpp>
#include <utility>

namespace knit {

/// A string built in a constant expression. As a template argument a compiler prints it, so an error says
/// what was got and what to do, with the real shapes in it. Empty: nothing is wrong.
struct sentence {
  char text[240]{};

  constexpr int length() const {
    int n = 0;
    while (text[n]) ++n;
    return n;
  }
  constexpr bool empty() const { return text[0] == 0; }

  /// What does not fit is left out, and the sentence ends in [...] then.
  constexpr sentence& operator<<(char const* s) {
    constexpr int most = sizeof text - 1;
    int n = length();
    while (*s && n < most) text[n++] = *s++;
    if (*s)
      for (int k = 0; k < 5; ++k) text[most - 5 + k] = "[...]"[k];
    return *this;
  }
  constexpr sentence& operator<<(long v) {
    char digits[24]{};
    int n = 23;
    const bool negative = v < 0;
    if (negative) v = -v;
    do digits[--n] = char('0' + v % 10);
    while (v /= 10);
    if (negative) digits[--n] = '-';
    return *this << digits + n;
  }
  constexpr sentence& operator<<(int v) { return *this << long(v); }
  constexpr sentence& operator<<(shape::one_axis a) {
    if (a.name) {
      char name[detail::name_length + 1]{};
      *this << detail::spell(a.name, name) << "<=";
    }
    return *this << a.extent;
  }
  constexpr sentence& operator<<(shape s) {
    if (s.rank == 0) return *this << "scalar";
    *this << "(";
    for (int k = 0; k < s.rank; ++k) *this << (k ? "x" : "") << s.axis(k);
    return *this << ")";
  }
};

/// What a wrong use turns into: it absorbs everything after it, so that one mistake is one error.
struct poisoned {
  template <class... X> constexpr poisoned operator()(X const&...) const { return {}; }
  constexpr operator float() const { return 0; }
};

namespace detail {
template <class> inline constexpr bool fine = true;
#ifdef __clang__  // shortens an array among template arguments, but no list
template <char...> struct wrong_use {};
template <sentence S, int... K> wrong_use<S.text[K]...> spelled(std::integer_sequence<int, K...>);
template <sentence S> using wrong = decltype(spelled<S>(std::make_integer_sequence<int, S.length()>{}));
template <char... C> inline constexpr bool fine<wrong_use<C...>> = false;
#else
template <sentence S> struct wrong {};
template <sentence S> inline constexpr bool fine<wrong<S>> = false;
#endif
}  // namespace detail

/// Instantiated with the wrong<sentence> of a mistake, its own name is the first line of the error.
template <class Mistake> struct knit_error {
  static_assert(detail::fine<Mistake>, "knit: the sentence in knit_error above says what is wrong and what to do");
  using type = poisoned;
};

/// Reports a mistake: `return complain<sentence>()`.
template <sentence S> constexpr typename knit_error<detail::wrong<S>>::type complain() { return {}; }

}  // namespace knit
