// SPDX-License-Identifier: BSL-1.0
// optimisers.hpp -- in: a model, data. out: the losses of training it under each of the rules in optim/.
#pragma once
#include <knit/optim/adam.hpp>
#include <knit/optim/momentum.hpp>
#include <knit/optim/sgd.hpp>
#include <knit/train/training.hpp>

namespace knit {

// Each is `data | sgd(model, {.lr = 0.1})`, and as a function of the data `sgd(model, data)`, as in
// `for (float loss : sgd(model, data))`. What the numbers mean stands with the rules.

template <class Backend = default_backend, model Model> auto sgd(Model&& m, sgd_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), rule);
}
template <class Backend = default_backend, model Model, ranges::viewable_range Rng>
auto sgd(Model&& m, Rng&& data, sgd_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), std::forward<Rng>(data), rule);
}
template <class Backend = default_backend, model Model> auto momentum(Model&& m, momentum_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), rule);
}
template <class Backend = default_backend, model Model, ranges::viewable_range Rng>
auto momentum(Model&& m, Rng&& data, momentum_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), std::forward<Rng>(data), rule);
}
template <class Backend = default_backend, model Model> auto adam(Model&& m, adam_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), rule);
}
template <class Backend = default_backend, model Model, ranges::viewable_range Rng>
auto adam(Model&& m, Rng&& data, adam_rule rule = {}) {
  return train<Backend>(std::forward<Model>(m), std::forward<Rng>(data), rule);
}

}  // namespace knit
