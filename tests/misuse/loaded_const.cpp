// expect: the model is const, so its parameters cannot be trained or updated; make the model a variable
// page: models and programs: load into a model that is const
// SPDX-License-Identifier: BSL-1.0
#include <knit/knit.hpp>
#include <knit/train/checkpoint.hpp>

using namespace knit;

void use() {
#ifdef KNIT_WRONG
  auto const model = make_chain(make_dense<5, 3>());
#else
  auto model = make_chain(make_dense<5, 3>());
#endif
  load("model.safetensors", model);
}
