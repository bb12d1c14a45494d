// The parameters of a model, exactly, for C++17 and later. Needs no other file; written by save_header of knit.
// clang-format off
#pragma once

/// The first index of each array is the fastest. `load(weights{}, model)` puts them into a model of knit.
struct weights {
  alignas(64) static constexpr float inner_layers_0_w[6] = {  // inner.layers.0.w, float 2 x 3
      0x1.99999ap-4f, -0x1.555556p-2f, -0x0p+0f, 0x1.fffffep+127f, 0x1p-126f, 0x1.8p+1f,};
  alignas(64) static constexpr float inner_layers_0_b[2] = {  // inner.layers.0.b, float 2
      0x0.000002p-126f, -0x1.fffffep+23f,};
  alignas(64) static constexpr double d[3] = {  // d, double 3
      0x1.999999999999ap-4, -0x1.5555555555555p-2, 0x0.012688b70e62bp-1022,};
  alignas(64) static constexpr float s[1] = {  // s, float number
      0x1p-1f,};

  /// Calls f(path, array, extents...) for each.
  template <class F> static constexpr void for_each_parameter(F&& f) {
    f("inner.layers.0.w", weights::inner_layers_0_w, 2, 3);
    f("inner.layers.0.b", weights::inner_layers_0_b, 2);
    f("d", weights::d, 3);
    f("s", weights::s);
  }
};
