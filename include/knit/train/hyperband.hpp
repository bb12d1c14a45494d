// SPDX-License-Identifier: BSL-1.0
// hyperband.hpp -- in: a source of configurations, their losses after some training. out: the best, few of them trained long.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace knit {

/// So many configurations are trained with so much each.
struct hyperband_round {
  long configurations;
  double resource;
  bool operator==(hyperband_round const&) const = default;
};
/// A configuration, its loss and the resource that it was trained with.
template <class Config> struct hyperband_result {
  double loss, resource;
  Config config;
};

/// The rounds of each bracket: a `reduction`-th of a round's configurations, the best, go on to the next and get `reduction`
/// times as much, in the last `most`. As in the table of the paper brackets begin with whole powers times a number, so
/// (81, 3) is 81, 27, 9, 6 and 5 configurations; its formula, and Knet, which rounds later, begin with 34, 15 and 8. Throws
/// std::invalid_argument unless 1 <= most <= 1e15 and reduction >= 2. Source: Li et al., JMLR 18 (2018), table 1.
inline std::vector<std::vector<hyperband_round>> hyperband_schedule(double most = 27, int reduction = 3) {
  if (!(most >= 1 && most <= 1e15) || reduction < 2)  // as many configurations are counted
    throw std::invalid_argument("knit: hyperband takes a resource from 1 to 1e15 and a reduction from 2 on, not " +
                                std::to_string(most) + " and " + std::to_string(reduction));
  std::vector<long> powers{1};
  while (double(powers.back()) * reduction <= most) powers.push_back(powers.back() * reduction);
  std::vector<std::vector<hyperband_round>> brackets;
  for (std::size_t last = powers.size(); last-- > 0;) {
    auto& rounds = brackets.emplace_back();
    const long begin = long(powers.size() / (last + 1)) * powers[last];
    for (std::size_t i = 0; i <= last; ++i) rounds.push_back({begin / powers[i], most / double(powers[last - i])});
  }
  return brackets;
}

/// `hyperband([&] { return draw(); }, [&](config const& c, double epochs) { return loss_after(c, epochs); }, 27, 3)`: draws
/// configurations, of any type, and returns the one of the least loss, with that and the resource that it had. A loss is asked
/// for anew in each round, from the start. NaN is worse than all; throws std::runtime_error if no loss is a number.
template <class Draw, class Loss> auto hyperband(Draw&& draw, Loss&& loss_of, double most = 27, int reduction = 3) {
  using config = std::decay_t<decltype(draw())>;
  std::optional<hyperband_result<config>> best;
  for (auto const& rounds : hyperband_schedule(most, reduction)) {
    std::vector<std::pair<double, config>> trained;
    for (long i = 0; i < rounds.front().configurations; ++i) trained.emplace_back(0, draw());
    for (auto const& round : rounds) {
      trained.erase(trained.begin() + round.configurations, trained.end());
      for (auto& [loss, c] : trained) loss = double(loss_of(std::as_const(c), round.resource));
      std::ranges::stable_sort(
          trained, [](double a, double b) { return a < b || (std::isnan(b) && !std::isnan(a)); },
          &std::pair<double, config>::first);
      auto const& [loss, c] = trained.front();
      if (!std::isnan(loss) && (!best || loss < best->loss)) best.emplace(hyperband_result<config>{loss, round.resource, c});
    }
  }
  if (!best) throw std::runtime_error("knit: hyperband: every loss is NaN; draw configurations that can be trained");
  return *std::move(best);
}

}  // namespace knit
