// SPDX-License-Identifier: BSL-1.0
// mistakes.hpp -- in: what programs are made of, and asked for wrongly. out: the sentences about it.
#pragma once
#include <knit/expr/expr.hpp>

namespace knit::detail {

/// "a view of float (784x100)"
template <class T> constexpr void describe(sentence& to) {
  if constexpr (array_like<T>)
    to << (T::owns ? "a tensor of " : "a view of ") << element_name(element_of<typename T::value_type>()) << " " << T::shape;
  else if constexpr (expression<T>) to << "an expression " << T::shape;
  else to << (std::is_pointer_v<T> ? "an address" : "no array");
}
template <class... T> constexpr void describe_all(sentence& to, mp::mp_list<T...>) {
  int n = 0;
  ((to << (n++ ? ", " : ""), describe<T>(to)), ...);
}
template <class Wanted, class Got> constexpr sentence wrong_arguments() {
  sentence t;
  t << "a program for ";
  describe_all(t, Wanted{});
  t << " is called with ";
  describe_all(t, Got{});
  t << "; make one for these types, or of dyn<\"batch\", 100> for 1 to 100 instances";
  return t;
}
/// Is what a program for arguments of types X... is called with none of theirs?
template <class Wanted, class Got> inline constexpr bool called_wrongly = true;
template <class... X, class... Y> requires(sizeof...(X) == sizeof...(Y))
inline constexpr bool called_wrongly<mp::mp_list<X...>, mp::mp_list<Y...>> =
    !((std::is_convertible_v<Y const&, X> || std::is_convertible_v<Y, X>)&&...);

/// Are the arguments that a model takes for labels, if it says which, measured values?
template <class Model, class... X> constexpr bool measured_labels() {
  if constexpr (requires { Model::labels; }) {
    constexpr bool measured[] = {std::is_floating_point_v<typename X::value_type>..., false};
    return Model::labels < int(sizeof...(X)) && measured[Model::labels];
  } else return false;
}
template <class Model> constexpr sentence labels_of_loss() {
  return sentence() << "the loss of a chain is that of a classifier, and these labels are float or double: make them "
                       "std::uint8_t or std::int32_t, numbers "
                       "of classes; a model of measured values is make_regression(make_chain(...))";
}

template <class E> constexpr sentence no_value_yet() {
  return sentence() << "an expression of shape " << E::shape
                    << " is assigned to an array while a function or layer is traced, when nothing has a value: "
                       "its parameters and variables are auto, as in [](auto x) { auto y = abs(x); return sum(y); }";
}
/// Is it assigned to an array although it has no value yet? It is reported where noexcept is asked for, as mistaken_number is.
template <class E> constexpr bool mistaken_value() {
  if constexpr (is_symbolic<E>) complain<no_value_yet<E>()>();
  return is_symbolic<E>;
}
template <class T> constexpr sentence neither_float_nor_double() {
  return sentence() << "an expression is assigned to an array whose elements are neither float nor double; knit computes "
                       "these: make it a tensor<float, ...>";
}
constexpr sentence next_shape(shape w, shape next) {
  return sentence() << "update: the next value of a parameter of shape " << w << " has shape " << next << "; make them equal";
}
constexpr sentence named_parameter(shape s) {
  return sentence() << "a parameter has shape " << s << "; the compiler must know the extents of a parameter, so give it numbers";
}
template <class Model> constexpr sentence no_argument_types() {
  return sentence() << "make_inference makes a program, and what it will be called with has to be known then; name the types "
                       "of the arguments, as in "
                       "make_inference<view<float, 784, 100>>(model)";
}
template <class Model, class... X> constexpr sentence constant_program() {
  return sentence()
         << "an inference computes in memory of its own, so a call changes it, and this one is const; of a member make it "
            "mutable or the function that calls it not const, and give each thread one";
}
template <class Model> constexpr sentence inference_of_temporary() {
  return sentence() << "an inference refers to its model, which must outlive it, and this model is a temporary; give it a name";
}
template <class T> constexpr sentence no_program() {
  return sentence() << "explain tells the plan of a program, and a model or expression has none yet; explain auto step = "
                       "make_training_step(model, data, rule), "
                       "or auto f = make_inference<view<float, 784, 100>>(model)";
}
template <class T> constexpr sentence no_picture() {
  return sentence()
         << "to_dot draws a program or an expression, and a model is neither; draw auto step = make_training_step(model, data, "
            "rule), or the expression that the model makes of symbols";
}
template <class M> constexpr sentence params_of_model() {
  return sentence() << "params and update take what diff(model)(...) gives: auto r = diff(model)(x, y); update(params(r), "
                       "[&](auto w) { return w - grad(r, w) * lr; })";
}
template <class Result> constexpr sentence no_parameters() {
  return sentence() << "params(r): r is of a function, which has arguments and no parameters; params needs the diff of a "
                       "model, a struct with "
                       "parameters; for an argument w write tensor dw = grad(r, w); w = w - lr * dw";
}

}  // namespace knit::detail
