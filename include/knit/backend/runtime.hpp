// SPDX-License-Identifier: BSL-1.0
// runtime.hpp -- in: a Spec. out: its graph, plan and ops in one type; what a backend gets when it runs.
#pragma once
#include <cstdint>
#include <knit/backend/facts.hpp>
#include <stdexcept>
#include <string>

namespace knit {

/// What the numbers are that products multiply. bf16: of large products of a program of float, where the backend has
/// instructions for it, both are rounded to bf16 as they are read, and the sums are float, as is all that is stored. A Spec
/// says so by `static constexpr auto products = precision::bf16;`; else they are what the program computes in.
enum class precision { full, bf16 };

namespace detail {
/// What backends ask about a program's values. Of is what `flattened` or what follows it gives.
template <class Of> struct program_values {
  using ops = typename Of::ops;
  static constexpr int nodes = Of::value.size, roots = Of::value.root_count;
  static constexpr flat_graph const& graph = Of::value;
  template <int V> static constexpr graph_value value_at = graph_values<Of, V / group_size>[V % group_size];
  template <int V> static constexpr node at = value_at<V>.at;
  template <int V> static constexpr shape extents = value_at<V>.extents;
  template <int V> using op = mp::mp_at_c<ops, std::size_t(op_of(at<V>))>;
};
/// What they ask about all else.
template <class Spec> struct program_facts {
  /// What is computed and stored.
  using number = std::conditional_t<flattened<Spec>::number == element::f64, double, float>;
  static constexpr axis_names names = names_in<Spec>;
  static constexpr precision products = [] {
    if constexpr (requires { Spec::products; }) return Spec::products;
    else return precision::full;
  }();
  static_assert(products == precision::full || std::is_same_v<number, float>,
                "knit: a program with products in bf16 has an array of double, so "
                "it computes in double; make its arrays float, or leave its member products out");
  static constexpr int first_extent = int(Spec::leaves.size());  ///< leaf that is the extent of the first name
};
}  // namespace detail

/// A program's graph at compile time. Spec is a short named type, so that is all that symbols carry.
template <class Spec, bool Simplify = true> struct compiled_graph : detail::program_values<flattened<Spec, Simplify>>,
                                                                    detail::program_facts<Spec> {};
template <class T> struct memory;

/// The cores of a CPU whose registers have so many bytes, as what a plan is for.
template <int Bytes> struct for_registers {
  static constexpr tuning tune{.register_bytes = Bytes};
};
using for_cores = for_registers<64>;

namespace detail {
// Each constant by itself: a compiler gives up after so many operations for one.
template <class Spec, class Target> struct placed_program {
  using flat = flattened<Spec>;
  static constexpr auto placed = place_values<flat::value.size, flat::value.root_count>(flat::value, Target::tune);
  static constexpr bool large = has_large(flat::value, placed.p, Target::tune);
};
/// A program that may have values that are better made again.
template <class Spec, class Target> struct stepped_program : placed_program<Spec, Target> {
  using base = placed_program<Spec, Target>;
  using typename base::flat;
  static constexpr auto stepped = in_steps(flat::value, base::placed, Target::tune);
  static constexpr auto again = find_recomputed(flat::value, stepped, Target::tune);
  static constexpr int values = again.count == 0 ? flat::value.size : copied_values(flat::value, stepped, again).size;
};
template <class Spec, class Target> constexpr bool makes_again() {
  if constexpr (placed_program<Spec, Target>::large) return stepped_program<Spec, Target>::again.count > 0;
  else return false;
}
/// A program whose plan is that of its graph, and one of whose values some are made again.
template <class Spec, class Target, bool Again> struct planned_program : program_values<flattened<Spec>>, program_facts<Spec> {
  using from = placed_program<Spec, Target>;
  static constexpr auto plan = make_plan(from::flat::value, from::placed, Target::tune);
};
template <class Spec, class Target> struct recomputed_program {
  using from = stepped_program<Spec, Target>;
  using ops = typename from::flat::ops;
  static constexpr auto arrays = copied_values(from::flat::value, from::stepped, from::again).template graph<from::values>();
  static constexpr flat_graph value = [] {
    flat_graph g = from::flat::value;
    g.size = from::values, g.at = arrays.at, g.extents = arrays.extents, g.constants = arrays.constants, g.roots = arrays.roots;
    g.seen = arrays.seen, g.arities = arrays.arities;
    return g;
  }();
  static constexpr auto placed = copied_values(from::flat::value, from::stepped, from::again).template placed<from::values>();
};
template <class Spec, class Target> struct planned_program<Spec, Target, true> : program_values<recomputed_program<Spec, Target>>,
                                                                                 program_facts<Spec> {
  using from = recomputed_program<Spec, Target>;
  static constexpr auto plan = finish(from::value, from::placed, Target::tune);
};

/// What backends ask about the plan of a program.
template <class Planned> struct plan_facts : Planned {
  static constexpr int kernels = Planned::plan.kernels, steps = Planned::plan.step_count, regions = Planned::plan.region_count,
                       stores = Planned::plan.store_count;
  static constexpr long arena_floats = Planned::plan.arena_floats, own_floats = Planned::plan.own_floats;
  template <int V> static constexpr plan_value planned_at = plan_values<plan_facts, V / group_size>[V % group_size];
  template <int S> static constexpr plan_step planned_step = plan_steps<plan_facts, S / group_size>[S % group_size];
  template <int S> static constexpr step step_at = planned_step<S>.st;
  template <int R> static constexpr region region_at = plan_regions<plan_facts, R / group_size>[R % group_size];
  template <int S> static constexpr region region_of = region_at<step_at<S>.region>;
  template <int W> static constexpr plan_store store_at = plan_stores<plan_facts, W / group_size>[W % group_size];
};
}  // namespace detail

/// With its plan.
template <class Spec, class Target = for_cores> struct compiled
    : detail::plan_facts<detail::planned_program<Spec, Target, detail::makes_again<Spec, Target>()>> {
  using target = Target;
  using memory = knit::memory<typename compiled::number>;
};

/// The memory of one run: leaves as the program numbers them, the arena, the calling thread's own arena, one
/// place for each output in the order of roots (outputs only; plain, first index fastest). Arenas and outputs hold T,
/// the program's number. And where in the work the thread is: at [lo, hi) of the slab axis, which is in run number
/// `run` of slabs, of which it is the first or not.
template <class T> struct memory {
  void const* const* leaves;
  T* arena;
  T* own;
  void* const* outputs;
  int lo = 0, hi = 0, run = 0;
  bool first = true;
};

/// Bytes from the first element that an array has now to behind its last; extent: what each name's is now.
constexpr std::size_t bytes_now(axis_names const& names, shape const& s, layout lies, element holds, int const* extent) {
  if (!s.named()) return lies.storage(s) * bytes_of(holds);
  std::size_t elements = 1, by = 1;
  for (int q = 0; q < max_rank; ++q) {
    elements += std::size_t((s.name[q] ? extent[names.find(s.name[q])] : s.extent[q]) - 1) * by;
    by *= std::size_t(s.extent[q]);
  }
  return elements * bytes_of(holds);
}

/// What a program is run with: the addresses of its leaves, in order, and the extents that they have now.
template <class Spec> class leaf_list {
 public:
  leaf_list() {
    for (int k = 0; k < names_in<Spec>.size; ++k) at_[Spec::leaves.size() + std::size_t(k)] = extent_ + k;
  }
  leaf_list(leaf_list const&) = delete;

  /// The next leaf: memory without named extents.
  void add(void const* p) { at_[size_++] = p; }
  /// The next leaf: an array, here or on a GPU. Throws std::invalid_argument if one of its named extents is another than an
  /// earlier one's.
  template <class A> requires requires { typename A::extents_type; } void add(A const& a) {
    if constexpr (A::extents_type::named > 0)
      for (int k = 0; k < A::shape.rank; ++k)
        if (A::shape.name[k]) unify(A::shape.name[k], a.extent(k));
    add(a.data());
  }
  /// The next leaf: an array that is written, whose named extents become those of the leaves before it.
  template <array_like A> void add_result(A& a) {
    if constexpr (A::extents_type::named > 0)
      for (int k = 0; k < A::shape.rank; ++k)
        if (A::shape.name[k]) a.resize(k, extent_[names_in<Spec>.find(A::shape.name[k])]);
    add(a.data());
  }
  void const** data() { return at_; }
  /// From the first element of leaf i that there is now to behind its last.
  std::size_t bytes(std::size_t i) const {
    leaf_info const& f = Spec::leaves[i];
    return bytes_now(names_in<Spec>, f.extents, f.lies, f.holds, extent_);
  }

 private:
  void unify(long name, int n) {
    int& now = extent_[names_in<Spec>.find(name)];
    if (now == 0) now = n;
    if (now == n) return;
    char text[detail::name_length + 1]{};
    throw std::invalid_argument(std::string("knit: an axis `") + detail::spell(name, text) + "` has " + std::to_string(n) +
                                " entries here and " + std::to_string(now) + " in another array; axes of one name have one extent");
  }
  void const* at_[leaves_in<Spec>.size() + 1];
  int extent_[names_in<Spec>.size + 1]{};
  std::size_t size_ = 0;
};

/// The extent that axes of a name have now; a leaf tells it. P is a compiled_graph.
template <class P> int extent_now(long name, void const* const* leaves) {
  return *static_cast<std::int32_t const*>(leaves[P::first_extent + P::names.find(name)]);
}
/// The extent of an axis of that name, 0: none, and bound.
template <class P, long Name, class T> int extent_now(memory<T> const& m, int bound) {
  if constexpr (Name == 0) return bound;
  else return extent_now<P>(Name, m.leaves);
}
/// A shape with the extents that it has now.
template <class P> shape shape_now(shape s, void const* const* leaves) {
  for (int q = 0; q < max_rank; ++q)
    if (s.name[q]) s.extent[q] = extent_now<P>(s.name[q], leaves);
  return s;
}

}  // namespace knit
