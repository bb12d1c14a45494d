// SPDX-License-Identifier: BSL-1.0
// model.hpp -- in: a struct of arrays, layers and attributes. out: its parameters by path, and its symbolic twin.
#pragma once
#include <boost/hana/accessors.hpp>
#include <boost/hana/adapt_struct.hpp>
#include <boost/hana/at.hpp>
#include <boost/hana/core/to.hpp>
#include <boost/hana/define_struct.hpp>
#include <boost/hana/first.hpp>
#include <boost/hana/fold_left.hpp>
#include <boost/hana/for_each.hpp>
#include <boost/hana/integral_constant.hpp>
#include <boost/hana/members.hpp>
#include <boost/hana/pair.hpp>
#include <boost/hana/second.hpp>
#include <boost/hana/string.hpp>
#include <boost/hana/tuple.hpp>
#include <boost/hana/unpack.hpp>
#include <knit/expr/call.hpp>
#include <string>

namespace knit {

namespace hana = boost::hana;

/// A layer or model: a Hana Struct (BOOST_HANA_DEFINE_STRUCT). Its fields are arrays (parameters), layers,
/// hana::tuples of layers, or attributes: empty types such as `relu`.
template <class T> concept model = hana::Struct<std::remove_cvref_t<T>>::value;

namespace detail {

template <class T> inline constexpr bool is_layers = false;
template <class... L> inline constexpr bool is_layers<hana::tuple<L...>> = true;

template <class T> constexpr auto members_of(T const&) {
  return hana::unpack(hana::accessors<T>(), [](auto... m) {
    return mp::mp_list<std::remove_cvref_t<decltype(hana::second(m)(std::declval<T&>()))>...>{};
  });
}
template <class T> using field_types = decltype(members_of(std::declval<T const&>()));

template <class T> constexpr int count_parameters();
template <class... F> constexpr int count_all(mp::mp_list<F...>) { return (count_parameters<F>() + ... + 0); }
template <class T> constexpr int count_parameters() {
  if constexpr (array_like<T>) return 1;
  else if constexpr (is_layers<T>) return count_all(mp::mp_rename<T, mp::mp_list>{});
  else if constexpr (model<T>) return count_all(field_types<T>{});
  else return 0;
}

// ---- a struct rebuilt with other field types -----------------------------------------------------------

template <class T> struct template_of {
  template <class...> static constexpr bool over_fields = false;
};
template <template <class...> class C, class... A> struct template_of<C<A...>> {
  template <class... Old> static constexpr bool over_fields = std::is_same_v<mp::mp_list<A...>, mp::mp_list<Old...>>;
  template <class... New> using with = C<New...>;
};
template <class T> constexpr sentence cannot_rebuild() {
  sentence s;
  s << "a layer is a template over the types of its fields, in order, so that it can be traced with symbols; "
       "make this struct template <class W, class B> struct layer, or give it template <class... F> using with_fields";
  return s;
}
template <class T> constexpr sentence no_field() {
  sentence s;
  s << "a field of a layer is an array, a layer, a hana::tuple of layers, or an attribute: an empty type "
       "such as knit::relu; ";
  if (std::is_class_v<T>)
    s << "a layer names its fields, BOOST_HANA_DEFINE_STRUCT(name, (W, w), (B, b)); a lambda that captures is none, so make it one";
  else s << "make a number a tensor<float> or a type, as 0.2_c in dropout{0.2_c}";
  return s;
}
/// Of what has to be a model and is none.
template <class T> constexpr sentence no_model(char const* user) {
  sentence s;
  s << user
    << " takes a model, a struct that names its fields by BOOST_HANA_DEFINE_STRUCT(layer, (W, w), (B, b)), "
       "and this ";
  if (std::is_class_v<T>) s << "struct names none; write the macro in it, and make it a template over the types of its fields";
  else s << "is no struct";
  return s;
}
template <class T> constexpr sentence hidden_member() {
  return sentence()
         << "BOOST_HANA_DEFINE_STRUCT does not name all members of this layer, and tracing loses the values of the others; "
            "name each, or make it static constexpr; a number is a tensor<float>, which is trained, or a type, as 0.2_c";
}
/// R, which is T of symbols: these are empty, so what is larger has something else in it.
template <class T, class R, class... Symbol> constexpr auto all_named(mp::mp_list<Symbol...>) {
  constexpr std::size_t named = (sizeof(Symbol) + ... + std::size_t(0)),
                        aligned = (named + alignof(R) - 1) / alignof(R) * alignof(R);
  if constexpr (sizeof(R) > aligned) return mp::mp_identity<typename knit_error<wrong<hidden_member<T>()>>::type>{};
  else return mp::mp_identity<R>{};
}
template <class T, class Old, class New> struct rebuild;
template <class T, class... Old, class... New> struct rebuild<T, mp::mp_list<Old...>, mp::mp_list<New...>> {
  static constexpr auto pick() {
    if constexpr (requires { typename T::template with_fields<New...>; })
      return mp::mp_identity<typename T::template with_fields<New...>>{};
    else if constexpr (std::is_same_v<mp::mp_list<Old...>, mp::mp_list<New...>>) return mp::mp_identity<T>{};
    else if constexpr (template_of<T>::template over_fields<Old...>)
      return mp::mp_identity<typename template_of<T>::template with<New...>>{};
    else return mp::mp_identity<typename knit_error<wrong<cannot_rebuild<T>()>>::type>{};
  }
  using type = typename decltype(pick())::type;
};

// ---- symbols -------------------------------------------------------------------------------------------

/// A layer within a layer: its call is one node, its parameters start at Offset of the layer around it, of whose
/// layers it is number Place, from 1.
template <class Symbolic, int Offset, int Place> struct linked {
  template <class... X> constexpr auto operator()(X&&... x) const {
    return call_layer<Offset, Place>(Symbolic{}, std::forward<X>(x)...);
  }
};

template <class T> constexpr int count_layers() {
  if constexpr (is_layers<T>)
    return []<class... F>(mp::mp_list<F...>) { return (count_layers<F>() + ... + 0); }(mp::mp_rename<T, mp::mp_list>{});
  else return model<T>;
}

template <class T, int Offset, int Place> struct symbol;
template <class List, int Offset, int Place> struct symbols;
template <int Offset, int Place> struct symbols<mp::mp_list<>, Offset, Place> {
  using type = mp::mp_list<>;
};
template <class F, class... Rest, int Offset, int Place> struct symbols<mp::mp_list<F, Rest...>, Offset, Place> {
  using type =
      mp::mp_push_front<typename symbols<mp::mp_list<Rest...>, Offset + count_parameters<F>(), Place + count_layers<F>()>::type,
                        typename symbol<F, Offset, Place>::type>;
};
/// The struct itself, rebuilt; its own parameters start at Offset.
template <class T, int Offset> struct rebuilt {
  static constexpr auto pick() {
    using all = typename symbols<field_types<T>, Offset, 1>::type;
    using R = typename rebuild<T, field_types<T>, all>::type;
    if constexpr (poison<R> || mp::mp_empty<all>::value) return mp::mp_identity<R>{};
    else return all_named<T, R>(all{});
  }
  using type = typename decltype(pick())::type;
};

template <class T, int Offset, int Place> struct symbol {
  static constexpr auto pick() {
    if constexpr (array_like<T>) return mp::mp_identity<parameter<Offset, T>>{};
    else if constexpr (is_layers<T>)
      return mp::mp_identity<mp::mp_rename<typename symbols<mp::mp_rename<T, mp::mp_list>, Offset, Place>::type, hana::tuple>>{};
    else if constexpr (model<T>) return mp::mp_identity<linked<typename rebuilt<T, 0>::type, Offset, Place>>{};
    else if constexpr (std::is_empty_v<T>) return mp::mp_identity<T>{};
    else return mp::mp_identity<typename knit_error<wrong<no_field<T>()>>::type>{};
  }
  using type = typename decltype(pick())::type;
};

// ---- walking the parameters of a live model ---------------------------------------------------------------

template <class T, class F> constexpr void walk(T& field, std::string const& path, F& f) {
  using plain = std::remove_cvref_t<T>;
  if constexpr (array_like<plain>) f(path, field);
  else if constexpr (is_layers<plain>) {
    int i = 0;
    hana::for_each(field, [&](auto& layer) { walk(layer, path + (path.empty() ? "" : ".") + std::to_string(i++), f); });
  } else if constexpr (model<plain>)
    hana::for_each(hana::accessors<plain>(), [&](auto m) {
      walk(hana::second(m)(field), path + (path.empty() ? "" : ".") + hana::to<char const*>(hana::first(m)), f);
    });
}

/// Adds the path of parameter k of a T to the path of that T.
template <class T> constexpr void add_path(sentence& to, int k) {
  auto member = [&]<class F>(auto const& name, mp::mp_identity<F>) {
    constexpr int n = count_parameters<F>();
    if (k >= 0 && k < n) {
      to << (to.empty() ? "" : ".") << name;
      add_path<F>(to, k);
    }
    k -= n;
  };
  if constexpr (is_layers<T>)
    [&]<class... L>(mp::mp_list<L...>) {
      int i = 0;
      (member(i++, mp::mp_identity<L>{}), ...);
    }(mp::mp_rename<T, mp::mp_list>{});
  else if constexpr (model<T>)
    [&]<class... F>(mp::mp_list<F...>) {
      hana::unpack(hana::accessors<T>(),
                   [&](auto... m) { (member(hana::to<char const*>(hana::first(m)), mp::mp_identity<F>{}), ...); });
    }(field_types<T>{});
}

template <class Model> constexpr sentence constant_model() {
  return sentence()
         << "the model is const, so its parameters cannot be trained or updated; make the model a variable that is not const";
}

template <class T> constexpr auto arrays_of(T& field) {
  using plain = std::remove_cvref_t<T>;
  if constexpr (array_like<plain>) return std::tuple<T*>(&field);
  else if constexpr (is_layers<plain>) return hana::unpack(field, [](auto&... l) { return std::tuple_cat(arrays_of(l)...); });
  else if constexpr (model<plain>)
    return hana::unpack(hana::accessors<plain>(), [&](auto... m) { return std::tuple_cat(arrays_of(hana::second(m)(field))...); });
  else return std::tuple<>();
}

}  // namespace detail

/// The same struct over symbols: parameters by position, layers as linked calls, attributes as they are.
template <model T> using symbolic = typename detail::rebuilt<std::remove_cvref_t<T>, 0>::type;

/// Number of parameter arrays of a model.
template <class T> inline constexpr int parameter_count = detail::count_parameters<std::remove_cvref_t<T>>();

/// Pointers to the parameter arrays of a model, in the order of its fields; types stay known.
template <model T> constexpr auto parameters_of(T& m) { return detail::arrays_of(m); }

/// Parameter K of a model of type T, as the compiler knows it.
template <model T, int K> struct parameter_of {
  static_assert(K >= 0 && K < parameter_count<T>);
  using model_type = T;
  static constexpr sentence path = [] {  ///< "layers.0.w", as in for_each_parameter
    sentence s;
    detail::add_path<std::remove_cv_t<T>>(s, K);
    return s;
  }();
};

/// Calls f(path, array) for each parameter of a model: "layers.0.w", ...
template <model T, class F> void for_each_parameter(T& m, F&& f) { detail::walk(m, "", f); }

}  // namespace knit
