// SPDX-License-Identifier: BSL-1.0
// optimisers.hpp -- in: a model, data. out: the losses of training it under each of the rules in optim/.
#pragma once
#include <knit/optim/adadelta.hpp>
#include <knit/optim/adagrad.hpp>
#include <knit/optim/adam.hpp>
#include <knit/optim/adamw.hpp>
#include <knit/optim/lion.hpp>
#include <knit/optim/momentum.hpp>
#include <knit/optim/nesterov.hpp>
#include <knit/optim/rmsprop.hpp>
#include <knit/optim/sgd.hpp>
#include <knit/train/training.hpp>

namespace knit {

// Each is `data | sgd(model, {.lr = 0.1})`, and as a function of the data `sgd(model, data)`, as in
// `for (float loss : sgd(model, data))`. What the numbers mean stands with the rules; `train` takes any other rule, one that
// clips, decays or has a schedule among them.

/// `data | sgd(model, {.lr = 0.1})`: training by gradient descent, as train(model, rule) does it; the numbers are those of sgd_rule. Yields the
/// loss before each step.
template <class Backend = default_backend, class Model> auto sgd(Model&& m, sgd_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), rule);
}
/// The same as a function of the data: `for (float loss : sgd(model, data))`.
template <class Backend = default_backend, class Model, class Rng> auto sgd(Model&& m, Rng&& data, sgd_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), std::forward<Rng>(data), rule);
}

/// `data | momentum(model)`: training by gradient descent with momentum, likewise; the numbers are those of momentum_rule.
template <class Backend = default_backend, class Model> auto momentum(Model&& m, momentum_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), rule);
}
/// The same as a function of the data: `for (float loss : momentum(model, data))`.
template <class Backend = default_backend, class Model, class Rng> auto momentum(Model&& m, Rng&& data, momentum_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), std::forward<Rng>(data), rule);
}

/// `data | nesterov(model)`: training by gradient descent with Nesterov's momentum, likewise; the numbers are those of nesterov_rule.
template <class Backend = default_backend, class Model> auto nesterov(Model&& m, nesterov_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), rule);
}
/// The same as a function of the data: `for (float loss : nesterov(model, data))`.
template <class Backend = default_backend, class Model, class Rng> auto nesterov(Model&& m, Rng&& data, nesterov_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), std::forward<Rng>(data), rule);
}

/// `data | adagrad(model)`: training by Adagrad, likewise; the numbers are those of adagrad_rule.
template <class Backend = default_backend, class Model> auto adagrad(Model&& m, adagrad_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), rule);
}
/// The same as a function of the data: `for (float loss : adagrad(model, data))`.
template <class Backend = default_backend, class Model, class Rng> auto adagrad(Model&& m, Rng&& data, adagrad_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), std::forward<Rng>(data), rule);
}

/// `data | rmsprop(model)`: training by RMSProp, likewise; the numbers are those of rmsprop_rule.
template <class Backend = default_backend, class Model> auto rmsprop(Model&& m, rmsprop_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), rule);
}
/// The same as a function of the data: `for (float loss : rmsprop(model, data))`.
template <class Backend = default_backend, class Model, class Rng> auto rmsprop(Model&& m, Rng&& data, rmsprop_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), std::forward<Rng>(data), rule);
}

/// `data | adadelta(model)`: training by Adadelta, likewise; the numbers are those of adadelta_rule.
template <class Backend = default_backend, class Model> auto adadelta(Model&& m, adadelta_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), rule);
}
/// The same as a function of the data: `for (float loss : adadelta(model, data))`.
template <class Backend = default_backend, class Model, class Rng> auto adadelta(Model&& m, Rng&& data, adadelta_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), std::forward<Rng>(data), rule);
}

/// `data | adam(model)`: training by Adam, likewise; the numbers are those of adam_rule.
template <class Backend = default_backend, class Model> auto adam(Model&& m, adam_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), rule);
}
/// The same as a function of the data: `for (float loss : adam(model, data))`.
template <class Backend = default_backend, class Model, class Rng> auto adam(Model&& m, Rng&& data, adam_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), std::forward<Rng>(data), rule);
}

/// `data | adamw(model)`: training by AdamW, likewise; the numbers are those of adamw_rule.
template <class Backend = default_backend, class Model> auto adamw(Model&& m, adamw_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), rule);
}
/// The same as a function of the data: `for (float loss : adamw(model, data))`.
template <class Backend = default_backend, class Model, class Rng> auto adamw(Model&& m, Rng&& data, adamw_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), std::forward<Rng>(data), rule);
}

/// `data | lion(model)`: training by Lion, likewise; the numbers are those of lion_rule.
template <class Backend = default_backend, class Model> auto lion(Model&& m, lion_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), rule);
}
/// The same as a function of the data: `for (float loss : lion(model, data))`.
template <class Backend = default_backend, class Model, class Rng> auto lion(Model&& m, Rng&& data, lion_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), std::forward<Rng>(data), rule);
}

}  // namespace knit
