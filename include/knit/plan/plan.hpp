// SPDX-License-Identifier: BSL-1.0
// plan.hpp -- what a backend executes: kernels of regions of steps over stored values; plain arrays.
#pragma once
#include <knit/graph/flat.hpp>

namespace knit {

/// One stored array: alive from kernel `born` to kernel `dies`, both included.
struct lifetime {
  long floats;
  int born, dies;
  long offset;
};

inline constexpr int contracted_cut = max_rank;  ///< + axis of operand 0: a contraction cut along an axis that it sums over
inline constexpr int partial_axis = -2;  ///< reduced over the slab axis: a part per slab

/// What becomes of a value.
enum class role : unsigned char {
  leaf,      ///< memory of the caller
  constant,  ///< a number
  inlined,   ///< a scalar computed by whoever reads it
  view,      ///< another value in other places
  computed   ///< by a step
};

enum class step_kind : unsigned char {
  map,       ///< elementwise values over one index space, and reductions of them
  contract,  ///< a contraction, with elementwise values on its result as epilogue
  scan,      ///< a scan, along each line in order
  copy       ///< a reshape that is no view: the same elements under other extents
};

/// Has a step of this kind one value, which neither joins those before it nor is joined by others?
constexpr bool is_alone(step_kind k) { return k == step_kind::scan || k == step_kind::copy; }

// No default member initialisers from here to `plan`: g++ 12 forgets those of array elements when it evaluates a
// second plan of the same size, so whoever makes one sets every member.

/// A loop nest over `space`. Its values are nodes [first, last) of plan::order.
struct step {
  step_kind kind;
  shape space;
  int first, last;
  bool reduces[max_rank];  ///< axes of `space` that its reductions sum over, or that its scan goes along
  bool any_reduction;
  bool row;           ///< a row, all of `space` along its lane axis, is in registers at once, and reductions of it are values
  int region;
  int cut;            ///< axis of `space` that the slab cuts
  int lane;           ///< axis of `space` that lies in lanes
};

/// The axis that lies in lanes, if nothing speaks for another: the first that has any extent.
constexpr int lane_axis_of(shape s) {
  for (int q = 0; q < max_rank; ++q)
    if (s.extent[q] > 1) return q;
  return 0;
}

/// Steps done one after the other for each slab of one axis. Slabs do not depend on each other but for sums over
/// the slab axis: those are added up over a run of neighbouring slabs, in order, and leave a part for each run. Runs
/// are what threads share; their number never depends on the number of threads, nor does any result.
struct region {
  int level;
  int extent;   ///< of the slab axis, or the most that it may be; 1: one slab, everything in order
  long name;    ///< of that axis, if its extent is known at run time only, else 0
  int slabs;
  int runs;
  int granule;  ///< slab bounds are multiples of it
  int first, last;  ///< steps
  double flops;
  bool every_thread;  ///< each thread does all of it, for itself
  bool routine;       ///< one product of matrices or convolution, with what may follow it, that a library's routine may do

  constexpr int bound(int slab) const {
    const int units = (extent + granule - 1) / granule;
    const int b = int(long(units) * slab / slabs) * granule;
    return b < extent ? b : extent;
  }
  /// First slab of a run; the last one's end is that of the next.
  constexpr int run_begin(int run) const { return int(long(slabs) * run / runs); }
  /// Extent of the widest slab.
  constexpr int widest() const {
    int w = 0;
    for (int s = 0; s < slabs; ++s)
      if (bound(s + 1) - bound(s) > w) w = bound(s + 1) - bound(s);
    return w;
  }
};

/// Writes a value to an output or a state's memory.
struct store {
  int node, root, step;
};

/// Where a computed value lies in the arena.
struct buffer {
  long offset;  ///< -1: never stored. Memory is counted in numbers that the program computes in: floats, or doubles
  long floats;   ///< of one part
  shape extents;  ///< of what is stored at once: of the value, or of one slab of it
  int leading;   ///< distance of columns
  int beside;    ///< the axis along which numbers lie side by side
  int parts;     ///< sums over the runs of slabs, combined by whoever reads
  bool own;      ///< in memory of each thread's own
  int slab_axis;  ///< only one slab is stored, along this axis; no_axis: all of the value
  int combined_in;  ///< kernel at whose start each thread adds the parts up for itself; -1: who reads them does
  long combined;    ///< where, in its own arena
};

/// Why `reader` is not in `region`, although it reads `read`, which is.
struct refusal {
  enum class reason : unsigned char {
    nothing,      ///< it is
    waits,        ///< it reads `other` too, which is not there yet
    summed,       ///< `read` is a sum over all slabs
    large_parts,  ///< it sums over the axis that is cut, and its parts would be large
    no_parts,     ///< it sums over the axis that is cut, and what it sums does not lie so that a slab could
    reshaped,     ///< its elements lie in other slabs
    scanned,      ///< it goes along the axis that is cut
    two_axes,     ///< `read` and `other` would cut it along different axes
    uncut,        ///< it has no such axis
    heavy,        ///< a second thread saves more than a meeting costs
    follows,      ///< it may wait for what is heavy
    own_copy,     ///< each thread makes `read` for itself
    left,         ///< one of both is left to a routine, which reads and writes whole arrays in memory
    moved         ///< it was there and has moved to its reader
  } why;
  int reader, read, region, other;
  int rival;  ///< extent of an axis along which both would be in one region; 0: none was tried
  double rival_worth, worth, far_bytes;  ///< in flops, of that region and of the one chosen; what the former reads of other cores
};

template <int N, int R> struct plan {
  role roles[N]{};
  int level[N]{};  ///< of the kernel that computes the value
  int step_of[N]{};
  int slab_axis[N]{};  ///< which of the value's axes is cut into slabs
  int cut_axis[N]{};  ///< the same, of the space that its step walks (for a reduction, its operand's axes)
  int lane[N]{};  ///< axis of that space that lies in lanes
  bool again[N]{};  ///< a copy of a value of another step, which costs less than to store that
  bool in_row[N]{};  ///< a reduction of rows that are in registers at once: its step goes on with it
  buffer buffers[N]{};
  int order[N]{};  ///< values in the order of steps
  step steps[N + 2 * R]{};
  int step_count = 0;
  region regions[N + 2 * R]{};
  int region_count = 0;
  refusal refusals[N]{};  ///< for people only, and as many as there is room for
  int refusal_count = 0;
  store stores[2 * R]{};
  int store_count = 0;
  int kernels = 0;  ///< phases between which all threads meet
  long arena_floats = 0;
  long own_floats = 0;  ///< of each thread's own arena
  double flops = 0;
  bool parallel = false;
  element number = element::f32;  ///< what is computed and stored

  /// Every member of every element by hand: nvcc's front end takes those of elements with a shape for uninitialised.
  constexpr plan() {
    for (buffer& b : buffers) b = buffer{-1, 0, shape{}, 0, 0, 1, false, no_axis, -1, 0};
    for (step& t : steps) t = step{step_kind::map, shape{}, 0, 0, {}, false, false, 0, no_axis, 0};
  }
  constexpr int add_region(int at_level) {
    region& c = regions[region_count];
    c.level = at_level;
    c.extent = c.slabs = c.runs = c.granule = 1;
    c.name = 0;
    c.first = c.last = step_count;
    c.flops = 0;
    c.every_thread = c.routine = false;
    return region_count++;
  }
  constexpr int add_step(step_kind what, shape space, int region, int cut, int in_lanes) {
    step& t = steps[step_count];
    t.kind = what;
    t.space = space;
    t.region = region;
    t.row = false;
    t.cut = cut;
    t.lane = in_lanes;
    return step_count++;
  }

  constexpr long bytes(long numbers) const { return numbers * long(bytes_of(number)); }
  constexpr long arena_bytes() const { return bytes(arena_floats); }
};

// ---- reading a value through views ---------------------------------------------------------------------

/// The very elements of a value, in place.
constexpr bool is_pointwise(flat_graph const& g, access const& a, shape space) {
  if (a.sampled || !same_extents(g.extents[a.node], space)) return false;
  for (int q = 0; q < max_rank; ++q)
    if (space.extent[q] > 1 && a.axis[q] != q) return false;
  return true;
}

/// The very row: what one row of a space is reduced to, read at all of it.
constexpr bool is_rowwise(flat_graph const& g, access const& a, shape space, int lane) {
  space.drop_axis(lane);
  return is_pointwise(g, a, space) && a.axis[lane] == no_axis;
}

/// Axis of operand k of a contraction that carries the letter, or no_axis.
constexpr int axis_of_letter(op_info const& f, int k, char letter) {
  for (int i = 0; f.labels[k][i]; ++i)
    if (f.labels[k][i] == letter) return i;
  return no_axis;
}

/// Does the place in operand k of a contraction depend on the letter: is it one of its axes, or does one slide along it?
constexpr bool carries(op_info const& f, int k, char letter) {
  if (f.slides && k == 1)
    for (int q = 0; q < sliding_axes; ++q)
      if (letter == f.labels[2][q] || letter == f.labels[0][q]) return true;
  return axis_of_letter(f, k, letter) != no_axis;
}

/// Terms of a product whose operands may have to be packed: what is packed stands on the stack.
inline constexpr int longest_packed = 1 << 13;

/// How a contraction is done as a product of matrices: the letter of its rows, axis `lane` of the result, which only
/// operand `side` has, that of its columns, which only the other has, and that of the terms it adds. All other letters
/// are loops around that. '\0': none; without rows it is no such product.
struct product_letters {
  char rows, columns, terms;
  int side;
};
constexpr product_letters product_of(flat_graph const& g, int v, int lane) {
  op_info const& f = g.info(v);
  auto in = [&](int k, char letter) { return k == 2 ? axis_of_letter(f, 2, letter) != no_axis : carries(f, k, letter); };
  product_letters p{'\0', '\0', '\0', 0};
  if (g.extents[v].extent[lane] > 1) p.rows = f.labels[2][lane];
  if (p.rows && in(0, p.rows) == in(1, p.rows)) p.rows = '\0';
  // What slides along more terms than there are rows (the gradient of a filter) has lanes along the terms.
  if (f.slides && g.extents[g.operand(v, 0)].extent[0] > g.extents[v].extent[0]) p.rows = '\0';
  p.side = p.rows && in(1, p.rows) ? 1 : 0;
  // Of several letters the first that keeps the multipliers busy, else the longest.
  constexpr int busy = 8;
  int columns = 1, terms = 1;
  for (int q = 0; f.labels[2][q]; ++q) {
    const int n = g.extents[v].extent[q];
    if (p.rows && columns < busy && n > columns && !in(p.side, f.labels[2][q])) p.columns = f.labels[2][q], columns = n;
  }
  for (int q = 0; f.labels[0][q]; ++q) {
    const int n = g.extents[g.operand(v, 0)].extent[q];
    if (terms < busy && n > terms && !in(2, f.labels[0][q])) p.terms = f.labels[0][q], terms = n;
  }
  return p;
}

/// The axis of v that axis `base_axis` of operand k (resolved as a) falls on; no_axis if on none. For a
/// reduction these are axes of the operand.
constexpr int axis_in_user(flat_graph const& g, int v, int k, access const& a, int base_axis) {
  op_info const& f = g.info(v);
  for (int q = 0; q < max_rank; ++q) {
    if (a.axis[q] != base_axis) continue;
    if (f.what != kind::contract) return q;
    return f.labels[k][q] ? axis_of_letter(f, 2, f.labels[k][q]) : no_axis;
  }
  return no_axis;
}

/// The index space that a value is computed over: a reduction's is its operand's.
constexpr shape space_of(flat_graph const& g, int v) {
  return g.info(v).what == kind::reduce || g.info(v).what == kind::view ? g.extents[g.operand(v, 0)] : g.extents[v];
}

/// The axis of `to` that axis q of `from` is after a reshape: it has the same extent, and neighbours along it are as many elements
/// apart. no_axis: there is none.
constexpr int axis_kept(shape from, int q, shape to) {
  if (from.extent[q] == 1) return no_axis;
  long apart = 1, apart_there = 1;
  for (int i = 0; i < q; ++i) apart *= from.extent[i];
  for (int x = 0; x < max_rank; apart_there *= to.extent[x++])
    if (apart_there == apart && same_axis(from, q, to, x)) return x;
  return no_axis;
}

constexpr double flops_of(flat_graph const& g, int v) {
  if (!g.is_op(v)) return 0;
  op_info const& f = g.info(v);
  if (f.what == kind::contract) {
    double n = 2.0 * double(g.extents[v].size());
    for (int i = 0; f.labels[0][i]; ++i)
      if (axis_of_letter(f, 2, f.labels[0][i]) == no_axis) n *= g.extents[g.operand(v, 0)].extent[i];
    return n;
  }
  if (f.what == kind::reduce) return double(g.extents[g.operand(v, 0)].size());
  return f.what == kind::view ? 0 : double(f.flops) * double(g.extents[v].size());
}

}  // namespace knit
