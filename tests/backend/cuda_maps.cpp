// SPDX-License-Identifier: BSL-1.0
// cuda_maps.cpp -- in: elementwise values, views, reshapes. out: on the CUDA backend's blocks what the scalar backend gives
// in double, at odd shapes, in float and double, the same to the bit whatever the order of blocks and threads.

#include "blocks.hpp"

namespace {

using namespace arrays;
using blocks::check;

template <class T, long... N> void elementwise_of(extents<N...>) {
  constexpr shape s = extents<N...>::value;
  const auto a = make_array<T, N...>(1);
  const auto b = make_array<T, s.extent[0]>(2);
  const auto c = make_array<T, 1, s.extent[1], 1>(3);
  const auto d = make_array<T, 1, 1, s.extent[2]>(4);
  check("broadcast along each axis", [&] { return select(a > 0, a % b + c, d - a) / 4; });
  check("without a whole operand", [&] { return b % c + d; });
}
TEST(maps_on_blocks, broadcast_along_each_axis) {
  elementwise_of<float>(extents<5, 7, 9>{});
  elementwise_of<float>(extents<33, 1, 3>{});
  elementwise_of<double>(extents<1, 16, 40>{});
  elementwise_of<double>(extents<64, 5, 3>{});
}
TEST(maps_on_blocks, of_four_axes) {
  const auto a = make_array<float, 3, 5, 2, 7>(1);
  const auto b = make_array<float, 1, 5, 1, 7>(2);
  check("small", [&] { return a % b - b; });
  const auto c = make_array<double, 12, 9, 8, 10>(3);
  const auto d = make_array<double, 12, 1, 8, 1>(4);
  check("large", [&] { return c % d - d; });
}
TEST(maps_on_blocks, read_what_lies_anywhere) {  // memory that begins where no pack of four may
  const plain_array<float, 40, 9> a(1);
  const plain_array<double, 13, 8> b(2);
  check("of float", [&] { return a() % 2; });
  check("of double", [&] { return b() % 2 + 1; });
  std::vector<std::uint8_t> bytes;
  for (int i = 0; i < 361; ++i) bytes.push_back(std::uint8_t(i * 77 + i / 9));
  std::vector<std::int32_t> integers;
  for (int i = 0; i < 361; ++i) integers.push_back(i * 1003 - 90000);
  const view<unorm8, 36, 10> levels(reinterpret_cast<unorm8 const*>(bytes.data() + 1));
  const view<std::uint8_t, 36, 10> counts(bytes.data() + 1);
  const view<std::int32_t, 36, 10> whole(integers.data() + 1);
  const auto f = make_array<float, 36, 10>(3);
  const auto d = make_array<double, 36, 10>(4);
  check(
      "levels", [&] { return f % levels; }, 4);
  check(
      "counts", [&] { return f + counts; }, 256);
  check(
      "integers, levels, counts and floats in double", [&] { return d + whole % levels + counts % f; }, 1e6);
}

// ---- elements in other places ----------------------------------------------------------------------------

template <class T, long M, long N> void turned(extents<M, N>) {
  const auto a = make_array<T, M, N>(1);
  const auto b = make_array<T, N, M>(2);
  check("transpose + map", [&] { return transpose(a) % 2 + transpose(square(a)); });
  check("transposed and not", [&] { return b - transpose(a) % transpose(a - transpose(square(b))); });
}
TEST(views_on_blocks, of_matrices) {
  turned<float>(extents<37, 65>{});
  turned<float>(extents<64, 48>{});
  turned<double>(extents<12, 1>{});
}
TEST(views_on_blocks, of_three_axes) {
  const auto a = make_array<float, 5, 8, 9>(1);
  check("turned", [&] { return transpose<1, 2, 0>(a); });
  check("turned back", [&] { return transpose<2, 0, 1>(square(a)); });
  const auto big = make_array<double, 16, 11, 24>(2);
  check("large", [&] { return transpose<2, 1, 0>(big) % 2; });
}

template <class T, long... To, long... N> void reshapes(extents<N...>) {
  const auto a = make_array<T, N...>(1);
  constexpr shape to = extents<To...>::value;
  check("of a map", [&] { return reshape<To...>(square(a)) - 1; });
  check(
      "summed", [&] { return sum<0>(reshape<To...>(abs(a))) + reshape<To...>(a); }, double(to.extent[0]));
}
TEST(reshapes_on_blocks, move_elements) {
  reshapes<float, 4, 6>(extents<6, 4>{});
  reshapes<float, 24>(extents<6, 4>{});
  reshapes<double, 35, 18>(extents<5, 7, 18>{});
  reshapes<float, 7, 5, 9, 2>(extents<35, 18>{});
}
TEST(reshapes_on_blocks, that_only_squeeze) {
  reshapes<float, 6, 1, 4>(extents<6, 4>{});
  reshapes<double, 1, 37, 10>(extents<37, 10>{});
}

// ---- shapes and numbers by position ------------------------------------------------------------------------

TEST(maps_on_blocks, of_positions) {
  const auto scores = make_array<float, 10, 33>(1);
  std::vector<std::uint8_t> labels(33);
  for (std::size_t i = 0; i < 33; ++i) labels[i] = std::uint8_t(i % 11);  // 10 names nothing
  const view<std::uint8_t, 33> l(labels.data());
  check("gather", [&] { return gather(scores, l); });
  check(
      "nll", [&] { return nll(scores, l); }, 10);
  const auto like = make_array<double, 20, 9>(2);
  check("random numbers", [&] { return eval(uniform_like(like, 7)) - like; });
}

// ---- states --------------------------------------------------------------------------------------------

using swapped_array = tensor<float, 37, 50>;
/// Each of two arrays becomes the other's old value, one of them added to a sum of both.
struct exchange {
  using argument_tag = exchange;
  static constexpr int first_argument = 0, argument_count = 0;
  using a = parameter<0, swapped_array>;
  using b = parameter<1, swapped_array>;
  using results = mp::mp_list<result<decltype(b{} + sum(a{}))::graph, 0>, result<a::graph, 1>>;
  static constexpr std::array<leaf_info, 2> leaves{knit::detail::leaf_of_array<swapped_array>,
                                                   knit::detail::leaf_of_array<swapped_array>};
};
TEST(states_on_blocks, change_places) {
  const auto a = make_array<float, 37, 50>(1), b = make_array<float, 37, 50>(2);
  const auto moved = [&]<class Backend>(Backend) {
    swapped_array x = a, y = b;
    std::vector<void const*> leaves{x.data(), y.data()};
    typename Backend::template program<exchange>().run(leaves.data(), nullptr);
    std::vector<float> all;
    for (auto const* t : {&x, &y})
      for (long i = 0; i < t->size(); ++i) all.push_back((*t)[i]);
    return all;
  };
  const auto got = blocks::in_all_orders("two states", moved), right = moved(scalar_backend<double>{}),
             few = moved(blocks::few_blocks_on_fibers{});
  for (std::size_t i = 0; i < right.size(); ++i) {
    ASSERT_NEAR(got[i], right[i], 1e-4) << i;
    ASSERT_NEAR(few[i], right[i], 1e-4) << i;
  }
}

}  // namespace
