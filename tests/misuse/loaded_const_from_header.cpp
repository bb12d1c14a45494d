// expect: the model is const, so its parameters cannot be trained or updated; make the model a variable
// page: models and programs: load from a header into a model that is const
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>
#include <knit/train/save_header.hpp>

using namespace knit;

struct weights {
  static constexpr float w[15]{}, b[3]{};
  template <class F> static constexpr void for_each_parameter(F&& f) {
    f("layers.0.w", w, 3, 5);
    f("layers.0.b", b, 3);
  }
};

void use() {
#ifdef KNIT_WRONG
  auto const model = make_chain(make_dense<5, 3>());
#else
  auto model = make_chain(make_dense<5, 3>());
#endif
  load(weights{}, model);
}
