// SPDX-License-Identifier: BSL-1.0
// laws_contract.cpp -- every contraction keeps the laws, on extents of 1, odd ones and those of whole panels.
#include "../laws.hpp"

using namespace laws;

namespace {

/// The extents of operand K of a contraction, when each letter has a size.
template <class Op, int K, int... Size> struct extents_of {
  static constexpr int size(char letter) {
    // Letters get sizes in the order in which they first occur.
    constexpr int sizes[] = {Size...};
    int seen = 0;
    char known[2 * knit::max_rank]{};
    for (int k = 0; k < 2; ++k)
      for (char const* c = Op::labels[k]; *c; ++c) {
        int at = 0;
        while (at < seen && known[at] != *c) ++at;
        if (at == seen) known[seen++] = *c;
        if (*c == letter) return sizes[at];
      }
    return 1;
  }
  static constexpr int rank = [] {
    int n = 0;
    while (Op::labels[K][n]) ++n;
    return n;
  }();
  template <int... I> static auto pick(std::integer_sequence<int, I...>) -> e<size(Op::labels[K][I])...>;
  using type = decltype(pick(std::make_integer_sequence<int, rank>{}));
};

template <class Op, class Laws, int... Size> void check_sizes() {
  using a = typename extents_of<Op, 0, Size...>::type;
  using b = typename extents_of<Op, 1, Size...>::type;
  static_assert(suits<Op, a, b>());
  int uses = 0;
  check_use<Op, Laws>(use<a, b>{}, uses);
}

}  // namespace

TEST(laws, contractions) {
  mp::mp_for_each<mp::mp_transform<mp::mp_identity, knit::catalogue::contractions>>([]<class Op>(mp::mp_identity<Op>) {
    check_sizes<Op, laws_without_double, 5, 3, 4, 2, 2>();
    check_sizes<Op, laws_without_double, 1, 7, 5, 2, 2>();
    check_sizes<Op, laws_without_double, 5, 7, 1, 2, 2>();
    check_sizes<Op, laws_without_double, 5, 1, 4, 2, 2>();
    check_sizes<Op, every_law, 37, 13, 29, 2, 2>();
    check_sizes<Op, laws_without_double, 64, 32, 16, 2, 2>();
  });
}

/// Batches, last and first; several axes summed over, none, all; axes of one operand alone.
using others =
    mp::mp_list<knit::contract_op<"mkb", "knb", "mnb">, knit::contract_op<"bmk", "bkn", "bmn">,
                knit::contract_op<"mkb", "knb", "nm">, knit::contract_op<"mk", "knb", "mnb">, knit::contract_op<"m", "n", "mn">,
                knit::contract_op<"kb", "kb", "b">, knit::contract_op<"mk", "mk", "">>;

TEST(laws, contractions_of_any_letters) {
  mp::mp_for_each<mp::mp_transform<mp::mp_identity, others>>([]<class Op>(mp::mp_identity<Op>) {
    check_sizes<Op, laws_without_double, 5, 3, 2, 4>();
    check_sizes<Op, laws_without_double, 1, 4, 3, 1>();
    check_sizes<Op, every_law, 37, 13, 5, 19>();
  });
}
